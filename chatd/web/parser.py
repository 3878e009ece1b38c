"""The stream of a connection to the web port: h11, with bounds that it does not have."""

from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

import h11

from chatd.chat import limits
from chatd.web.messages import Response

_LINE_ENDS: Final = (b"\r", b"\n")

#: What :meth:`Parser.next_event` returns.
Event = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]


class BadRequest(Exception):
    """The stream is no HTTP, or has too large a head; the start of the next request is unknown.

    :ivar code: of the error.
    :ivar is_head: whether the method was HEAD, so that the response has no body.
    """

    def __init__(self, code: str, *, is_head: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.is_head = is_head


def _make_connection() -> h11.Connection:
    # h11 refuses an incomplete head that is longer than this. One byte less, because an incomplete
    # head lacks at least one more byte.
    return h11.Connection(h11.SERVER, limits.HTTP_HEAD_BYTES - 1)


def _too_large(start: bytes) -> str:
    """The error code for a head that is too large and begins with `start`."""
    return "head-too-large" if b"\n" in start[: limits.HTTP_HEAD_BYTES] else "uri-too-long"


class Parser:
    """Parses requests, and serialises the heads and bodies of responses."""

    def __init__(self) -> None:
        self._http = _make_connection()

    @property
    def has_data(self) -> bool:
        """Whether something has arrived that is not parsed yet."""
        return bool(self._http.trailing_data[0])

    @property
    def unparsed(self) -> bytes:
        """What has arrived and is not parsed yet."""
        return self._http.trailing_data[0]

    @property
    def is_request_read(self) -> bool:
        """Whether the request is parsed to its end."""
        return self._http.their_state is h11.DONE

    @property
    def is_last(self) -> bool:
        """Whether the response that was sent is the last one."""
        return self._http.our_state is h11.MUST_CLOSE

    def receive(self, data: bytes) -> bool:
        """Take `data`; False if there is nothing to parse in it."""
        if self._http.their_state is h11.IDLE and not self.has_data:
            # RFC 9112, section 2.2: empty lines before a request are ignored.
            data = data.lstrip(b"\r\n")
        if data:  # h11 takes no data for the end of the stream
            self._http.receive_data(data)
        return bool(data)

    def receive_end(self) -> None:
        """Take the end of the stream."""
        self._http.receive_data(b"")

    def next_event(self) -> Event:
        """The next part of a request, or that more data is needed.

        :raises BadRequest: if the stream is no HTTP.
        """
        start = self._http.trailing_data[0] if self._http.their_state is h11.IDLE else b""
        try:
            event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            is_too_large = error.error_status_hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise BadRequest(_too_large(start) if is_too_large else "bad-request") from None
        if isinstance(event, h11.Request):
            is_head = event.method == b"HEAD"
            # h11 bounds an incomplete head only. One that arrived as a whole is measured here, by
            # how much of the buffer it took.
            if len(start) - len(self._http.trailing_data[0]) > limits.HTTP_HEAD_BYTES:
                raise BadRequest(_too_large(start), is_head=is_head)
            if not event.http_version.startswith(b"1."):
                raise BadRequest("http-version", is_head=is_head)
        return event

    def start_next_cycle(self) -> None:
        """Begin with the next request. Empty lines before it are dropped, as h11 refuses them."""
        if not self.is_request_read:
            self._http.next_event()  # EndOfMessage: there is no body
        self._http.start_next_cycle()
        rest, is_ended = self._http.trailing_data
        if rest.startswith(_LINE_ENDS):
            self._http = _make_connection()
            if request := rest.lstrip(b"\r\n"):
                self._http.receive_data(request)
            if is_ended:
                self._http.receive_data(b"")

    def continue_request(self) -> bytes:
        """What tells a client that waits for it (``Expect``) to send the body; else empty."""
        if not self._http.they_are_waiting_for_100_continue:
            return b""
        return self._http.send(h11.InformationalResponse(status_code=100, headers=[]))

    def switch_protocols(self, headers: Iterable[tuple[str, str]]) -> bytes:
        """The response to an upgrade, behind which there is no HTTP."""
        self._http.next_event()  # EndOfMessage: there is no body
        return self._http.send(
            h11.InformationalResponse(
                status_code=HTTPStatus.SWITCHING_PROTOCOLS,
                headers=list(headers),
                reason=HTTPStatus.SWITCHING_PROTOCOLS.phrase.encode("ascii"),
            )
        )

    def head(self, response: Response, now: float, *, is_last: bool) -> bytes:
        """The head of `response`.

        :param now: seconds since 1970.
        :param is_last: whether the connection is closed after it.
        """
        headers = [*response.headers, ("Date", formatdate(now, usegmt=True))]
        if is_last:
            headers.append(("Connection", "close"))
        # RFC 9110, section 8.6: never in a 204, and in a 304 only the length of the 200.
        if response.status not in (HTTPStatus.NOT_MODIFIED, HTTPStatus.NO_CONTENT):
            headers.append(("Content-Length", str(response.length)))
        reason = HTTPStatus(response.status).phrase.encode("ascii")
        return self._http.send(
            h11.Response(status_code=response.status, headers=headers, reason=reason)
        )

    def body(self, data: bytes) -> bytes:
        """A part of the body."""
        return self._http.send(h11.Data(data=data))

    def end(self) -> bytes:
        """The end of the body."""
        return self._http.send(h11.EndOfMessage())
