"""The options of ``chatd launch``: those of a server, and of its clients."""

import pytest

from chatd.taps import launch
from tests.taps.command_lines import error_message, parse


def test_by_default_two_clients_are_at_a_party() -> None:
    options = parse(launch.Options(), "--ifaddrs 127.0.0.1/8")
    assert (options["id"], options["clients"]) == ("party", 2)


def test_the_nickname_is_the_login_name_unless_another_one_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOGNAME", "zoe")
    assert parse(launch.Options(), "").nickname == "zoe"
    assert parse(launch.Options(), "-n ice").nickname == "ice"


def test_more_clients_than_slots_are_refused_naming_both() -> None:
    message = error_message("launch", "--clients 3 --slots 2")
    assert "--clients: 3" in message
    assert "--slots: 2" in message


def test_launch_has_the_options_of_a_server() -> None:
    options = parse(launch.Options(), "--clients 3 --slots 3 --timeout 5 --port 5555")
    assert (options["slots"], options["timeout"], options["port"]) == (3, 5, 5555)
