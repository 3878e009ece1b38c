"""Finds the JSON objects of a JIM client in a stream of bytes without delimiters. Sans-I/O.

An object ends at the brace that closes its first one; braces in strings do not count. For example,
``{"a": "}"}{"b": 1`` is scanned like this::

    {        depth 1
    "a"      a string
    "}"      a string, so its brace is skipped
    }        depth 0: the first object ends here
    {        depth 1
    "b"      a string; then the end of what was received: the second object is not complete

In a string, a backslash escapes the byte after it, such as a quote. The position, the depth and
whether the position is in a string are kept until more is received: each byte is scanned once,
wherever the stream is cut.
"""

import re
from typing import Final

from chatd.chat import limits
from chatd.chat.errors import BrokenObject

_WHITE_SPACE: Final = b" \t\r\n"
#: The bytes that matter outside of a string, and inside of one.
_STRUCTURE: Final = re.compile(rb'[{}"]')
_IN_STRING: Final = re.compile(rb'["\\]')


class ObjectSplitter:
    """Cuts a stream of bytes into JSON objects; it does not decode them."""

    def __init__(self) -> None:
        self._buffer = b""
        self._scanned = 0
        self._depth = 0
        self._in_string = False

    @property
    def is_inside(self) -> bool:
        """Whether an object has begun and not ended."""
        return self._depth > 0

    def feed(self, data: bytes) -> None:
        """Add received bytes."""
        self._buffer += data

    def next(self) -> bytes | None:
        """The next whole object; None if it has not all been received.

        :raises BrokenObject: if the next bytes are not an object, or one that is too long. Nothing
            shows where the object after it begins, so the splitter cannot be used any more.
        """
        if not self._scanned:
            self._buffer = self._buffer.lstrip(_WHITE_SPACE)
            if self._buffer and not self._buffer.startswith(b"{"):
                raise BrokenObject("it expected a JSON object")
        end = self._end()
        if (end or len(self._buffer)) > limits.JIM_OBJECT_BYTES:
            raise BrokenObject(f"an object may have at most {limits.JIM_OBJECT_BYTES} bytes")
        if end is None:
            return None
        frame, self._buffer = self._buffer[:end], self._buffer[end:]
        self._scanned = 0
        return frame

    def _end(self) -> int | None:
        """Where the object at the beginning of the buffer ends; None if its end is not received."""
        while True:
            found = (_IN_STRING if self._in_string else _STRUCTURE).search(
                self._buffer, self._scanned
            )
            if found is None:
                self._scanned = len(self._buffer)
                return None
            self._scanned = found.end()
            match found[0]:
                case b"{":
                    self._depth += 1
                case b"}":
                    self._depth -= 1
                    if not self._depth:
                        return self._scanned
                case b'"':
                    self._in_string = not self._in_string
                case _ if len(self._buffer) > self._scanned:
                    self._scanned += 1  # after a backslash: skip what it escapes
                case _:
                    self._scanned -= 1  # not received yet: scan the backslash again with it
                    return None
