"""RPL_ISUPPORT (005), by which a server tells a client its limits and features. Pure.

Source: https://modern.ircdocs.horse/#rplisupport-005.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from chatd.wire.irc.lines import in_lines

#: Tokens in one line: besides them it has the client's nickname and a sentence, and no line has
#: more than 15 parameters.
_TOKENS: Final = 13

#: A value may have these characters only as ``\xHH``; a server's name may have them.
_TO_ESCAPE: Final = re.compile(r"[\\= ]")


def isupport_lines(tokens: Mapping[str, str | None]) -> Iterator[list[str]]:
    """The parameters of each line of 005, without nickname and sentence.

    :param tokens: the features by their names; one without a value has None.
    """
    words = (
        name if value is None else f"{name}={_escape(value)}" for name, value in tokens.items()
    )
    return in_lines(words, _TOKENS)


def _escape(value: str) -> str:
    return _TO_ESCAPE.sub(lambda found: f"\\x{ord(found[0]):02X}", value)
