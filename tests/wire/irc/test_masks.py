"""Sources and masks: everybody looks as IRC wants it, and nobody's address is shown."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.wire.irc import masks


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("ice", "ice"),
        ("~ice", "ice"),
        ("", "user"),
        ("päul x", "pulx"),
        ("a!b@c" * 5, "abcabcabca"),
    ],
)
def test_of_a_user_name_only_harmless_characters_are_shown(given: str, shown: str) -> None:
    assert masks.user_name(given) == shown


def test_a_source_has_no_address() -> None:
    assert masks.source("ice", "anna") == "ice!~anna@chatd"
    assert masks.source("127.0.0.1:4000") == "127.0.0.1:4000!~user@chatd"


@pytest.mark.parametrize("mask", ["ice", "ice!*@*", "ice!*", "ice!~*@chatd", "ice!*@CHATD"])
def test_a_ban_of_a_nickname_may_be_written_in_several_ways(mask: str) -> None:
    assert masks.banned_nickname(mask) == "ice"


@pytest.mark.parametrize(
    "mask", ["*", "*!*@*", "ic*!*@*", "ice!anna@*", "ice!*@10.0.0.1", "*@chatd", "", "!", "i?e"]
)
def test_a_mask_that_means_no_single_nickname_is_no_ban(mask: str) -> None:
    assert masks.banned_nickname(mask) is None


def test_a_ban_is_listed_by_a_mask_that_lifts_it() -> None:
    assert masks.banned_nickname(masks.ban_mask("Zoë")) == "Zoë"


@pytest.mark.parametrize(
    ("mask", "text", "is_match"),
    [
        ("*", "ice", True), ("i*", "ICE", True), ("i?e", "ice", True), ("i?", "ice", False),
        ("*ce", "ice", True), ("", "", True), ("", "ice", False), ("*i*c*e*", "ice", True),
        ("*a", "aab", False), ("ice", "ice", True), ("?*", "", False), ("a*b", "axxbxb", True),
    ],
)  # fmt: skip
def test_a_star_is_any_characters_and_a_question_mark_is_one(
    mask: str, text: str, is_match: bool
) -> None:
    assert masks.matches(mask, text) is is_match


@given(st.lists(st.text("ab", max_size=3), max_size=8), st.text("ab", max_size=5))
def test_a_star_stands_for_whatever_is_between(parts: list[str], between: str) -> None:
    assert masks.matches("*".join(parts), between.join(parts)) or len(parts) < 2


def test_no_mask_takes_long() -> None:
    began = time.process_time()
    assert not masks.matches("*a" * 50 + "b", "a" * 120)
    assert time.process_time() - began < 1
