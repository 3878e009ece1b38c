"""When there is a new log file, and what is kept of the old ones."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.logfile import parse_rotation
from tests.fakes import far_east
from tests.logfile.fixtures import Log, MakeLog


@pytest.mark.parametrize(
    ("value", "before", "after", "is_new"),
    [
        ("midnight", "2026-11-20T23:59:59.9", "2026-11-21T00:00", True),
        ("midnight", "2026-11-21T00:00", "2026-11-21T23:59:59.9", False),
        ("midnight", "2026-11-21T00:00", "2027-11-21T00:00", True),
        ("W0", "2026-11-22T23:59", "2026-11-23T00:00", True),  # from a Sunday to a Monday
        ("W0", "2026-11-23T00:00", "2026-11-29T23:59", False),
        ("W6", "2026-11-21T23:59", "2026-11-22T00:00", True),
        ("W6", "2026-11-22T00:00", "2026-11-28T23:59", False),
        ("W2", "2026-11-23T23:59", "2026-11-24T00:00", False),
        ("W2", "2026-11-24T23:59", "2026-11-25T00:00", True),
        ("6h", "2026-11-21T05:59:59", "2026-11-21T06:00", True),
        ("6h", "2026-11-21T06:00", "2026-11-21T11:59:59", False),
        ("6h", "2026-11-20T23:59", "2026-11-21T00:00", True),
        ("1h", "2026-11-21T06:59", "2026-11-21T07:00", True),
        ("30m", "2026-11-21T06:29:59", "2026-11-21T06:30", True),
        ("30m", "2026-11-21T06:30", "2026-11-21T06:59:59", False),
        ("1d", "2026-11-20T23:59:59", "2026-11-21T00:00", True),
        ("7d", "2026-11-22T23:59:59", "2026-11-23T00:00", True),
        ("7d", "2026-11-16T00:00", "2026-11-22T23:59:59", False),
    ],
)
def test_a_new_file_begins_at_its_time(
    value: str, before: str, after: str, is_new: bool, make_log: MakeLog
) -> None:
    log = make_log(value)
    log.set(before)
    log.write("before")
    log.set(after)
    log.write("after")
    if is_new:
        assert (log.lines(1), log.lines()) == (["before"], ["after"])
    else:
        assert log.lines() == ["before", "after"]
        assert log.old() == []


@pytest.mark.parametrize(
    ("utc", "midnight"), [(True, "2026-11-21T00:00"), (False, "2026-11-21T11:00")]
)
def test_midnight_is_utc_or_local(utc: bool, midnight: str, make_log: MakeLog) -> None:
    log = make_log("midnight", utc=utc)
    log.set(midnight)
    with far_east():
        log.seconds -= 1
        log.write("before")
        log.seconds += 1
        log.write("after")
    assert (log.lines(1), log.lines()) == (["before"], ["after"])


def test_a_file_of_yesterday_is_rotated_by_the_next_run(make_log: MakeLog) -> None:
    log = make_log("midnight")
    log.write("yesterday")
    log.file.close()
    os.utime(log.path, (log.seconds, log.seconds))
    log.set("2026-11-22T12:00")
    log.open()
    log.write("today")
    assert (log.lines(1), log.lines()) == (["yesterday"], ["today"])


@pytest.mark.parametrize("value", ["midnight", "1K"])
def test_another_run_on_the_same_day_continues_in_the_same_file(
    value: str, make_log: MakeLog
) -> None:
    log = make_log(value)
    log.write("first")
    log.file.close()
    os.utime(log.path, (log.seconds, log.seconds))
    log.open()
    log.write("second")
    assert log.lines() == ["first", "second"]
    assert log.old() == []


def test_setting_the_clock_back_makes_no_new_file(make_log: MakeLog) -> None:
    log = make_log("midnight")
    log.write("one")
    log.set("2026-11-19T12:00")
    log.write("two")
    assert log.lines() == ["one", "two"]


def test_a_file_never_exceeds_its_size(make_log: MakeLog) -> None:
    log = make_log("1K")
    lines = [f"{number:0255}" for number in range(9)]
    log.write(*lines)
    assert (log.lines(2), log.lines(1), log.lines()) == (lines[:4], lines[4:8], lines[8:])


def test_bytes_of_an_earlier_run_count_towards_the_size(make_log: MakeLog) -> None:
    log = make_log("1K")
    log.write("x" * 1_000)
    log.file.close()
    log.open()
    log.write("y" * 100)
    assert (log.lines(1), log.lines()) == (["x" * 1_000], ["y" * 100])


def test_a_line_longer_than_the_size_gets_a_file_of_its_own(make_log: MakeLog) -> None:
    log = make_log("1K")
    long = "x" * 5_000
    log.write(long, "short", long)
    assert [log.lines(2), log.lines(1), log.lines()] == [[long], ["short"], [long]]
    assert log.old() == ["1", "2"]


def test_without_rotation_the_file_grows(make_log: MakeLog) -> None:
    log = make_log()
    log.write("one")
    log.set("2036-11-21T12:00")
    log.write("x" * 5_000)
    assert log.lines() == ["one", "x" * 5_000]
    assert log.old() == []


@pytest.mark.parametrize("keep", [1, 2, 5])
def test_the_newest_old_files_are_kept_and_no_others(keep: int, make_log: MakeLog) -> None:
    log = make_log("midnight", keep=keep)
    days = [f"2026-11-{day:02}" for day in range(1, 10)]
    for day in days:
        log.set(day)
        log.write(day)
    assert log.old() == [str(number + 1) for number in range(keep)]
    kept = [log.lines(number) for number in range(keep, 0, -1)] + [log.lines()]
    assert kept == [[day] for day in days[-keep - 1 :]]


@given(st.lists(st.tuples(st.integers(0, 700), st.integers(0, 50_000))))
def test_no_line_is_lost_or_reordered(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[int, int]]
) -> None:
    for value in ("1K", "6h"):
        log = Log(tmp_path_factory.mktemp("log"), value, keep=1_000)
        lines = []
        for number, (length, seconds) in enumerate(written):
            log.seconds += seconds
            lines.append(f"{number} {'x' * length}")
            log.write(lines[-1])
        numbers = sorted(map(int, log.old()), reverse=True)
        assert numbers == list(range(len(numbers), 0, -1))
        files = [*map(log.lines, numbers), log.lines()]
        assert [line for file in files for line in file] == lines
        log.file.close()


def test_the_file_stays_in_place_when_a_daemon_changes_its_directory(
    tmp_path: Path, make_log: MakeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path)
    log = make_log("midnight", Path())
    monkeypatch.chdir(elsewhere)
    log.write("one")
    log.set("2026-11-22T12:00")
    log.write("two")
    assert (tmp_path / "chat.log.1").read_text() == "one\n"
    assert (tmp_path / "chat.log").read_text() == "two\n"


def test_a_unit_is_recognised_in_its_case_only() -> None:
    assert (
        parse_rotation("24h")
        == parse_rotation("1d")
        == parse_rotation("midnight")
        == parse_rotation("01440m")
    )
    assert parse_rotation("7d") == parse_rotation("W0")
    assert parse_rotation("1024K") == parse_rotation("1M")
    assert parse_rotation("1M") != parse_rotation("1m")


@pytest.mark.parametrize(
    "value",
    ["", "Midnight", "W7", "W", "w0", "0h", "0M", "6", "h", "6H", "10k", "10MB", "1.5h", "-1h",
     "6 h", "6h\n", "1000000h", "\u0663h", "1G "],
)  # fmt: skip
def test_anything_else_is_refused_with_the_valid_forms(value: str) -> None:
    with pytest.raises(ValueError, match=r"midnight.*W0.*30m.*10M"):
        parse_rotation(value)


@given(st.text() | st.from_regex(r"\A[0-9]{1,8}[a-zA-Z]?\Z"))
def test_any_text_is_parsed_or_refused(value: str) -> None:
    with suppress(ValueError):
        parse_rotation(value)
