"""The options of a launch: a server's, and how many clients come to it."""

import pytest

from chatd.taps import launch
from tests.taps.roles import parse, refusal


def test_it_is_a_party_of_two_unless_something_else_is_said() -> None:
    read = parse(launch.Options(), "--ifaddrs 127.0.0.1/8")
    assert (read["id"], read["clients"]) == ("party", 2)


def test_your_nickname_is_your_login_name_unless_you_say_another_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOGNAME", "zoe")
    assert parse(launch.Options(), "").nickname == "zoe"
    assert parse(launch.Options(), "-n ice").nickname == "ice"


def test_a_login_name_that_cannot_be_a_nickname_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOGNAME", "zoe@example.org")
    assert "--nickname" in refusal("launch", "")


def test_more_clients_than_slots_are_refused_and_both_are_named() -> None:
    told = refusal("launch", "--clients 3 --slots 2")
    assert "--clients: 3" in told
    assert "--slots: 2" in told


def test_it_takes_the_options_of_a_server() -> None:
    read = parse(launch.Options(), "--clients 3 --slots 3 --timeout 5 --port 5555")
    assert (read["slots"], read["timeout"], read["port"]) == (3, 5, 5555)
