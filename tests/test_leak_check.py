"""A failure that a test leaves behind fails that test, and no other."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

LEAVING = """
import socket

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail


class Owner:
    '''Something that refers to itself: only the garbage collector finds it.'''

    def __init__(self, failing: bool) -> None:
        self.itself = self
        self.deferred = fail(ValueError("unhandled")) if failing else Deferred()


@pytest.fixture
def owner() -> Owner:
    return Owner(failing=True)


@pytest.fixture(scope="module")
def shared() -> Owner:
    return Owner(failing=False)


def test_before(): pass
def test_leaves_a_failure(): Owner(failing=True)
def test_between(): pass
def test_leaves_a_socket():
    connection = socket.socket()
    owner = [connection]
    owner.append(owner)
def test_leaves_one_in_its_fixture(owner): pass
def test_leaves_a_call(): reactor.callLater(600, print)
def test_makes_what_is_shared(shared): pass
def test_last(shared): shared.deferred.errback(ValueError("unhandled"))
"""


def test_a_test_that_leaves_something_behind_fails_alone(tmp_path: Path) -> None:
    path = tmp_path / "test_leaving.py"
    path.write_text(LEAVING)
    pytest = (
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
    )
    options = ("-q", "--tb=line", "-c", ROOT / "pyproject.toml", "--rootdir", tmp_path)
    done = subprocess.run(
        [*pytest, *options, path], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert re.findall("ERROR at teardown of (test_[a-z_]+)", done.stdout) == [
        "test_leaves_a_failure",
        "test_leaves_a_socket",
        "test_leaves_one_in_its_fixture",
        "test_leaves_a_call",
        "test_last",
    ], done.stdout
