"""Under twistd: several programs in one folder, a free standard output, and twistd's options."""

from pathlib import Path
from typing import Any

import pytest
from twisted.application.service import Application
from twisted.logger import ILogObserver
from twisted.python.reflect import namedAny

from chatd import logs
from tests.fakes import FakeUdpReactor
from tests.taps.command_lines import close_log, twistd

SERVER = "chatserver --ifaddrs 127.0.0.1/8"
CLIENT = "chatclient --ifaddrs 127.0.0.1/8"


def test_options_after_the_command_belong_to_chatd() -> None:
    options = twistd(
        "-n chatserver --ifaddrs 127.0.0.1/8 127.0.0.2/8 --timeout 21 --slots 9 --id work"
    )
    assert options.subCommand == "chatserver"
    assert [str(each) for each in options.subOptions.known_subnets] == [
        "127.0.0.1/8",
        "127.0.0.2/8",
    ]
    assert options.subOptions["id"] == "work"


def test_n_after_chatclient_is_the_nickname() -> None:
    options = twistd(f"-n {CLIENT} --server party -n ice")
    assert options.subOptions["nickname"] == "ice"


def observer(options: Any) -> Any:
    """Where the command has twistd log to; None for twistd's own choice."""
    application = Application("chatd")
    maker = options.loadedPlugins[options.subCommand]
    program = namedAny(maker.module).makeService(options.subOptions, FakeUdpReactor())
    program.setServiceParent(application)
    return ILogObserver(application, None)


@pytest.mark.parametrize("command", [SERVER, CLIENT])
def test_in_the_foreground_there_is_no_pidfile_and_chatd_logs(command: str) -> None:
    options = twistd(f"-n {command}")
    assert not options["pidfile"]
    assert observer(options) is not None


@pytest.mark.parametrize("command", [SERVER, CLIENT])
def test_in_the_foreground_a_given_pidfile_is_kept(command: str) -> None:
    assert twistd(f"-n --pidfile mine.pid {command}")["pidfile"].endswith("/mine.pid")


@pytest.mark.parametrize("option", ["--logfile mine.log", "--syslog"])
@pytest.mark.parametrize("command", [SERVER, CLIENT])
def test_in_the_foreground_a_given_log_is_kept(command: str, option: str) -> None:
    assert observer(twistd(f"-n {option} {command}")) is None


@pytest.mark.parametrize("command", [SERVER, CLIENT])
def test_a_given_logger_is_kept(command: str) -> None:
    assert twistd(f"-n --logger chatd.logs.observer {command}")["logger"] is logs.observer


def test_a_daemon_has_the_pidfile_and_log_of_twistd() -> None:
    options = twistd(SERVER)
    assert options["pidfile"].endswith("/twistd.pid")
    assert observer(options) is None


def test_a_daemon_logs_to_a_given_log_file(tmp_path: Path) -> None:
    options = twistd(f"{SERVER} --log-file {tmp_path / 'chat.log'}")
    assert observer(options) is not None
    close_log(options.subOptions)


def test_a_client_cannot_be_a_daemon() -> None:
    with pytest.raises(SystemExit) as ended:
        twistd(CLIENT)
    message = ended.value.code
    assert isinstance(message, str)
    assert len(message.splitlines()) == 1
    assert "daemon" in message
    assert "twistd -n chatclient" in message


@pytest.mark.parametrize("command", ["chatserver", "chatclient"])
def test_under_twistd_a_bad_value_is_one_line(command: str) -> None:
    with pytest.raises(SystemExit) as ended:
        twistd(f"-n {command} --ifaddrs 127.0.0.1/x")
    message = ended.value.code
    assert isinstance(message, str)
    assert message.startswith(f"twistd {command}: --ifaddrs: '127.0.0.1/x' is not an address")
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("command", ["chatserver", "chatclient"])
def test_under_twistd_a_short_option_shows_the_help(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        twistd(f"-n {command} -h")
    assert not ended.value.code
    assert f"{command} [options]" in capsys.readouterr().out.splitlines()[0]
