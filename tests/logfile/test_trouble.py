"""What can go wrong with a log file: it stops nothing, and is said once."""

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatd.logfile import LogFile, parse_rotation
from tests.logfile.desk import Desk, MakeDesk


@contextmanager
def limited(what: int, most: int) -> Iterator[None]:
    """The operating system allows this process no more of `what` than that."""
    before = resource.getrlimit(what)
    resource.setrlimit(what, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)


def next_day(desk: Desk) -> None:
    desk.seconds += 86_400


def test_when_it_cannot_be_renamed_the_log_goes_on_and_says_so_once(
    tmp_path: Path, make_desk: MakeDesk
) -> None:
    desk = make_desk("midnight", keep=1)
    in_the_way = tmp_path / "chat.log.1"
    (in_the_way / "something").mkdir(parents=True)
    desk.write("one")
    for line in ("two", "three", "four"):
        next_day(desk)
        desk.write(line)
    assert desk.lines() == ["one", "two", "three", "four"]
    [told] = desk.told
    assert str(desk.path) in told
    assert "cannot be reopened" in told

    shutil.rmtree(in_the_way)
    next_day(desk)
    desk.write("five")
    assert (desk.lines(1), desk.lines()) == (["one", "two", "three", "four"], ["five"])


def test_after_it_worked_again_the_next_trouble_is_said(
    tmp_path: Path, make_desk: MakeDesk
) -> None:
    desk = make_desk("midnight", keep=1)
    in_the_way = tmp_path / "chat.log.1"
    for _ in range(2):
        (in_the_way / "something").mkdir(parents=True)
        desk.write("one")
        next_day(desk)
        desk.write("two")
        shutil.rmtree(in_the_way)
        next_day(desk)
        desk.write("three")
        in_the_way.unlink()
    assert len(desk.told) == 2


def test_the_size_is_not_tried_again_with_each_line(tmp_path: Path, make_desk: MakeDesk) -> None:
    desk = make_desk("1K", keep=1)
    in_the_way = tmp_path / "chat.log.1"
    (in_the_way / "something").mkdir(parents=True)
    desk.write("x" * 1_000, "y" * 100)
    shutil.rmtree(in_the_way)
    desk.write("z")
    assert desk.old() == []
    desk.write("x" * 1_000)
    assert desk.lines(1) == ["x" * 1_000, "y" * 100, "z"]
    assert desk.lines() == ["x" * 1_000]


@pytest.mark.parametrize("value", ["midnight", "1K"])
def test_a_directory_that_vanished_stops_nothing_and_may_come_back(
    value: str, tmp_path: Path, make_desk: MakeDesk
) -> None:
    directory = tmp_path / "logs"
    directory.mkdir()
    desk = make_desk(value, directory)
    shutil.rmtree(directory)
    for _ in range(5):
        desk.write("x" * 1_000)
        next_day(desk)
    assert len(desk.told) == 1
    directory.mkdir()
    for _ in range(2):
        desk.write("y" * 1_000)
        next_day(desk)
    assert desk.lines() == ["y" * 1_000]
    assert len(desk.told) == 1


@pytest.mark.parametrize("value", [None, "midnight", "1K"])
def test_a_file_that_somebody_took_away_is_there_again_with_the_next_line(
    value: str | None, make_desk: MakeDesk
) -> None:
    desk = make_desk(value)
    desk.write("one")
    desk.path.unlink()
    desk.write("two", "three")
    assert desk.lines() == ["two", "three"]
    assert desk.told == []


def test_a_file_that_another_program_put_aside_is_left_and_a_new_one_begun(
    tmp_path: Path, make_desk: MakeDesk
) -> None:
    desk = make_desk()
    desk.write("one")
    desk.path.rename(tmp_path / "chat.log.old")
    desk.path.write_text("somebody else's\n")
    desk.write("two")
    assert (tmp_path / "chat.log.old").read_text() == "one\n"
    assert desk.lines() == ["somebody else's", "two"]


def test_trying_again_and_again_loses_no_old_file(make_desk: MakeDesk) -> None:
    desk = make_desk("midnight", keep=5)
    for line in ("one", "two", "three"):
        desk.write(line)
        next_day(desk)
    with limited(resource.RLIMIT_NOFILE, 0):
        for line in ("four", "five", "six", "seven"):
            desk.write(line)
            next_day(desk)
    [told] = desk.told
    assert "Too many open files" in told
    desk.write("eight")
    kept = [desk.lines(int(number)) for number in reversed(desk.old())]
    written = ["one", "two", "three", "four", "five", "six", "seven"]
    assert [line for lines in kept for line in lines] == written
    assert desk.lines() == ["eight"]


def test_without_a_file_to_open_the_old_one_keeps_its_name(make_desk: MakeDesk) -> None:
    desk = make_desk("midnight")
    desk.write("one")
    next_day(desk)
    with limited(resource.RLIMIT_NOFILE, 0):
        desk.write("two")
    assert desk.lines() == ["one", "two"]
    assert desk.old() == []


def test_a_full_disk_stops_nothing_and_is_said_once() -> None:
    told: list[str] = []
    file = LogFile(Path("/dev/full"), notify=told.append)
    for _ in range(3):
        file.write("a line\n")
    file.close()
    [sentence] = told
    assert "/dev/full cannot be written: No space left on device" in sentence


def test_a_line_that_was_cut_short_does_not_spoil_the_next(make_desk: MakeDesk) -> None:
    desk = make_desk()
    with limited(resource.RLIMIT_FSIZE, 10):
        desk.write("123456789abcdef", "lost")
    desk.write("whole")
    assert desk.lines() == ["123456789a", "whole"]
    assert len(desk.told) == 1


def test_half_of_a_surrogate_pair_can_be_written(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.write("ice \ud83d")
    assert desk.lines() == ["ice \\ud83d"]


def test_what_cannot_be_renamed_is_refused_for_rotation() -> None:
    with pytest.raises(ValueError, match="not a regular file"):
        LogFile(Path("/dev/null"), parse_rotation("midnight"))
    LogFile(Path("/dev/null")).close()


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LogFile(tmp_path / "nowhere" / "chat.log")


def test_a_person_is_told_on_standard_error(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = LogFile(Path("/dev/full"))
    file.write("a line\n")
    file.close()
    shown = capfd.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
