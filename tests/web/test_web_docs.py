"""docs/reference/web.rst names every path and every error."""

import re
from pathlib import Path

from chatd.web.messages import STATUS
from chatd.web.routes import ROUTES

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "web.rst").read_text()


def test_the_documented_errors_are_those_of_the_code() -> None:
    rows = re.findall(r"^``([a-z-]+)`` +(\d{3}) +\S", PAGE, re.MULTILINE)
    assert {code: int(status) for code, status in rows} == STATUS


def test_every_path_is_documented() -> None:
    paths = re.findall(r"^``(/[A-Za-z/]*)`` +\S", PAGE, re.MULTILINE)
    assert set(paths) == {
        "/",
        "/static/NAME",
        "/dist/",
        "/files/",
        "/api/invite",
        "/socket",
        *ROUTES,
    }
