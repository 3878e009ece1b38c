"""docs/explanation/security.rst: each promise names tests, and they exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "explanation" / "security.rst").read_text(encoding="utf-8")

#: The section of the promises.
PROMISES = PAGE.partition("\nWhat chatd promises\n")[2].partition(
    "\nWhat chatd does not promise\n"
)[0]
NAMED = re.findall(r"``(tests/[\w/]+\.py)::(\w+)``", PROMISES)


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_every_test_that_a_promise_names_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, functions)}


def test_each_promise_names_a_test() -> None:
    promises = re.findall(r"^\*(?:.+\n)+", PROMISES, re.MULTILINE)
    assert len(promises) > 15
    with_tests = re.findall(
        r"^\*(?:.+\n)+\n\.\. container:: tests\n\n   ``tests/", PROMISES, re.MULTILINE
    )
    assert len(with_tests) == len(promises)


def test_the_security_policy_and_the_page_link_to_each_other() -> None:
    assert "``SECURITY.rst``" in PAGE
    assert "<docs/explanation/security.rst>" in (ROOT / "SECURITY.rst").read_text("utf-8")
