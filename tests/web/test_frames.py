"""Whatever breaks the WebSocket protocol: one close code, and nobody else notices."""

import pytest
from wsproto import events

from chatd.chat import limits
from tests.web.visitors import Browser, PageHall


def closed(browser: Browser, data: bytes) -> int | None:
    """With which code the server closes when `data` comes."""
    browser.visitor.send(data)
    code = browser.close_code()
    assert browser.visitor.is_ended() is (code is not None)
    return code


BROKEN = {
    "binary": (0x82, b"hello", 1003),
    "empty binary": (0x82, b"", 1003),
    "not UTF-8": (0x81, b"\xff", 1007),
    "half a character": (0x81, b"\xc3", 1007),
    "a surrogate": (0x81, b"\xed\xa0\x80", 1007),
    "a continuation of nothing": (0x80, b"x", 1002),
    "a reserved bit": (0xC1, b"x", 1002),
    "an unknown opcode": (0x83, b"x", 1002),
    "an unknown control opcode": (0x8B, b"x", 1002),
    "a ping in fragments": (0x09, b"x", 1002),
    "a close of one byte": (0x88, b"x", 1002),
    "a close with no code there is": (0x88, b"\x03\xe7", 1002),
    "a close with a code of our own": (0x88, b"\x03\xee", 1002),
    "a close whose reason is not UTF-8": (0x88, b"\x03\xe8\xff", 1007),
}


@pytest.mark.parametrize(("first", "payload", "code"), BROKEN.values(), ids=BROKEN)
def test_what_breaks_the_protocol_is_closed_with_a_code(
    hall: PageHall, first: int, payload: bytes, code: int
) -> None:
    ice, moon = hall.enter_by_page("ice"), hall.enter("moon")
    frame = bytes([first, 0x80 | len(payload)]) + bytes(4) + payload
    assert closed(ice, frame + ice.masked(1, b'{"type":"message","data":{"text":"late"}}')) == code
    assert hall.chat.counters == {f"websocket-{code}": 1}
    heard = moon.heard()
    assert [frame["type"] for frame in heard] == ["left"]


def test_a_frame_that_is_not_masked_is_none(hall: PageHall) -> None:
    assert closed(hall.browse(), b"\x81\x05hello") == 1002


def test_a_control_frame_that_is_too_long_is_none(hall: PageHall) -> None:
    assert closed(hall.browse(), b"\x89\xfe\x00\x7e" + bytes(4 + 126)) == 1002


def test_a_length_written_too_long_is_none(hall: PageHall) -> None:
    assert closed(hall.browse(), b"\x81\xfe\x00\x05" + bytes(4) + b"hello") == 1002


def test_a_length_beyond_all_bounds_is_none(hall: PageHall) -> None:
    assert closed(hall.browse(), b"\x81\xff" + b"\xff" * 8 + bytes(4)) == 1002


def test_invalid_utf8_is_found_across_fragments(hall: PageHall) -> None:
    ice = hall.browse()
    data = ice.masked(1, b'"\xe2\x82', final=False) + ice.masked(0, b'x"')
    assert closed(ice, data) == 1007


def test_a_new_message_in_the_midst_of_another_is_none(hall: PageHall) -> None:
    ice = hall.browse()
    assert closed(ice, ice.masked(1, b"x", final=False) + ice.masked(1, b"x")) == 1002


def test_a_message_has_a_limit(hall: PageHall) -> None:
    ice = hall.enter_by_page("ice")
    text = '{"type":"ping","x":"' + "x" * (limits.LINE_BYTES - 22) + '"}'
    assert len(text) == limits.LINE_BYTES
    ice.send_event(events.TextMessage(text))
    assert [frame["type"] for frame in ice.heard()] == ["pong"]
    ice.send_event(events.TextMessage(text + " "))
    assert ice.heard_of("error")[0]["code"] == "line-too-long"
    assert ice.close_code() == 1009


def test_fragments_have_the_same_limit_and_are_not_waited_for(hall: PageHall) -> None:
    ice, moon = hall.enter_by_page("ice"), hall.enter("moon")
    part = "x" * (limits.LINE_BYTES // 2)
    ice.send_event(events.TextMessage(part, message_finished=False))
    ice.send_event(events.TextMessage(part, message_finished=False))
    assert ice.close_code() is None
    ice.send_event(events.TextMessage("x", message_finished=False))
    assert ice.close_code() == 1009
    assert moon.heard_of("left") == [{"nickname": "ice", "reason": "line too long"}]


def test_a_frame_of_four_gigabytes_is_not_waited_for(hall: PageHall) -> None:
    ice = hall.browse()
    ice.visitor.send(b"\x81\xff" + (1 << 32).to_bytes(8, "big") + bytes(4))
    for _ in range(2):
        ice.visitor.send(b"x" * 40_000)
    assert ice.close_code() == 1009
