"""Clients of other protocols are recognised by their first bytes, and chatd's own never are."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.wire.foreign_protocols import ProtocolGuard

FOREIGN = {
    "a form posted by a page": b"POST / HTTP/1.1\r\nHost: 10.0.0.1:7777\r\n\r\nmallory\nhello\n",
    "a lower-case method": b"post /x HTTP/1.1\r\n",
    "a method that nobody knows": b"FROBNICATE-2 /x?y=%20 HTTP/1.1\r\n",
    "a request to a proxy": b"GET http://example.org/ HTTP/1.1\r\n",
    "CONNECT": b"CONNECT example.org:443 HTTP/1.1\r\n",
    "OPTIONS *": b"OPTIONS * HTTP/1.0\r\n",
    "an empty line before it": b"\r\n\r\nGET / HTTP/1.1\r\n",
    "tabs and bare line feeds": b"GET\t/\tHTTP/1.1\n",
    "a version to come": b"GET / HTTP/9\n",
    "HTTP/0.9": b"GET /\r\n",
    "a long target of an unknown method": b"FROB /" + b"x" * 20_000,
    "many empty lines": b"\r\n" * 5_000 + b"POST / HTTP/1.1\r\n",
    "redis": b"*1\r\n$4\r\ninfo\r\n",
    "a long target": b"GET /" + b"x" * 20_000,
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a WebSocket": b"GET /socket HTTP/1.1\r\nUpgrade: websocket\r\n",
    "RTSP": b"OPTIONS / RTSP/1.0\r\n\r\n",
    "SIP": b"OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm;branch=foo\r\n",
    "TLS 1.3": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40),
    "TLS 1.0 of SSL 3": b"\x16\x03\x00\x00S\x01\x00\x00O\x03\x00",
    "SSL 2": b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10",
    "SSL 2 that offers SSL 3": b"\x80\x9e\x01\x03\x01\x00u\x00\x00",
    "SSH": b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "SSH 1": b"SSH-1.99-OpenSSH\n",
    "a mail client": b"EHLO nmap.scanme.org\r\n",
    "a mail server": b"220 mail.example.org ESMTP\r\n",
    "remote desktop": b"\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00",
    "a name query over TCP": b"\x00\x1e\x00\x06\x01\x00\x00\x01",
    "a Windows share": b"\x00\x00\x00\xa4\xffSMBr\x00\x00\x00\x00",
    "LDAP": b"0\x0c\x02\x01\x01`\x07\x02\x01\x02\x04\x00\x80\x00",
    "X11": b"l\x00\x0b\x00\x00\x00\x00\x00",
    "SOCKS": b"\x05\x04\x00\x01\x02\x80",
    "MQTT": b"\x10\x0e\x00\x04MQTT",
    "a debugger": b"JDWP-Handshake",
}

OWN = {
    "native": b'{"type": "hello", "data": {"nickname": "ice", "version": 1}}\n',
    "basic": b'{"type": "message", "data": "GET / HTTP/1.1"}\n',
    "a frame that ends like a request line": b'{"type": "message", "data": " HTTP/1.1\n',
    "JIM": b'{"action": "presence", "time": 1.5, "user": {"account_name": "POST"}}',
    "a byte order mark": b"\xef\xbb\xbfice\r\n",
    "a nickname that is a method": b"GET\n",
    "a nickname that begins with a method": b"Posthorn\r\n",
    "Options": b"Options\n",
    "220": b"220\n",
    "220-fan": b"220-fan\n",
    "Backspace first": b"\x7fice\n",
    "Ctrl-U first": b"\x15ice\n",
    "SSH": b"SSH-fan\n",
    "Helo": b"Helorama\n",
    "a nickname in Cyrillic": "\u043b\u0435\u043d\u0430\n".encode(),
    "a nickname in Chinese": "\u5c0f\u660e\n".encode(),
    "padding of NULs": b"A" + bytes(1_023),
    "NULs first": bytes(3) + b"ice\n",
    "blanks first": b"  \tice\n",
    "Telnet": b"\xff\xfb\x1f\xff\xfb\x20ice\r\n",
    "a cursor key": b"\x1b[Aice\n",
    "blank lines": b"\n\n\n",
}


def _protocol_of(pieces: list[bytes]) -> str | None:
    guard = ProtocolGuard()
    for piece in pieces:
        if guard.is_decided:
            return None
        name = guard.foreign_protocol(piece)
        if name is not None:
            return name
    return None


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_client_is_recognised_whole_and_byte_by_byte(name: str) -> None:
    data = FOREIGN[name]
    assert _protocol_of([data])
    size = 1 if len(data) < 300 else 97
    assert _protocol_of([data[at : at + size] for at in range(0, len(data), size)])


@pytest.mark.parametrize("name", OWN)
def test_a_client_of_the_chat_is_never_taken_for_a_foreign_one(name: str) -> None:
    data = OWN[name]
    assert _protocol_of([data]) is None
    assert _protocol_of([data[at : at + 1] for at in range(len(data))]) is None


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_where_the_bytes_are_cut_does_not_matter_once_a_line_is_complete(
    data: bytes, cuts: list[int]
) -> None:
    line = data.replace(b"\n", b"") + b"\n"
    ends = [0, *sorted(min(cut, len(line)) for cut in cuts), len(line)]
    pieces = [line[begin:end] for begin, end in pairwise(ends)]
    assert bool(_protocol_of(pieces)) == bool(_protocol_of([line]))


def test_an_endless_first_line_is_not_kept() -> None:
    guard = ProtocolGuard()
    fed = 0
    while not guard.is_decided:
        guard.foreign_protocol(b"x" * 100)
        fed += 100
        assert fed <= 10_000
