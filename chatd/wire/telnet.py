"""The Telnet protocol (RFC 854 and 855), as far as a server of lines needs it. Pure.

A client such as ``telnet`` may send commands between the characters of a line: a byte of 255 (IAC),
which no UTF-8 text has, and one or more bytes after it. This server has no options. It refuses each
once, as RFC 854 asks of a side that does not want one; a second request would be a loop.

=========================  ===========================================================
what the client sends      what happens
=========================  ===========================================================
CR LF, CR NUL, CR, LF      the line ends
WILL, DO and an option     refused, once for each option
DO TIMING-MARK             refused each time. ``telnet`` sends it after Ctrl-C, and shows
                           nothing more until it is answered (RFC 860)
SB … SE                    ignored: it belongs to an option
AYT                        answered: the server is there
EC, EL                     the last character, or the line as typed so far, is erased
IP, BRK (Ctrl-C)           the same as EL
NUL, other commands        ignored
=========================  ===========================================================
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import ClassVar, Final

#: Erases the last character of a line, in the text that :meth:`TelnetDecoder.decode` returns.
ERASE_CHARACTER: Final = b"\x7f"
#: Erases the line as typed so far.
ERASE_LINE: Final = b"\x15"

_IAC, _DONT, _DO, _WONT, _WILL, _SB, _SE = 255, 254, 253, 252, 251, 250, 240
_TIMING_MARK: Final = 6
#: A subnegotiation (a terminal's type, its size) has a few bytes.
_MAX_SUBNEGOTIATION_BYTES: Final = 1_024
_NUL, _LF, _CR = 0, 10, 13

_REFUSALS: Final = {_WILL: _DONT, _DO: _WONT}
#: The text that a command stands for: IP, BRK and EL; EC; IAC, a byte of 255.
_TEXTS: Final = {
    244: ERASE_LINE,
    243: ERASE_LINE,
    248: ERASE_LINE,
    247: ERASE_CHARACTER,
    _IAC: b"\xff",
}
_REPLIES: Final = {246: b"[Server]: The server is here.\n"}  # AYT


class _State(Enum):
    TEXT = auto()
    COMMAND = auto()  # after IAC
    OPTION = auto()  # after WILL, WONT, DO or DONT
    SUBNEGOTIATION = auto()
    SUBNEGOTIATION_COMMAND = auto()  # after IAC in a subnegotiation


#: The state after a command that has something behind it.
_STATES: Final = dict.fromkeys((_WILL, _WONT, _DO, _DONT), _State.OPTION) | {
    _SB: _State.SUBNEGOTIATION
}


class TelnetDecoder:
    """Takes the Telnet commands out of a stream.

    :ivar is_telnet: whether there was a command: such a client ends its lines.
    """

    def __init__(self) -> None:
        self.is_telnet = False
        self._state = _State.TEXT
        self._command = 0
        self._refused: set[tuple[int, int]] = set()
        self._is_after_cr = False
        self._ignored = 0
        self._text = self._replies = bytearray()

    def decode(self, data: bytes) -> tuple[bytes, bytes]:
        """The text in `data`, with LF for every line end, and what to send to the client."""
        if self._state is _State.TEXT and not self._is_after_cr and not _needs_decoding(data):
            return data, b""  # what nearly everyone sends
        self._text, self._replies = bytearray(), bytearray()
        for byte in data:
            self._handlers[self._state](self, byte)
        return bytes(self._text), bytes(self._replies)

    def _handle_text(self, byte: int) -> None:
        if byte == _IAC:
            self._state = _State.COMMAND
            return
        is_after_cr, self._is_after_cr = self._is_after_cr, byte == _CR
        if byte == _CR:
            self._text.append(_LF)  # at once: what may follow it belongs to the same line end
        elif byte != _NUL and not (byte == _LF and is_after_cr):
            self._text.append(byte)

    def _handle_command(self, byte: int) -> None:
        if self._ends_line(byte):
            return
        self.is_telnet = True
        self._command = byte
        self._state = _STATES.get(byte, _State.TEXT)
        self._ignored = 0
        self._text += _TEXTS.get(byte, b"")
        reply = _REPLIES.get(byte, b"")
        if reply not in self._replies:  # once for each piece, or two bytes would be answered by 30
            self._replies += reply

    def _ends_line(self, byte: int) -> bool:
        """A line end within a command: this is no Telnet, but bytes that are not UTF-8."""
        if byte not in (_LF, _CR):
            return False
        self._state = _State.TEXT
        self._text += b"\xff"
        self._handle_text(byte)
        return True

    def _handle_option(self, byte: int) -> None:
        if self._ends_line(byte):
            return
        self._state = _State.TEXT
        self._replies += self._refuse(byte)

    def _handle_subnegotiation(self, byte: int) -> None:
        self._ignored += 1
        if self._ignored > _MAX_SUBNEGOTIATION_BYTES:
            self._state = _State.TEXT  # this is no Telnet
        elif byte == _IAC:
            self._state = _State.SUBNEGOTIATION_COMMAND

    def _handle_subnegotiation_command(self, byte: int) -> None:
        self._state = _State.TEXT if byte == _SE else _State.SUBNEGOTIATION

    #: Of the class, and not of each decoder: its own methods would be a cycle of references.
    _handlers: ClassVar[dict[_State, Callable[["TelnetDecoder", int], None]]] = {
        _State.TEXT: _handle_text,
        _State.COMMAND: _handle_command,
        _State.OPTION: _handle_option,
        _State.SUBNEGOTIATION: _handle_subnegotiation,
        _State.SUBNEGOTIATION_COMMAND: _handle_subnegotiation_command,
    }

    def _refuse(self, option: int) -> bytes:
        refusal = _REFUSALS.get(self._command)
        if refusal is None:
            return b""  # WONT and DONT: it is off already
        key = (refusal, option)
        if key in self._refused and option != _TIMING_MARK:
            return b""
        self._refused.add(key)
        return bytes((_IAC, refusal, option))


def _needs_decoding(data: bytes) -> bool:
    return any(byte in data for byte in (b"\xff", b"\r", b"\0"))


def edited(line: str) -> str:
    """`line` as its user meant it: with backspaces, DEL, and an erased line carried out."""
    if not any(control in line for control in "\b\x7f\x15"):
        return line
    characters: list[str] = []
    for character in line:
        if character == "\x15":
            characters.clear()
        elif character not in "\b\x7f":
            characters.append(character)
        elif characters:
            characters.pop()
    return "".join(characters)
