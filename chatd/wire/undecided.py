"""The main port before its first line: native or basic? (SPEC §5)"""

from dataclasses import dataclass

from chatd.wire.basic import Basic
from chatd.wire.dialect import Dialect
from chatd.wire.native import Native, is_hello


@dataclass(frozen=True, slots=True)
class Detecting(Native):
    """Native until the first line shows what it is: ``hello`` is native, anything else basic."""

    def detect(self, frame: bytes) -> Dialect:
        """The dialect that the first line is in."""
        return Native() if is_hello(frame) else Basic(is_first=False)
