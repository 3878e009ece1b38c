"""Where the user of the machine reads the host code: on the terminal, or in a file of their own."""

import os
import stat
from pathlib import Path

import pytest
from twisted.logger import LogLevel

from chatd.state_directory import state_directory
from chatd.taps import host_code, server
from chatd.taps.host_code import HostCodeFile, host_code_path
from tests.fakes import log_lines
from tests.taps.command_lines import parse

CODE = "k7xp-m2qa"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("", "class%2F9.host-code"),
        ("--store none", "class%2F9.host-code"),
        ("--store {}/chats/nine.db", "chats/nine.db.host-code"),
    ],
)
def test_the_file_is_beside_that_of_the_chat(line: str, name: str, tmp_path: Path) -> None:
    options = parse(server.Options(), f"127.0.0.1 {line.format(tmp_path)}")
    environment = {"HOME": str(tmp_path / "home")}
    directory = tmp_path if "chats" in name else state_directory(environment)
    assert host_code_path(options, "class/9", environment) == directory / name


def test_the_file_is_for_its_user_alone_and_there_while_the_server_runs(tmp_path: Path) -> None:
    path = tmp_path / "state" / "party.host-code"
    service = HostCodeFile(path, CODE)
    with log_lines(LogLevel.debug) as lines:
        service.startService()
        assert path.read_text() == f"{CODE}\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        service.stopService()
    assert not path.exists()
    assert [line for line in lines if str(path) in line]
    assert not [line for line in lines if CODE in line]


def test_a_file_that_is_there_with_a_mode_of_its_own_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "party.host-code"
    path.write_text("old\n")
    path.chmod(0o644)
    HostCodeFile(path, CODE).startService()
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (f"{CODE}\n", 0o600)


def test_where_the_file_cannot_be_written_the_server_says_so_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    service = HostCodeFile(tmp_path / "file" / "party.host-code", CODE)
    with log_lines(LogLevel.warn) as lines:
        service.startService()
        service.stopService()
    [line] = lines
    assert "nobody can become a host by a code" in line
    assert CODE not in line


def test_without_a_home_directory_there_is_no_place_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_home(store_id: str, environment: object) -> Path:
        raise RuntimeError("the user has no home directory")

    monkeypatch.setattr(host_code, "chat_path", no_home)
    options = parse(server.Options(), "127.0.0.1")
    assert host_code_path(options, "party", os.environ) is None
