"""The options of the log, which nearly all commands have."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import Logger

from chatd.logfile import KEEP_FILES
from chatd.taps import server
from tests.fakes import far_east
from tests.taps.command_lines import COMMANDS, close_log, error_message, parse, twistd


def log_sentences(options: Any, *sentences: str) -> None:
    """Log each sentence as the command would, and close the log."""
    log = Logger("test", observer=options.observer())
    for sentence in sentences:
        log.info("{sentence}", sentence=sentence)
    close_log(options)


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("log-rotate", ["", "noon", "W7", "0h", "10k", "10MB", "6", "-1h", "1.5h"]),
        ("log-keep", ["", "0", "-1", "1001", "all", "1.5"]),
    ],
)
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_bad_value_is_one_line_and_creates_no_file(
    command: str, option: str, values: list[str], tmp_path: Path
) -> None:
    for value in values:
        message = error_message(command, f"--log-file {tmp_path / 'chat.log'} --{option}='{value}'")
        assert f"--{option}: {value!r}" in message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_standard_error_cannot_be_rotated(command: str) -> None:
    message = error_message(command, "--log-rotate midnight")
    assert message.endswith(": --log-rotate: needs --log-file")


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_only_a_regular_file_can_be_rotated(command: str) -> None:
    message = error_message(command, "--log-file /dev/null --log-rotate midnight")
    assert "--log-file: '/dev/null'" in message


@pytest.mark.parametrize("value", ["midnight", "30m", "6h", "7d", "W0", "W6", "500K", "10M", "1G"])
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_each_kind_of_rotation_is_accepted(command: str, value: str, tmp_path: Path) -> None:
    options = parse(COMMANDS[command](), f"--log-file {tmp_path / 'chat.log'} --log-rotate {value}")
    close_log(options)


@pytest.mark.parametrize(("option", "kept"), [("", KEEP_FILES), ("--log-keep 2", 2)])
def test_log_keep_limits_the_old_files(option: str, kept: int, tmp_path: Path) -> None:
    path = tmp_path / "chat.log"
    options = parse(server.Options(), f"--log-file {path} --log-rotate 1K {option}")
    log_sentences(options, *[f"{number} {'x' * 1_000}" for number in range(12)])
    old_files = sorted(each.name for each in tmp_path.iterdir() if each != path)
    assert old_files == [f"chat.log.{number + 1}" for number in range(kept)]
    assert "11 x" in path.read_text()
    assert "10 x" in (tmp_path / "chat.log.1").read_text()


@pytest.mark.parametrize("command", sorted(COMMANDS))
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_times_can_be_in_utc(command: str, log_format: str, tmp_path: Path) -> None:
    path = tmp_path / "chat.log"
    options = parse(
        COMMANDS[command](),
        f"--log-utc --log-file {path} --log-format {log_format} --log-level info",
    )
    with far_east():
        log_sentences(options, "hello")
    [line] = path.read_text().splitlines()
    when = json.loads(line)["time"] if log_format == "json" else line.split()[0]
    assert when.endswith("+00:00")


@pytest.mark.parametrize("option", ["", "--log-utc"])
def test_midnight_can_be_in_utc(option: str, tmp_path: Path) -> None:
    path = tmp_path / "chat.log"
    path.write_text("before\n")
    day, ahead, now = 86_400, 13 * 3_600, time.time()
    midnights = {"--log-utc": now // day * day, "": (now + ahead) // day * day - ahead}
    latest = max(midnights, key=lambda each: midnights[each])
    os.utime(path, (midnights[latest] - 1,) * 2)
    with far_east():
        options = parse(server.Options(), f"--log-file {path} --log-rotate midnight {option}")
        log_sentences(options, "after")
    assert (tmp_path / "chat.log.1").exists() == (option == latest)


def test_under_twistd_the_log_is_rotated(tmp_path: Path) -> None:
    path = tmp_path / "chat.log"
    options = twistd(
        f"-n chatserver --ifaddrs 127.0.0.1/8 --log-file {path} --log-rotate 1K --log-keep 1"
    ).subOptions
    log = Logger("test", observer=options.twistd_observer)
    for number in range(3):
        log.info("{number} {filler}", number=number, filler="x" * 1_000)
    close_log(options)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["chat.log", "chat.log.1"]
