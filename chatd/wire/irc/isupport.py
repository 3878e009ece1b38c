"""RPL_ISUPPORT (005), by which a server tells a client its limits and features. Pure.

Source: https://modern.ircdocs.horse/#rplisupport-005.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

#: Tokens in one line: besides them it has the client's nickname and a sentence, and no line has
#: more than 15 parameters.
_TOKENS: Final = 13

#: A value may have these characters only as ``\xHH``; a server's name may have them.
_TO_ESCAPE: Final = re.compile(r"[\\= ]")


def isupport_lines(tokens: Mapping[str, str | None], max_bytes: int) -> Iterator[tuple[str, ...]]:
    """The parameters of each line of 005, without nickname and sentence.

    :param tokens: the features by their names; one without a value has None.
    :param max_bytes: for the tokens of one line, with the spaces between them.
    """
    line: list[str] = []
    size = 0
    for name, value in tokens.items():
        token = name if value is None else f"{name}={_escape(value)}"
        added = len(token.encode()) + 1
        if line and (len(line) == _TOKENS or size + added > max_bytes):
            yield tuple(line)
            line, size = [], 0
        line.append(token)
        size += added
    if line:
        yield tuple(line)


def _escape(value: str) -> str:
    return _TO_ESCAPE.sub(lambda found: f"\\x{ord(found[0]):02X}", value)
