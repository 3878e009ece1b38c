"""The typed commands for files: a part of the table of ``slash_commands``.

``chatd/web/static/file_commands.js`` does the same in the web page; the cases for both are in
tests/slash_commands.json.
"""

from typing import Final

from chatd.chat import limits
from chatd.chat.errors import BadCommand
from chatd.wire import recipients
from chatd.wire.arguments import number, split_room, split_word
from chatd.wire.user_inputs import SavePath, SendPath, SlashCommand, UserInput

#: The quotation marks that may be around a path with spaces, as terminals paste it.
_QUOTES: Final = "'\""


def parse_send(argument: str, target: str) -> SendPath:
    """``/send PATH [@NAME|#ROOM]``; without a path, the user is to choose the file."""
    path, words = _split_path(argument)
    to = " ".join(words)
    if to and to[0] in recipients.HASH:
        return SendPath(path, recipients.read_room(to))
    nicknames = recipients.read_recipients(to)
    return SendPath(path, f"@{','.join(nicknames)}" if nicknames else target)


def _split_path(argument: str) -> tuple[str, list[str]]:
    """The path, and the words behind it that say to whom."""
    path, rest = _unquoted(argument)
    if path:
        if rest and rest[0] not in recipients.AT + recipients.HASH:
            raise BadCommand("Usage: /send PATH [@NAME|#ROOM]")
        return path, rest.split()
    path = argument
    words: list[str] = []
    while len(words) <= limits.RECIPIENTS:
        *head, last = path.rsplit(None, 1) or [""]
        is_room = not words and last[:1] in (*recipients.HASH,)
        if not is_room and last[:1] not in (*recipients.AT,):
            break
        path, words = "".join(head), [last, *words]
        if is_room:
            break
    return path, words


def _unquoted(text: str) -> tuple[str, str]:
    """The path in quotes at the beginning of `text`, empty if there is none, and the rest."""
    if not text or text[0] not in _QUOTES or (end := text.find(text[0], 1)) < 0:
        return "", text
    return text[1:end], text[end + 1 :].strip()


def _get(argument: str, target: str) -> UserInput:
    room, rest = split_room(argument)
    word, path = split_word(rest)
    seq = number(word)
    if not seq:
        raise BadCommand("Usage: /get N [PATH]; N is the number of the message.")
    quoted, behind = _unquoted(path)
    return SavePath(room or target, seq, quoted if quoted and not behind else path)


FILE_COMMANDS: Final = (
    SlashCommand(("/send",), "PATH [@NAME|#ROOM]", "send a file", parse_send),
    SlashCommand(("/get",), "N [PATH]", "save the file of message N", _get),
)
