"""Errors of a log file: none is raised, and each is reported once."""

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatd.logfile import LogFile, parse_rotation
from tests.logfile.fixtures import Log, MakeLog


@contextmanager
def limited(resource_type: int, limit: int) -> Iterator[None]:
    """The operating system limits this process to `limit` of a resource."""
    before = resource.getrlimit(resource_type)
    resource.setrlimit(resource_type, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource_type, before)


def next_day(log: Log) -> None:
    log.seconds += 86_400


def test_if_the_file_cannot_be_renamed_logging_continues_and_reports_it_once(
    tmp_path: Path, make_log: MakeLog
) -> None:
    log = make_log("midnight", keep=1)
    in_the_way = tmp_path / "chat.log.1"
    (in_the_way / "something").mkdir(parents=True)
    log.write("one")
    for line in ("two", "three", "four"):
        next_day(log)
        log.write(line)
    assert log.lines() == ["one", "two", "three", "four"]
    [report] = log.reports
    assert str(log.path) in report
    assert "cannot be reopened" in report

    shutil.rmtree(in_the_way)
    next_day(log)
    log.write("five")
    assert (log.lines(1), log.lines()) == (["one", "two", "three", "four"], ["five"])


def test_after_a_success_the_next_error_is_reported(tmp_path: Path, make_log: MakeLog) -> None:
    log = make_log("midnight", keep=1)
    in_the_way = tmp_path / "chat.log.1"
    for _ in range(2):
        (in_the_way / "something").mkdir(parents=True)
        log.write("one")
        next_day(log)
        log.write("two")
        shutil.rmtree(in_the_way)
        next_day(log)
        log.write("three")
        in_the_way.unlink()
    assert len(log.reports) == 2


def test_a_failed_rotation_by_size_is_not_tried_with_every_line(
    tmp_path: Path, make_log: MakeLog
) -> None:
    log = make_log("1K", keep=1)
    in_the_way = tmp_path / "chat.log.1"
    (in_the_way / "something").mkdir(parents=True)
    log.write("x" * 1_000, "y" * 100)
    shutil.rmtree(in_the_way)
    log.write("z")
    assert log.old() == []
    log.write("x" * 1_000)
    assert log.lines(1) == ["x" * 1_000, "y" * 100, "z"]
    assert log.lines() == ["x" * 1_000]


@pytest.mark.parametrize("value", ["midnight", "1K"])
def test_a_removed_directory_raises_nothing_and_may_come_back(
    value: str, tmp_path: Path, make_log: MakeLog
) -> None:
    directory = tmp_path / "logs"
    directory.mkdir()
    log = make_log(value, directory)
    shutil.rmtree(directory)
    for _ in range(5):
        log.write("x" * 1_000)
        next_day(log)
    assert len(log.reports) == 1
    directory.mkdir()
    for _ in range(2):
        log.write("y" * 1_000)
        next_day(log)
    assert log.lines() == ["y" * 1_000]
    assert len(log.reports) == 1


@pytest.mark.parametrize("value", [None, "midnight", "1K"])
def test_a_removed_file_is_created_again_with_the_next_line(
    value: str | None, make_log: MakeLog
) -> None:
    log = make_log(value)
    log.write("one")
    log.path.unlink()
    log.write("two", "three")
    assert log.lines() == ["two", "three"]
    assert log.reports == []


def test_a_file_that_another_program_renamed_is_left_and_a_new_one_created(
    tmp_path: Path, make_log: MakeLog
) -> None:
    log = make_log()
    log.write("one")
    log.path.rename(tmp_path / "chat.log.old")
    log.path.write_text("somebody else's\n")
    log.write("two")
    assert (tmp_path / "chat.log.old").read_text() == "one\n"
    assert log.lines() == ["somebody else's", "two"]


def test_repeated_attempts_lose_no_old_file(make_log: MakeLog) -> None:
    log = make_log("midnight", keep=5)
    for line in ("one", "two", "three"):
        log.write(line)
        next_day(log)
    with limited(resource.RLIMIT_NOFILE, 0):
        for line in ("four", "five", "six", "seven"):
            log.write(line)
            next_day(log)
    [report] = log.reports
    assert "Too many open files" in report
    log.write("eight")
    kept = [log.lines(int(number)) for number in reversed(log.old())]
    written = ["one", "two", "three", "four", "five", "six", "seven"]
    assert [line for lines in kept for line in lines] == written
    assert log.lines() == ["eight"]


def test_if_no_new_file_can_be_opened_the_old_one_keeps_its_name(make_log: MakeLog) -> None:
    log = make_log("midnight")
    log.write("one")
    next_day(log)
    with limited(resource.RLIMIT_NOFILE, 0):
        log.write("two")
    assert log.lines() == ["one", "two"]
    assert log.old() == []


def test_a_full_disk_raises_nothing_and_is_reported_once() -> None:
    report: list[str] = []
    file = LogFile(Path("/dev/full"), notify=report.append)
    for _ in range(3):
        file.write("a line\n")
    file.close()
    [sentence] = report
    assert "/dev/full cannot be written: No space left on device" in sentence


def test_a_truncated_line_does_not_spoil_the_next(make_log: MakeLog) -> None:
    log = make_log()
    with limited(resource.RLIMIT_FSIZE, 10):
        log.write("123456789abcdef", "lost")
    log.write("whole")
    assert log.lines() == ["123456789a", "whole"]
    assert len(log.reports) == 1


def test_half_of_a_surrogate_pair_can_be_written(make_log: MakeLog) -> None:
    log = make_log()
    log.write("ice \ud83d")
    assert log.lines() == ["ice \\ud83d"]


def test_only_a_regular_file_can_be_rotated() -> None:
    with pytest.raises(ValueError, match="not a regular file"):
        LogFile(Path("/dev/null"), parse_rotation("midnight"))
    LogFile(Path("/dev/null")).close()


def test_a_file_that_cannot_be_opened_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LogFile(tmp_path / "nowhere" / "chat.log")


def test_errors_are_reported_on_standard_error(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = LogFile(Path("/dev/full"))
    file.write("a line\n")
    file.close()
    shown = capfd.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
