"""Whatever bytes come, in whatever pieces: never an exception, never a word in the log."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from wsproto import events
from wsproto.connection import CLIENT, Connection

from tests.web.visitors import UPGRADE, PageHall, request

#: Parts of which requests, right and wrong, are made.
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
        request("/socket", UPGRADE | {"Content-Length": "3"}),
        request("/health", version="1.0"),
        request("/socket", UPGRADE),
        request("/socket", UPGRADE | {"Origin": "http://evil.example"}),
        b"GET ",
        b"/ HTTP/1.1",
        b"Host: 192.168.1.1:54321",
        b"\r\n",
        b"\r\n\r\n",
        b"\x81\x85\0\0\0\0hello",
        b"\x88\x80\0\0\0\0",
    ]
)

#: Bytes that may mean something, or not.
ANYTHING = st.lists(PIECES | st.binary(max_size=200), max_size=12).map(b"".join)

#: The beginnings of WebSocket frames: of every opcode, whole or not, masked or not, of any length.
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
    """`data`, cut there."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


CUTS = st.lists(st.integers(0, 100_000), max_size=8)


@given(ANYTHING, CUTS, st.booleans())
def test_any_bytes_get_an_answer_or_an_end(data: bytes, cuts: list[int], shuts: bool) -> None:
    with PageHall() as hall:
        visitor = hall.visit()
        for piece in pieces(data, cuts):
            if not visitor.is_dropped():
                visitor.send(piece)
        if shuts and not visitor.is_dropped():
            visitor.wait_until_read()
            visitor.shut()
        hall.pass_time(70)
        assert visitor.is_dropped()
        assert hall.visit().get("/health").status == 200


@given(FRAMES, CUTS, st.booleans())
def test_any_bytes_after_the_handshake_leave_the_chat_as_it_was(
    data: bytes, cuts: list[int], is_member: bool
) -> None:
    with PageHall() as hall:
        ice, moon = hall.enter_all("ice", "moon")
        browser = hall.enter_by_page("star") if is_member else hall.browse()
        for piece in pieces(data, cuts):
            if not browser.visitor.is_dropped():
                browser.visitor.send(piece)
        browser.visitor.hang_up()
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
def test_any_pieces_of_the_same_requests_get_the_same_answers(
    requests: list[bytes], cuts: list[int]
) -> None:
    with PageHall() as hall:
        whole, cut = hall.visit(), hall.visit()
        whole.send(b"".join(requests))
        for piece in pieces(b"".join(requests), cuts):
            cut.send(piece)
        answers = whole.replies()
        assert len(answers) == len(requests)
        assert [(each.status, each.body) for each in cut.replies()] == [
            (each.status, each.body) for each in answers
        ]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5), CUTS)
def test_any_pieces_of_the_same_messages_say_the_same(texts: list[str], cuts: list[int]) -> None:
    def said(cuts: list[int]) -> bytes:
        with PageHall() as hall:
            browser = hall.enter_by_page("ice")
            browser.frames = Connection(CLIENT)
            data = b"".join(browser.frames.send(events.TextMessage(text)) for text in texts)
            for piece in pieces(data, cuts):
                browser.visitor.send(piece)
            sent: bytes = browser.visitor.transport.value()
            return sent

    assert said(cuts) == said([])
