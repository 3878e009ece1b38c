"""Messages of rooms as ``chatd export`` writes them: text, JSON lines, or a web page. Pure.

No format has a control character, or one that deceives the reader, as it is: a file of any of them
may be shown on a terminal. JSON lines have them as JSON writes them, so that nothing is lost.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from html import escape as escape_html
from typing import Final

import msgspec

from chatd.chat import characters
from chatd.chat.events import Message
from chatd.wire.rendering import escape, escape_message, render_message

#: Pages of messages, oldest first.
Pages = Iterable[list[Message]]

_HIDDEN: Final = re.compile(f"[{characters.HIDDEN}]")

_HTML_HEAD: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }}
h2 {{ font-size: 1rem; border-bottom: 1px solid; padding-top: 1rem; }}
section {{ content-visibility: auto; contain-intrinsic-size: auto 20rem; }}
article {{ display: grid; grid-template-columns: max-content 1fr; column-gap: .75rem; }}
article > p {{ margin: 0; overflow-wrap: anywhere; }}
.text {{ white-space: pre-wrap; }}
.about {{ font-size: .875rem; opacity: .75; }}
@media (max-width: 30rem) {{ article {{ grid-template-columns: 1fr; }} }}
</style>
</head>
<body>
<h1>{title}</h1>
"""


class _Line(msgspec.Struct, frozen=True):
    room: str
    seq: int
    time: int
    source: str
    text: str
    action: bool = False
    removed: str = ""


_line_decoder: Final = msgspec.json.Decoder(_Line)


def as_text(title: str, pages: Pages) -> Iterator[str]:
    """Each line of a message with its local time and its sender, as in a history."""
    for messages in pages:
        lines = []
        for message in messages:
            moment = local_time(message.time)
            stamp = "?" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
            lines += [f"{stamp} {line}\n" for line in render_message(message)]
        yield "".join(lines)


def as_json_lines(title: str, pages: Pages) -> Iterator[str]:
    """A JSON object on each line, with the fields of a ``message`` frame."""
    for messages in pages:
        yield "".join(
            json_line(
                *(each.room, each.seq, each.time, each.source, each.text),
                action=each.action,
                removed=each.removed,
            )
            for each in messages
        )


def json_line(
    room: str,
    seq: int,
    time: int,
    source: str,
    text: str,
    *,
    action: bool = False,
    removed: str = "",
) -> str:
    """One line of :func:`as_json_lines`."""
    fields = {"room": room, "seq": seq, "time": time, "source": source, "text": text}
    if action:
        fields["action"] = True
    if removed:
        fields["removed"] = removed
    line = json.dumps(fields, ensure_ascii=False)
    if not (line.isascii() and line.isprintable()):
        line = _HIDDEN.sub(lambda match: json.dumps(match[0])[1:-1], line)
    return f"{line}\n"


def parse_json_line(line: bytes) -> Message:
    """The message on a line of :func:`as_json_lines`; other fields are ignored.

    :raises ValueError: if it is none.
    """
    fields = _line_decoder.decode(line)
    said = (fields.room, fields.seq, fields.time, fields.source, fields.text)
    return Message(*said, fields.action, removed=fields.removed)


def as_html(title: str, pages: Pages) -> Iterator[str]:
    """One web page that needs nothing else; a section for each day."""
    yield _HTML_HEAD.format(title=_html(title))
    day = None
    for messages in pages:
        parts = []
        for message in messages:
            moment = local_time(message.time)
            today = "?" if moment is None else f"{moment:%Y-%m-%d}"
            if today != day:
                parts.append("" if day is None else "</section>\n")
                parts.append(f"<section>\n<h2>{today}</h2>\n")
                day = today
            parts.append(_html_message(message, moment))
        yield "".join(parts)
    yield "<p>There are no messages.</p>\n" if day is None else "</section>\n"
    yield "</body>\n</html>\n"


def local_time(milliseconds: int) -> datetime | None:
    """The local time, with its offset; None for one that no calendar has."""
    try:
        return datetime.fromtimestamp(milliseconds / 1_000).astimezone()
    except (OverflowError, OSError, ValueError):
        return None


#: Each format, and the function that makes parts of a file of pages of messages.
FORMATS: Final[dict[str, Callable[[str, Pages], Iterator[str]]]] = {
    "text": as_text,
    "jsonl": as_json_lines,
    "html": as_html,
}


def _html_message(message: Message, moment: datetime | None) -> str:
    clock = "?"
    if moment is not None:
        stamp = moment.isoformat(timespec="milliseconds")
        clock = f'<time datetime="{stamp}" title="{stamp}">{moment:%H:%M:%S}</time>'
    removed = f"(removed by {message.removed})"
    shown = removed if message.removed else message.text
    text = escape_html(escape_message(shown), quote=False)
    source = f"<b><bdi>{_html(message.source)}</bdi></b>"
    lines = (
        "\n".join(f"* {source} {line}" for line in text.split("\n"))
        if message.action
        else f"{source}: {text}"
    )
    return (
        f'<article><p class="about">{clock} {_html(message.room)} {message.seq}</p>'
        f'<p class="text" dir="auto">{lines}</p>'
        "</article>\n"
    )


def _html(text: str) -> str:
    return escape_html(escape(text))
