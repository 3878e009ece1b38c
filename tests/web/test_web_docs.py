"""docs/web.rst says what is true."""

import re
from pathlib import Path

import pytest

from chatd.chat import limits
from chatd.web.messages import STATUS
from chatd.web.routes import ROUTES

PAGE = (Path(__file__).parents[2] / "docs" / "web.rst").read_text()
ONE_LINE = " ".join(PAGE.split())


def test_the_table_of_errors_is_the_table_of_the_code() -> None:
    rows = re.findall(r"^``([a-z-]+)`` +(\d{3}) +\S", PAGE, re.MULTILINE)
    assert {code: int(status) for code, status in rows} == STATUS


def test_every_path_is_explained() -> None:
    paths = re.findall(r"^``(/[A-Za-z/]*)`` +\S", PAGE, re.MULTILINE)
    assert set(paths) == {"/", "/static/NAME", *ROUTES}


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("answering has 2", limits.PAGE_TURN_MILLISECONDS),
        ("An answer has 256", limits.REPLY_BYTES // 1_024),
        ("limit`` is from 1 to 1,000", limits.HISTORY_MESSAGES),
        ("(50", limits.HISTORY_REPLY_MESSAGES),
        ("was not complete within 5", limits.FIRST_LINE_TIMEOUT_SECONDS),
        ("headers have more than 16,384", limits.HTTP_HEAD_BYTES),
        ("503 128", limits.UNREGISTERED_CONNECTIONS),
        ("without a word: 256", limits.HTTP_CONNECTIONS),
        ("WebSockets too, 64", limits.ADDRESS_PAGE_CONNECTIONS),
        ("there is room for 128", limits.UNREGISTERED_CONNECTIONS),
        ("yet (``too-many-connections``), for 256", limits.WATCHERS),
        ("all of the 256", limits.HTTP_CONNECTIONS),
        ("not read within 57", limits.DEAD_PEER_SECONDS),
        ("does so within 5", limits.FIRST_LINE_TIMEOUT_SECONDS),
        ("is full, and has 60", limits.REGISTRATION_SECONDS),
        ("it has at most 65,536", limits.LINE_BYTES),
        ("Within 2", limits.SHUTDOWN_SECONDS),
        ("slowly that 1", limits.OUTBOUND_BYTES // 1_048_576),
    ],
)
def test_the_page_names_the_limit(words: str, limit: int) -> None:
    assert words in ONE_LINE
    assert re.findall(r"[\d,]*\d", words)[-1] == f"{limit:,}"
