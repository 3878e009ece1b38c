"""JSON objects one after another, without any delimiter: where does one end? (SPEC §5, JIM)

Sans-I/O: bytes in, whole objects out. Braces and quotes inside strings do not fool it.
"""

import re
from typing import Final

from chatd.chat import limits
from chatd.chat.errors import BrokenObject

_WHITE_SPACE: Final = b" \t\r\n"
#: What matters outside of a string, and inside of one.
_STRUCTURE: Final = re.compile(rb'[{}"]')
_IN_STRING: Final = re.compile(rb'["\\]')


class ObjectSplitter:
    """Cuts a stream of bytes into JSON objects; each byte is looked at once."""

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
        """Take what came."""
        self._buffer += data

    def next(self) -> bytes | None:
        """The next whole object; None if it has not all come yet.

        :raises BrokenObject: if what comes next is no object, or one that is too long; where the
            one after it begins is anyone's guess.
        """
        if not self._scanned:
            self._buffer = self._buffer.lstrip(_WHITE_SPACE)
            if self._buffer and not self._buffer.startswith(b"{"):
                raise BrokenObject("what came is not a JSON object")
        end = self._end()
        if (end or len(self._buffer)) > limits.JIM_OBJECT_BYTES:
            raise BrokenObject(f"an object may have at most {limits.JIM_OBJECT_BYTES} bytes")
        if end is None:
            return None
        unit, self._buffer = self._buffer[:end], self._buffer[end:]
        self._scanned = 0
        return unit

    def _end(self) -> int | None:
        """Where the object at the beginning of the buffer ends, as far as it has come."""
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
                    self._scanned += 1  # what is escaped
                case _:
                    self._scanned -= 1  # what is escaped has not come yet
                    return None
