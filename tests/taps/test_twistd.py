"""Under twistd: nothing collides, standard output stays free, and what was said is respected."""

from pathlib import Path
from typing import Any

import pytest
from twisted.application.service import Application
from twisted.logger import ILogObserver
from twisted.python.reflect import namedAny

from chatd import logs
from tests.fakes import FakeUdpReactor
from tests.taps.roles import twistd

SERVER = "chatserver --ifaddrs 127.0.0.1/8"
CLIENT = "chatclient --ifaddrs 127.0.0.1/8"


def test_the_options_after_the_role_are_chatds() -> None:
    options = twistd(
        "-n chatserver --ifaddrs 127.0.0.1/8 127.0.0.2/8 --timeout 21 --slots 9 --id work"
    )
    assert options.subCommand == "chatserver"
    assert [str(each) for each in options.subOptions.known_subnets] == [
        "127.0.0.1/8",
        "127.0.0.2/8",
    ]
    assert options.subOptions["id"] == "work"


def test_the_clients_own_n_is_the_nickname() -> None:
    options = twistd(f"-n {CLIENT} --server party -n ice")
    assert options.subOptions["nickname"] == "ice"


def observer(options: Any) -> Any:
    """What the role tells twistd to log to."""
    application = Application("chatd")
    maker = options.loadedPlugins[options.subCommand]
    program = namedAny(maker.module).makeService(options.subOptions, FakeUdpReactor())
    program.setServiceParent(application)
    return ILogObserver(application, None)


@pytest.mark.parametrize("role", [SERVER, CLIENT])
def test_in_the_foreground_there_is_no_pidfile_and_the_log_is_ours(role: str) -> None:
    options = twistd(f"-n {role}")
    assert not options["pidfile"]
    assert observer(options) is not None


@pytest.mark.parametrize("role", [SERVER, CLIENT])
def test_in_the_foreground_a_pidfile_that_was_named_is_kept(role: str) -> None:
    assert twistd(f"-n --pidfile mine.pid {role}")["pidfile"].endswith("/mine.pid")


@pytest.mark.parametrize("given", ["--logfile mine.log", "--syslog"])
@pytest.mark.parametrize("role", [SERVER, CLIENT])
def test_in_the_foreground_a_log_that_was_named_is_kept(role: str, given: str) -> None:
    assert observer(twistd(f"-n {given} {role}")) is None


@pytest.mark.parametrize("role", [SERVER, CLIENT])
def test_a_logger_that_was_named_is_kept(role: str) -> None:
    assert twistd(f"-n --logger chatd.logs.observer {role}")["logger"] is logs.observer


def test_a_server_may_be_a_daemon_with_the_pidfile_and_log_of_twistd() -> None:
    options = twistd(SERVER)
    assert options["pidfile"].endswith("/twistd.pid")
    assert observer(options) is None


def test_a_daemon_logs_to_the_log_file_that_was_named(tmp_path: Path) -> None:
    options = twistd(f"{SERVER} --log-file {tmp_path / 'chat.log'}")
    assert observer(options) is not None
    options.subOptions._log_file.close()


def test_a_client_refuses_to_be_a_daemon_in_one_line_with_a_reason() -> None:
    with pytest.raises(SystemExit) as ended:
        twistd(CLIENT)
    told = ended.value.code
    assert isinstance(told, str)
    assert len(told.splitlines()) == 1
    assert "daemon" in told
    assert "twistd -n chatclient" in told


@pytest.mark.parametrize("role", ["chatserver", "chatclient"])
def test_a_bad_value_is_one_line_under_twistd_as_well(role: str) -> None:
    with pytest.raises(SystemExit) as ended:
        twistd(f"-n {role} --ifaddrs 127.0.0.1")
    told = ended.value.code
    assert isinstance(told, str)
    assert told.startswith(f"{role}: --ifaddrs: '127.0.0.1' has no prefix")
    assert len(told.splitlines()) == 1
