"""Tags: their values whole, the time as everybody reads it, and ids that say which message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat.events import Message
from chatd.wire.irc import tags


@pytest.mark.parametrize(
    ("value", "sent"),
    [("a;b", r"a\:b"), ("a b", r"a\sb"), ("\\", r"\\"), ("a\r\nb", r"a\r\nb"), ("é=,", "é=,")],
)
def test_a_value_is_escaped_as_the_specification_says(value: str, sent: str) -> None:
    assert tags.escape(value) == sent
    assert tags.unescape(sent) == value


@pytest.mark.parametrize(("sent", "value"), [(r"a\b", "ab"), ("a\\", "a"), (r"\\s", r"\s")])
def test_a_backslash_before_any_other_character_is_dropped(sent: str, value: str) -> None:
    assert tags.unescape(sent) == value


@given(st.text())
def test_every_value_is_read_as_it_was_written(value: str) -> None:
    assert tags.parse_tags(tags.format_tags({"a": value, "b": ""})) == {"a": value, "b": ""}


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_318_999_000_620, "2011-10-19T04:36:40.620Z"),
        (-1, "1970-01-01T00:00:00.000Z"),
        (253_402_300_800_000, "9999-12-31T23:59:59.999Z"),
        (2**63, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_the_time_has_milliseconds_and_a_year_that_can_be_written(
    milliseconds: int, shown: str
) -> None:
    assert tags.server_time(milliseconds) == shown


def test_the_id_of_a_message_says_which_it_is() -> None:
    messages = [
        Message("#dev", 300, 1_318_999_000_620, "ice", "hi"),
        Message("#dev", 301, 1_318_999_000_620, "ice", "hi"),
        Message("#music", 300, 1_318_999_000_620, "ice", "hi"),
        Message("#dev", 300, 1_318_999_000_621, "ice", "hi"),  # the room has begun again
    ]
    identifiers = [tags.message_id(message) for message in messages]
    assert len(set(identifiers)) == len(messages)
    assert tags.message_id(messages[0]) == identifiers[0]


@given(st.integers(0, 253_402_300_799_999))
def test_every_time_is_read_as_it_was_written(milliseconds: int) -> None:
    assert tags.parse_server_time(tags.server_time(milliseconds)) == milliseconds


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2026-11-25T10:15:00.000",
        "2026-11-25T10:15:00.00Z",
        "2026-11-25 10:15:00.000Z",
        "2026-02-30T10:15:00.000Z",
        "2026-11-25T24:15:00.000Z",
        "0000-01-01T00:00:00.000Z",
        "२०२६-11-25T10:15:00.000Z",
        "2026-11-25T10:15:00.000Z ",
    ],
)
def test_what_is_no_time_is_not_read_as_one(value: str) -> None:
    assert tags.parse_server_time(value) is None


@given(st.integers(1, 2**52 - 1), st.integers(0, 2**52 - 1), st.text(max_size=9))
def test_every_id_is_read_as_it_was_written(seq: int, time: int, rest: str) -> None:
    message = Message(f"#{rest}", seq, time, "ice", "hi")
    assert tags.parse_message_id(tags.message_id(message)) == ((time, seq), message.room)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1-1",
        "1#dev",
        "-1#dev",
        "1-1-1#dev",
        "x-1#dev",
        "1-1dev",
        "A-1#dev",
        "1" * 14 + "-1#dev",
    ],
)
def test_what_is_no_id_is_not_read_as_one(value: str) -> None:
    assert tags.parse_message_id(value) is None
