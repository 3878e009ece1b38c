"""Any bytes, in any pieces: never an exception, never a log entry."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from wsproto import events
from wsproto.connection import CLIENT, Connection

from tests.web.http_clients import UPGRADE_HEADERS, WebHarness, request

#: Parts of valid and invalid requests.
PIECES = st.sampled_from(
    [
        request("/health"),
        request("/api/messages?limit=3"),
        request("/static/nothing"),
        request("/", method="HEAD"),
        request("/health", {"Connection": "close"}),
        request("/health", {"Content-Length": "3"}),
        request("/health", {"Content-Length": "3"}, host="evil.example", method="POST"),
        request("/health", {"Transfer-Encoding": "chunked"}, method="PUT") + b"0\r\n\r\n",
        request("/socket", UPGRADE_HEADERS | {"Content-Length": "3"}),
        request("/health", version="1.0"),
        request("/socket", UPGRADE_HEADERS),
        request("/socket", UPGRADE_HEADERS | {"Origin": "http://evil.example"}),
        b"GET ",
        b"/ HTTP/1.1",
        b"Host: 192.168.1.1:54321",
        b"\r\n",
        b"\r\n\r\n",
        b"\x81\x85\0\0\0\0hello",
        b"\x88\x80\0\0\0\0",
    ]
)

#: Any stream: parts of requests, and random bytes between them.
STREAMS = st.lists(PIECES | st.binary(max_size=200), max_size=12).map(b"".join)

#: Heads of WebSocket frames: any opcode, mask and length, with a payload that may not fit.
FRAMES = st.lists(
    st.builds(
        lambda first, second, rest: bytes([first, second]) + rest,
        st.integers(0, 255),
        st.sampled_from([0x80, 0x81, 0x82, 0x85, 0xFD, 0xFE, 0xFF]) | st.integers(0, 255),
        st.binary(max_size=20),
    ),
    max_size=12,
).map(b"".join)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """`data`, cut at these positions."""
    positions = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(positions)]


CUTS = st.lists(st.integers(0, 100_000), max_size=8)


@given(STREAMS, CUTS, st.booleans())
def test_any_bytes_get_a_response_or_are_closed(
    data: bytes, cuts: list[int], half_closes: bool
) -> None:
    with WebHarness() as harness:
        client = harness.connect_http()
        for piece in pieces(data, cuts):
            if not client.is_dropped():
                client.send(piece)
        if half_closes and not client.is_dropped():
            client.wait_until_read()
            client.half_close()
        harness.pass_time(70)
        assert client.is_dropped()
        assert harness.connect_http().get("/health").status == 200


@given(FRAMES, CUTS, st.booleans())
def test_any_bytes_after_the_handshake_leave_the_chat_intact(
    data: bytes, cuts: list[int], is_member: bool
) -> None:
    with WebHarness() as harness:
        ice, moon = harness.enter_all("ice", "moon")
        browser = harness.enter_browser("star") if is_member else harness.open_websocket()
        for piece in pieces(data, cuts):
            if not browser.client.is_dropped():
                browser.client.send(piece)
        browser.client.hang_up()
        moon.heard()
        ice.say("hello")
        assert [said["text"] for said in moon.heard_of("message")] == ["hello"]


@given(
    st.lists(
        st.sampled_from(
            [
                request("/health"),
                request("/nothing"),
                request("/api/messages?limit=x"),
                request("/api/users", host="evil.example"),
                request("/health", {"X": "x" * 3_000}),
            ]
        ),
        min_size=1,
        max_size=6,
    ),
    CUTS,
)
def test_requests_in_any_pieces_get_the_same_responses(
    requests: list[bytes], cuts: list[int]
) -> None:
    with WebHarness() as harness:
        whole, cut = harness.connect_http(), harness.connect_http()
        whole.send(b"".join(requests))
        for piece in pieces(b"".join(requests), cuts):
            cut.send(piece)
        responses = whole.responses()
        assert len(responses) == len(requests)
        assert [(each.status, each.body) for each in cut.responses()] == [
            (each.status, each.body) for each in responses
        ]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5), CUTS)
def test_messages_in_any_pieces_are_the_same(texts: list[str], cuts: list[int]) -> None:
    def received(cuts: list[int]) -> bytes:
        with WebHarness() as harness:
            browser = harness.enter_browser("ice")
            browser.frames = Connection(CLIENT)
            data = b"".join(browser.frames.send(events.TextMessage(text)) for text in texts)
            for piece in pieces(data, cuts):
                browser.client.send(piece)
            sent: bytes = browser.client.transport.value()
            return sent

    assert received(cuts) == received([])
