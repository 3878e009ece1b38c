"""Recognises, by its first bytes, a client that speaks none of chatd's protocols.

Any page on the web can make the browsers of its visitors send a POST request to a port of this
server, with a body that it chooses. Were the lines of the request read as lines of chat, the
visitor would enter and speak, and know nothing of it. A request always begins with its request
line, so that line is enough to tell. Port scanners and clients at the wrong port begin just as
unmistakably.
"""

import re
from typing import Final

#: The type of the record with which a client begins TLS (RFC 8446, section 5.1): its first byte.
HANDSHAKE_RECORD: Final = b"\x16"

#: A request line that is longer is judged by its beginning alone.
_MAX_LINE_BYTES: Final = 8_192
#: How many bytes the patterns look at: a first word, and the beginning of what follows it.
_PATTERN_BYTES: Final = 64

#: Each protocol by what its clients send first.
_PATTERNS: Final = tuple(
    (name, re.compile(pattern, re.DOTALL))
    for name, pattern in (
        # The methods that a page may send anywhere, and other common ones. HTTP/0.9 has no version.
        (
            "http",
            rb"(?i:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|PRI|PROPFIND|SEARCH)"
            rb"[ \t]+(?:[/*?]|[a-z]{2,5}:|[^\s:]+:[0-9])",
        ),
        # A handshake record (RFC 8446, section 5.1), and a ClientHello of SSL 2.
        ("tls", rb"\x16\x03[\x00-\x04]"),
        ("tls", rb"[\x80-\xff].\x01(?:\x03[\x00-\x04]|\x00\x02)"),
        ("ssh", rb"SSH-[0-9]"),  # RFC 4253, section 4.2
        # RFC 5321, sections 3.1 and 3.2.
        ("smtp", rb"(?i:EHLO|HELO|LHLO)[ \t\r\n]|220[ -][^\r\n]*(?:SMTP|FTP)"),
        ("other", rb"\*[0-9]+\r?\n|fox a [0-9]|LO_SERVER_CLIENT_PAIR"),
        # Other binary protocols: a client of chatd begins with no control character but NUL, and
        # those that edit a line (Backspace, DEL, Ctrl-C, Ctrl-U).
        ("binary", rb"\x00*[\x01\x02\x04-\x07\x0b\x0c\x0e-\x14\x16-\x1a\x1c-\x1f]|\x03\x00"),
        ("binary", rb"\x00{3}.\xff[SE]|0[\x01-\x7f]\x02\x01|[lB]\x00?\x0b|JRMI\x00|JDWP-Handshake"),
    )
)

#: The end of a request line (RFC 9112, section 3), of any method and version, and of the protocols
#: that have taken it over. The preface of HTTP/2 has one as well (RFC 9113, section 3.4).
_VERSION: Final = re.compile(rb"(?i:HTTP|RTSP|SIPS?|ICAP)/[0-9]")

#: The beginning of a request line that is too long to wait for its end.
_LONG_REQUEST: Final = re.compile(rb"[^\s{]+[ \t]+[/*]")


class ProtocolGuard:
    """Looks at the first bytes of one connection.

    :ivar is_decided: whether enough was seen, and no further bytes need be passed.
    """

    def __init__(self) -> None:
        self.is_decided = False
        self._start = b""

    def foreign_protocol(self, data: bytes) -> str | None:
        """The name of the protocol that the client speaks, if it is foreign; else None.

        :param data: the next bytes that were received.
        """
        # RFC 9112, section 2.2: empty lines before a request line are ignored.
        self._start = (self._start + data).lstrip(b"\r\n")[:_MAX_LINE_BYTES]
        line, line_end, _ = self._start.partition(b"\n")
        self.is_decided = bool(line_end) or len(self._start) == _MAX_LINE_BYTES
        for name, pattern in _PATTERNS:
            if pattern.match(self._start, 0, _PATTERN_BYTES):
                return name
        if self.is_decided and not line_end and _LONG_REQUEST.match(self._start):
            return "http"
        if line_end and not line.lstrip().startswith(b"{"):
            words = line.split()
            if len(words) > 1 and _VERSION.match(words[-1]):
                return "http"
        return None
