"""When there is a new log file, and what is kept of the old ones."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.logfile import parse_rotation
from tests.fakes import far_east
from tests.logfile.desk import Desk, MakeDesk


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
def test_a_new_file_begins_when_its_time_has_come(
    value: str, before: str, after: str, is_new: bool, make_desk: MakeDesk
) -> None:
    desk = make_desk(value)
    desk.set(before)
    desk.write("before")
    desk.set(after)
    desk.write("after")
    if is_new:
        assert (desk.lines(1), desk.lines()) == (["before"], ["after"])
    else:
        assert desk.lines() == ["before", "after"]
        assert desk.old() == []


@pytest.mark.parametrize(
    ("utc", "midnight"), [(True, "2026-11-21T00:00"), (False, "2026-11-21T11:00")]
)
def test_midnight_is_that_of_utc_or_of_this_host(
    utc: bool, midnight: str, make_desk: MakeDesk
) -> None:
    desk = make_desk("midnight", utc=utc)
    desk.set(midnight)
    with far_east():
        desk.seconds -= 1
        desk.write("before")
        desk.seconds += 1
        desk.write("after")
    assert (desk.lines(1), desk.lines()) == (["before"], ["after"])


def test_a_file_of_yesterday_is_put_aside_by_the_next_run(make_desk: MakeDesk) -> None:
    desk = make_desk("midnight")
    desk.write("yesterday")
    desk.file.close()
    os.utime(desk.path, (desk.seconds, desk.seconds))
    desk.set("2026-11-22T12:00")
    desk.open()
    desk.write("today")
    assert (desk.lines(1), desk.lines()) == (["yesterday"], ["today"])


@pytest.mark.parametrize("value", ["midnight", "1K"])
def test_another_run_on_the_same_day_goes_on_in_the_same_file(
    value: str, make_desk: MakeDesk
) -> None:
    desk = make_desk(value)
    desk.write("first")
    desk.file.close()
    os.utime(desk.path, (desk.seconds, desk.seconds))
    desk.open()
    desk.write("second")
    assert desk.lines() == ["first", "second"]
    assert desk.old() == []


def test_a_clock_that_is_set_back_makes_no_new_file(make_desk: MakeDesk) -> None:
    desk = make_desk("midnight")
    desk.write("one")
    desk.set("2026-11-19T12:00")
    desk.write("two")
    assert desk.lines() == ["one", "two"]


def test_a_file_never_gets_larger_than_its_size(make_desk: MakeDesk) -> None:
    desk = make_desk("1K")
    lines = [f"{number:0255}" for number in range(9)]
    desk.write(*lines)
    assert (desk.lines(2), desk.lines(1), desk.lines()) == (lines[:4], lines[4:8], lines[8:])


def test_what_an_earlier_run_wrote_counts_towards_the_size(make_desk: MakeDesk) -> None:
    desk = make_desk("1K")
    desk.write("x" * 1_000)
    desk.file.close()
    desk.open()
    desk.write("y" * 100)
    assert (desk.lines(1), desk.lines()) == (["x" * 1_000], ["y" * 100])


def test_a_line_longer_than_the_size_gets_a_file_of_its_own(make_desk: MakeDesk) -> None:
    desk = make_desk("1K")
    long = "x" * 5_000
    desk.write(long, "short", long)
    assert [desk.lines(2), desk.lines(1), desk.lines()] == [[long], ["short"], [long]]
    assert desk.old() == ["1", "2"]


def test_without_rotation_the_file_grows(make_desk: MakeDesk) -> None:
    desk = make_desk()
    desk.write("one")
    desk.set("2036-11-21T12:00")
    desk.write("x" * 5_000)
    assert desk.lines() == ["one", "x" * 5_000]
    assert desk.old() == []


@pytest.mark.parametrize("keep", [1, 2, 5])
def test_the_newest_old_files_are_kept_and_no_others(keep: int, make_desk: MakeDesk) -> None:
    desk = make_desk("midnight", keep=keep)
    days = [f"2026-11-{day:02}" for day in range(1, 10)]
    for day in days:
        desk.set(day)
        desk.write(day)
    assert desk.old() == [str(number + 1) for number in range(keep)]
    kept = [desk.lines(number) for number in range(keep, 0, -1)] + [desk.lines()]
    assert kept == [[day] for day in days[-keep - 1 :]]


@given(st.lists(st.tuples(st.integers(0, 700), st.integers(0, 50_000))))
def test_no_line_is_lost_and_none_changes_places(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[int, int]]
) -> None:
    for value in ("1K", "6h"):
        desk = Desk(tmp_path_factory.mktemp("log"), value, keep=1_000)
        lines = []
        for number, (length, seconds) in enumerate(written):
            desk.seconds += seconds
            lines.append(f"{number} {'x' * length}")
            desk.write(lines[-1])
        numbers = sorted(map(int, desk.old()), reverse=True)
        assert numbers == list(range(len(numbers), 0, -1))
        files = [*map(desk.lines, numbers), desk.lines()]
        assert [line for file in files for line in file] == lines
        desk.file.close()


def test_the_file_stays_where_it_was_when_a_daemon_changes_its_directory(
    tmp_path: Path, make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path)
    desk = make_desk("midnight", Path())
    monkeypatch.chdir(elsewhere)
    desk.write("one")
    desk.set("2026-11-22T12:00")
    desk.write("two")
    assert (tmp_path / "chat.log.1").read_text() == "one\n"
    assert (tmp_path / "chat.log").read_text() == "two\n"


def test_units_are_what_they_are_and_differ_in_their_case() -> None:
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
def test_anything_else_is_refused_with_what_there_is(value: str) -> None:
    with pytest.raises(ValueError, match=r"midnight.*W0.*30m.*10M"):
        parse_rotation(value)


@given(st.text() | st.from_regex(r"\A[0-9]{1,8}[a-zA-Z]?\Z"))
def test_any_text_is_read_or_refused(value: str) -> None:
    with suppress(ValueError):
        parse_rotation(value)
