"""Finds the keys in what the terminal sends, and drops everything else.

A terminal sends more than keys: reports of its focus, of the mouse, of its colours and its version,
some late and unasked, and keys in newer encodings. prompt_toolkit takes a sequence that it does not
know for typed characters. So :class:`KeyParser` recognises every control sequence (ECMA-48, section
5.4) and control string (section 5.6), and passes on only those that prompt_toolkit knows.
"""

import re
from typing import Final

from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.input.vt100_parser import Vt100Parser
from typing_extensions import override

_ESCAPE: Final = "\x1b"
_PASTE_BEGIN: Final = "\x1b[200~"
#: A control string, or a sequence, that is longer than this is no such thing.
_MAX_CHARACTERS: Final = 4_096

#: What begins with ESC and is complete. Control strings (OSC, DCS, SOS, PM, APC) end with ST, BEL.
_COMPLETE: Final = re.compile(
    r"\x1b+\[\[[A-E]"  # a function key of the Linux console
    r"|\x1b+\[[0-?]*[ -/]*[@-~]"
    r"|\x1b+[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1bO[0-9;]*[@-~]"
    r"|\x1b+[ -/]*[0-NQ-WYZ`-~\\\x00-\x1a\x1c-\x1f\x7f]"
    r"|\x1b+[^\x00-\x7f]",
    re.DOTALL,
)
#: What begins with ESC, and more may come.
_INCOMPLETE: Final = re.compile(
    r"\x1b+(?:\[\[?[0-?]*[ -/]*|O[0-9;]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)\Z", re.DOTALL
)
#: The cursor's position, and the mouse: prompt_toolkit reads the numbers in these itself.
_REPORT: Final = re.compile(r"\x1b\[(?:[0-9]+;[0-9]+R|<[0-9;]+[mM]|[0-9;]+M)\Z")
_STRING: Final = re.compile(r"\x1b+[\]PX^_]")
_SEQUENCE: Final = re.compile(r"\x1b+(?:\[|O)")
#: The same introducers as one character each (ECMA-48, section 5.3), which some terminals send.
_ONE_CHARACTER: Final = str.maketrans(
    {
        code + offset: _ESCAPE + chr(code - 0x40)
        for code in (0x8F, 0x90, 0x98, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F)
        for offset in (0, 0xDC00)  # as UTF-8, and as a byte that is no UTF-8
    }
)


class KeyParser(Vt100Parser):
    """A parser of prompt_toolkit that is given only what it knows."""

    _pending = ""

    @override
    def feed(self, data: str) -> None:
        """Handle what the terminal has sent; of an incomplete sequence the rest may come later."""
        if self._in_bracketed_paste:
            super().feed(data)
            return
        self._pending += data.translate(_ONE_CHARACTER)
        position = 0
        while position < len(self._pending):
            begin = self._pending.find(_ESCAPE, position)
            if begin != position:
                end = len(self._pending) if begin < 0 else begin
                super().feed(self._pending[position:end])
                position = end
                continue
            found = _COMPLETE.match(self._pending, position)
            if found is None:
                break
            position = found.end()
            if found[0] == _PASTE_BEGIN:
                rest, self._pending = self._pending[position:], ""
                super().feed(_PASTE_BEGIN)
                self.feed(rest)
                return
            if self._is_known(found[0]):
                super().feed(found[0])
        self._pending = self._pending[position:]
        is_incomplete = len(self._pending) <= _MAX_CHARACTERS and _INCOMPLETE.match(self._pending)
        if self._pending and not is_incomplete:
            # Too long, or no sequence at all: without its ESC it would be typed text.
            self._pending = ""

    @override
    def flush(self) -> None:
        """Nothing has come for a while: an ESC is the key, and not the beginning of a sequence."""
        if self._pending and not _STRING.match(self._pending) and not self._is_long():
            pending, self._pending = self._pending, ""
            super().feed(pending)
        super().flush()

    def _is_long(self) -> bool:
        """Whether a sequence has begun that is no key and its first character: the rest is late."""
        found = _SEQUENCE.match(self._pending)
        return found is not None and len(self._pending) > found.end()

    @staticmethod
    def _is_known(sequence: str) -> bool:
        key = sequence.lstrip(_ESCAPE)
        is_with_alt = sequence.count(_ESCAPE) == 2
        return (
            sequence in ANSI_SEQUENCES
            or _REPORT.match(sequence) is not None
            or (is_with_alt and _ESCAPE + key in ANSI_SEQUENCES)
            or len(key) == 1  # Alt and a character
        )
