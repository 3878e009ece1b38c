"""A member is mentioned where its nickname is a word of the text, with or without an @."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.wire.mentions import mention_spans, mentions

CASES = json.loads(Path(__file__).parents[1].joinpath("mentions.json").read_text())


@pytest.mark.parametrize(("text", "nickname", "found"), CASES)
def test_a_mention_is_found_where_it_is(text: str, nickname: str, found: list[str]) -> None:
    assert [text[begin:end] for begin, end in mention_spans(text, nickname)] == found
    assert mentions(text, nickname) is bool(found)


@given(st.text(), st.text(min_size=1, max_size=25))
def test_spans_are_in_the_text_and_in_order(text: str, nickname: str) -> None:
    last = 0
    for begin, end in mention_spans(f"{text} {nickname} {text}", nickname):
        assert last <= begin < end
        last = end


def test_a_text_that_is_longer_than_a_message_is_read_up_to_that_length() -> None:
    assert not mentions("a" * limits.MESSAGE_CHARACTERS + " ice", "ice")
