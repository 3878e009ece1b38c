"""Violations of RFC 6455: each closes the WebSocket with a code, and the others stay."""

import pytest
from wsproto import events

from chatd.chat import limits
from tests.web.http_clients import Browser, WebHarness


def close_code_after(browser: Browser, data: bytes) -> int | None:
    """The code of the server's Close frame after `data`; None if there is none."""
    browser.client.send(data)
    code = browser.close_code()
    assert browser.client.is_half_closed() is (code is not None)
    return code


VIOLATIONS = {
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


@pytest.mark.parametrize(("first", "payload", "code"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_a_protocol_violation_closes_the_websocket_with_a_code(
    harness: WebHarness, first: int, payload: bytes, code: int
) -> None:
    ice, moon = harness.enter_browser("ice"), harness.enter("moon")
    frame = bytes([first, 0x80 | len(payload)]) + bytes(4) + payload
    assert (
        close_code_after(ice, frame + ice.masked(1, b'{"type":"message","data":{"text":"late"}}'))
        == code
    )
    assert harness.chat.counters == {f"websocket-{code}": 1}
    harness.pass_time(limits.AWAY_SECONDS)
    heard = moon.heard()
    assert [frame["type"] for frame in heard] == ["left"]


def test_an_unmasked_frame_is_a_violation(harness: WebHarness) -> None:
    assert close_code_after(harness.open_websocket(), b"\x81\x05hello") == 1002


def test_an_overlong_control_frame_is_a_violation(harness: WebHarness) -> None:
    assert close_code_after(harness.open_websocket(), b"\x89\xfe\x00\x7e" + bytes(4 + 126)) == 1002


def test_a_length_that_is_not_minimal_is_a_violation(harness: WebHarness) -> None:
    assert (
        close_code_after(harness.open_websocket(), b"\x81\xfe\x00\x05" + bytes(4) + b"hello")
        == 1002
    )


def test_a_length_of_64_bits_is_a_violation(harness: WebHarness) -> None:
    assert close_code_after(harness.open_websocket(), b"\x81\xff" + b"\xff" * 8 + bytes(4)) == 1002


def test_invalid_utf8_is_found_across_fragments(harness: WebHarness) -> None:
    ice = harness.open_websocket()
    data = ice.masked(1, b'"\xe2\x82', final=False) + ice.masked(0, b'x"')
    assert close_code_after(ice, data) == 1007


def test_a_new_message_inside_a_fragmented_one_is_a_violation(harness: WebHarness) -> None:
    ice = harness.open_websocket()
    assert close_code_after(ice, ice.masked(1, b"x", final=False) + ice.masked(1, b"x")) == 1002


def test_a_message_has_a_limit(harness: WebHarness) -> None:
    ice = harness.enter_browser("ice")
    text = '{"type":"ping","x":"' + "x" * (limits.LINE_BYTES - 22) + '"}'
    assert len(text) == limits.LINE_BYTES
    ice.send_frames(events.TextMessage(text))
    assert [frame["type"] for frame in ice.heard()] == ["pong"]
    ice.send_frames(events.TextMessage(text + " "))
    assert ice.heard_of("error")[0]["code"] == "line-too-long"
    assert ice.close_code() == 1009


def test_fragments_have_the_same_limit_before_the_last_arrives(harness: WebHarness) -> None:
    ice, moon = harness.enter_browser("ice"), harness.enter("moon")
    part = "x" * (limits.LINE_BYTES // 2)
    ice.send_frames(events.TextMessage(part, message_finished=False))
    ice.send_frames(events.TextMessage(part, message_finished=False))
    assert ice.close_code() is None
    ice.send_frames(events.TextMessage("x", message_finished=False))
    assert ice.close_code() == 1009
    assert moon.heard_of("left") == [{"nickname": "ice", "reason": "line too long"}]


def test_a_frame_that_announces_four_gigabytes_is_closed_at_the_limit(harness: WebHarness) -> None:
    ice = harness.open_websocket()
    ice.client.send(b"\x81\xff" + (1 << 32).to_bytes(8, "big") + bytes(4))
    for _ in range(2):
        ice.client.send(b"x" * 40_000)
    assert ice.close_code() == 1009
