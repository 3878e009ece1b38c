"""Modes: what MODE asks for and tells, in the letters that IRC clients show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat.moderation_events import RoomSettings
from chatd.wire.irc import modes
from chatd.wire.irc.modes import ModeChange, format_changes, parse_changes, room_modes


@pytest.mark.parametrize(
    ("params", "changes"),
    [
        (("+m",), [ModeChange(True, "m")]),
        (("m",), [ModeChange(True, "m")]),
        (("+b",), [ModeChange(True, "b")]),
        (("+o-b", "ice", "moon!*@*"), [ModeChange(True, "o", "ice"),
                                       ModeChange(False, "b", "moon!*@*")]),
        (("+k", "word"), [ModeChange(True, "k", "word")]),
        (("-k",), [ModeChange(False, "k")]),
        (("-k", "word"), [ModeChange(False, "k", "word")]),
        (("+k",), []),
        (("+l-l", "12", "13"), [ModeChange(True, "l", "12"), ModeChange(False, "l")]),
        (("+l",), []),
        (("+oo", "ice"), [ModeChange(True, "o", "ice")]),
        (("+x",), [ModeChange(True, "x")]),
        (("",), []),
        (("+-",), []),
        (("+tim-n",), [ModeChange(True, "t"), ModeChange(True, "i"), ModeChange(True, "m"),
                       ModeChange(False, "n")]),
    ],
)  # fmt: skip
def test_a_change_of_modes_is_read(params: tuple[str, ...], changes: list[ModeChange]) -> None:
    assert parse_changes(params, 10) == changes


def test_b_without_a_mask_asks_for_the_list() -> None:
    asked, changed = parse_changes(("b",), 1), parse_changes(("+b", "ice"), 1)
    assert [each.is_list for each in asked + changed] == [True, False]


def test_only_so_many_changes_are_made() -> None:
    assert len(parse_changes(("+" + "m" * 300,), 20)) == 20


_parsed = (
    st.builds(ModeChange, st.booleans(), st.sampled_from("mitns"))
    | st.builds(
        ModeChange, st.booleans(), st.sampled_from("bkov"), st.sampled_from(["ice", "moon"])
    )
    | st.sampled_from([ModeChange(True, "l", "12"), ModeChange(False, "l")])
)


@given(st.lists(_parsed))
def test_what_is_told_of_a_change_is_what_would_ask_for_it(changes: list[ModeChange]) -> None:
    assert parse_changes(format_changes(changes), len(changes) + 1) == changes


def test_signs_are_told_once() -> None:
    told = format_changes([ModeChange(True, "o", "ice"), ModeChange(True, "m"),
                           ModeChange(False, "b", "x!*@*")])  # fmt: skip
    assert told == ("+om-b", "ice", "x!*@*")


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        (RoomSettings("#dev"), "+n"),
        (RoomSettings("#dev", read_only=True, closed=True, topic_locked=True), "+ntmi"),
        (RoomSettings("#dev", keyed=True, private=True), "+nsk *"),
        (RoomSettings("#dev", keyed=True, private=True, limit=12), "+nskl * 12"),
        (RoomSettings("#dev", private=True, slow=10), "+ns"),
    ],
)
def test_the_modes_of_a_room_are_its_settings(settings: RoomSettings, shown: str) -> None:
    assert room_modes(settings) == tuple(shown.split())


def test_the_tables_of_modes_agree() -> None:
    known = set(modes.CHANMODES.replace(",", "") + modes.PREFIX[1:3])
    assert known == set(modes.LETTERS)
    letters, *_ = room_modes(RoomSettings("#a", True, 1, True, True, True, True, 2))
    assert set(letters[1:]) == known - set("bov")
