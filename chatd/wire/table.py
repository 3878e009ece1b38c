"""A table in plain text, as the commands print it."""

from collections.abc import Sequence


def table(rows: Sequence[Sequence[str]], aligned: str = "") -> str:
    """`rows`, of which the first one is the heading, in columns; each ends with a newline.

    :param aligned: ``<`` or ``>`` for each column; all are ``<`` if not given.
    """
    sides = aligned or "<" * len(rows[0])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(
        "  ".join(
            f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)
        ).rstrip()
        + "\n"
        for row in rows
    )
