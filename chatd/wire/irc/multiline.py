"""The message of several lines that a client is sending: it opens a batch, and closes it. Pure.

Source: https://ircv3.net/specs/extensions/multiline.
"""

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from chatd.chat import irc_limits, limits
from chatd.chat.names import casefold
from chatd.wire.irc.lines import Line
from chatd.wire.irc.text import ClientText, is_request, read_text, remove_formatting

#: The tag of a line that continues the one before it.
CONCAT: Final = "draft/multiline-concat"
#: The commands of the lines of a batch.
COMMANDS: Final = frozenset({"PRIVMSG", "NOTICE"})


class Fault(NamedTuple):
    """Why a batch is no message: the code of a standard reply, its context and its sentence."""

    code: str
    context: tuple[str, ...]
    text: str


class Part(NamedTuple):
    """The text of one line; it may continue the one before it."""

    text: str
    continues: bool


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """What has come of it.

    :ivar reference: its name, by which the client marks its lines.
    :ivar label: of the answer to the whole.
    :ivar tags: those for the recipients, as IRC writes them.
    :ivar command: of its lines; empty before the first.
    :ivar size: the bytes of the text so far.
    :ivar has_failed: whether what still comes of it is thrown away.
    """

    reference: str
    target: str
    label: str = ""
    tags: str = ""
    command: str = ""
    parts: tuple[Part, ...] = ()
    size: int = 0
    has_failed: bool = False

    def has(self, line: Line) -> bool:
        """Whether `line` belongs to it, or closes it."""
        if line.command == "BATCH":
            return line.params[:1] == (f"-{self.reference}",)
        return line.command in COMMANDS and line.tags.get("batch") == self.reference

    def failed(self) -> "OpenBatch":
        """The batch of which nothing comes any more, and which was answered."""
        return replace(self, label="", parts=(), has_failed=True)

    def is_paid(self, line: Line) -> bool:
        """Whether an earlier line has paid for this one: one pays for some that follow it."""
        is_free = len(self.parts) % irc_limits.IRC_BATCH_LINES != 0
        return is_free and not self.has_failed and line.command != "BATCH" and self.has(line)


def add(batch: OpenBatch, line: Line) -> OpenBatch | Fault:
    """`batch` with one line more, or why it cannot have that."""
    target, *rest = line.params or ("*",)
    text = rest[0] if rest else ""
    if casefold(target) != casefold(batch.target):
        return Fault(
            "MULTILINE_INVALID_TARGET",
            (batch.target, target or "*"),
            "All lines of a message are for one target",
        )
    if batch.command not in ("", line.command):
        return invalid("A message is either a PRIVMSG or a NOTICE")
    continues = CONCAT in line.tags and bool(batch.parts)
    if continues and not text:
        return invalid("A blank line cannot continue another one")
    separator = 1 if batch.parts and not continues else 0
    size = batch.size + len(text.encode()) + separator
    if size > limits.MESSAGE_CHARACTERS:
        most = limits.MESSAGE_CHARACTERS
        return Fault(
            "MULTILINE_MAX_BYTES", (str(most),), f"A message may have at most {most} bytes"
        )
    if len(batch.parts) >= limits.MESSAGE_LINES:
        most = limits.MESSAGE_LINES
        return Fault(
            "MULTILINE_MAX_LINES", (str(most),), f"A message may have at most {most} lines"
        )
    parts = (*batch.parts, Part(text, continues))
    return replace(batch, command=line.command, parts=parts, size=size)


def invalid(text: str) -> Fault:
    """Any other fault."""
    return Fault("MULTILINE_INVALID", (), text)


def compose(batch: OpenBatch) -> ClientText | Fault | None:
    """The text of the whole; None for a request to other clients."""
    if not batch.parts:
        return invalid("A message needs a line")
    if is_request(batch.parts[0].text):
        return read_text("".join(_separated(batch.parts)))
    shown = [Part(remove_formatting(text), continues) for text, continues in batch.parts]
    cuts = []
    position = 0
    for part, separated in zip(shown, _separated(shown), strict=True):
        if part.continues and part.text and position:
            cuts.append(position)
        position += len(separated)
    text = "".join(_separated(shown))
    if not text or text.isspace():
        return invalid("A message needs some text")
    return ClientText(text, cuts=tuple(cuts))


def _separated(parts: list[Part] | tuple[Part, ...]) -> list[str]:
    """The texts of `parts`, each with the line end before it, if there is one."""
    return [
        text if continues or not number else f"\n{text}"
        for number, (text, continues) in enumerate(parts)
    ]
