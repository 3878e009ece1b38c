"""Events and replies as lines of text, for terminals and for plain connections. Pure.

Two guarantees are made here. Each line of a message has its sender before it, so that nobody can
forge a line. And what others wrote is escaped, so that no terminal obeys it and no reader is
deceived by it. ``chatd/web/static/escape.js`` has the same rules for the web page.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final
from urllib.parse import quote

from chatd.chat import characters, events, limits
from chatd.chat.errors import NotReached
from chatd.chat.moderation_events import Bans, Invited, Moderation, Restricted
from chatd.chat.names import LOBBY
from chatd.wire import moderation_sentences

_ASTRAL: Final = "\U00010000-\U0010ffff"  # beyond the Basic Multilingual Plane
_ASTRAL_RANGE: Final = f"[{_ASTRAL}](?:-[{_ASTRAL}])?"


def _basic(character_class: str) -> str:
    return re.sub(_ASTRAL_RANGE, "", character_class)


def _astral(character_class: str) -> str:
    return "".join(re.findall(_ASTRAL_RANGE, character_class))


#: Most texts have none of these, whatever their language. (In a class with many ranges beyond the
#: basic plane ``re`` would try one after the other.)
_SUSPECT: Final = re.compile(f"[{_basic(characters.HIDDEN + characters.MARKS)}{_ASTRAL}]")

_JOINERS: Final = "\u200c\u200d"
_SELECTORS: Final = "\ufe00-\ufe0f"
_MONGOLIAN_SELECTORS: Final = "\u180b-\u180d\u180f"
_IDEOGRAPHIC_SELECTORS: Final = "\U000e0100-\U000e01ef"
_TOO_MANY_MARKS: Final = f"(?<=[{characters.MARKS}]{{{limits.MAX_COMBINING_MARKS + 1}}})"

#: A flag of England, Scotland or Wales is one emoji: a black flag, its name in tags, and an end.
_BLACK_FLAG: Final = "\U0001f3f4"
_FLAG: Final = f"{_BLACK_FLAG}[\U000e0030-\U000e0039\U000e0061-\U000e007a]{{1,6}}\U000e007f"

#: Joiners and variation selectors show nothing, but belong to emoji and to some scripts. They are
#: deceptive except behind a character that needs them; Latin, Greek, Cyrillic and Armenian letters,
#: which come before U+0590, do not. Other hidden characters are always deceptive. The characters
#: beyond the basic plane have a branch of their own.
#:
#: What follows a deceptive character in its own class is deceptive as well. So one match is a whole
#: run of them: a history of such characters takes a fifth of the time. A flag matches as well.
_DECEPTIVE: Final = re.compile(
    f"({_FLAG}"
    f"|[{_JOINERS}](?<![\u0590-\u200b\u200e-\U0010ffff][{_JOINERS}])[{_JOINERS}]*"
    f"|[{_SELECTORS}](?<![0-9#*\u00a9\u00ae\u0590-\u200b\u200e-\ufdff\ufe10-\U0010ffff][{_SELECTORS}])"
    f"[{_SELECTORS}]*"
    f"|[{_MONGOLIAN_SELECTORS}](?<![\u1820-\u18aa][{_MONGOLIAN_SELECTORS}])[{_MONGOLIAN_SELECTORS}]*"
    f"|(?:(?![{_JOINERS}{_SELECTORS}{_MONGOLIAN_SELECTORS}])[{_basic(characters.HIDDEN)}])+"
    f"|[{_basic(characters.MARKS)}]{_TOO_MANY_MARKS}[{_basic(characters.MARKS)}]*"
    f"|[{_ASTRAL}](?:"
    f"(?<=[{_IDEOGRAPHIC_SELECTORS}])"
    f"(?<![\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd][{_IDEOGRAPHIC_SELECTORS}])"
    f"[{_IDEOGRAPHIC_SELECTORS}]*"
    f"|(?<=[{_astral(characters.HIDDEN)}])(?<![{_IDEOGRAPHIC_SELECTORS}])"
    f"(?:(?![{_IDEOGRAPHIC_SELECTORS}])[{_astral(characters.HIDDEN)}])*"
    f"|(?<=[{_astral(characters.MARKS)}]){_TOO_MANY_MARKS}[{_astral(characters.MARKS)}]*))"
)


class _CodePoints(dict[int, str]):
    """For ``str.translate``: what stands in place of a character."""

    def __missing__(self, code_point: int) -> str:
        self[code_point] = shown = f"<U+{code_point:04X}>"
        return shown


_code_points: Final = _CodePoints()


def escape(text: str) -> str:
    r"""`text` with each control, invisible or deceptive character replaced by its code point.

    Replaced are, for example:

    - ``"\x1b[2J"``, which would clear a terminal's screen, becomes ``<U+001B>[2J``; likewise all
      control and format characters (some of which reverse the order of the text after them), line
      and paragraph separators, and halves of surrogate pairs.
    - ``"ice\u2800"``, which looks like ``ice``, becomes ``ice<U+2800>``; likewise all characters
      that show nothing.
    - ``"ic\u200de"``, which looks like it, too, becomes ``ic<U+200D>e``. The same joiner stays
      where it is needed, as between the emoji of a family.
    - The ninth mark on one character and those after it, which would cover the lines above.
    """
    if (
        (text.isascii() and text.isprintable())
        or not _SUSPECT.search(text)  # nearly every text returns here
        or _hidden_and_marks().isdisjoint(text)  # with emoji
    ):
        return text
    parts = _DECEPTIVE.split(text)
    # As _DECEPTIVE.sub would, without a Python frame for each match.
    parts[1::2] = map(_escape_run, parts[1::2])
    return "".join(parts)


@cache
def _hidden_and_marks() -> frozenset[str]:
    """The characters that are perhaps replaced."""
    ranges = re.findall("(.)(?:-(.))?", characters.HIDDEN + characters.MARKS, re.DOTALL)
    return frozenset(
        chr(code_point)
        for first, last in ranges
        for code_point in range(ord(first), ord(last or first) + 1)
    )


@lru_cache(maxsize=256)
def _escape_run(run: str) -> str:
    """The substitute for a match: for deceptive characters, or for a flag."""
    return run if run[0] == _BLACK_FLAG else run.translate(_code_points)


def escape_message(text: str) -> str:
    """The same for a message of which a program shows the lines and tabs."""
    return "".join(
        part if part in ("\n", "\t") else escape(part) for part in re.split("([\n\t])", text)
    )


def render(event: object, now: int = 0, files_url: str = "") -> list[str]:
    """The lines that show an event or a reply; none for replies that need not be shown.

    :param now: in milliseconds since 1970, for how long a ban or a mute still lasts.
    :param files_url: as for :func:`shown_text`.
    """
    match event:
        case events.Message():
            return render_message(event, files_url)
        case events.PrivateMessage(source=source, action=action):
            return prefix_lines("[private] ", source, shown_text(event, files_url), action)
        case events.History(messages=messages):
            return [line for each in messages for line in render_history_entry(each, files_url)]
        case events.Missed(messages=messages):
            notices = [render_notice(sentence) for sentence in describe(event)]
            lines = [line for each in messages for line in render_history_entry(each, files_url)]
            return notices + lines
        case events.SearchResult(messages=messages):
            found = [line for each in reversed(messages) for line in render_found(each, files_url)]
            return [*found, *map(render_notice, describe(event))]
        case _:
            return [render_notice(sentence) for sentence in describe(event, now)]


def describe(event: object, now: int = 0) -> list[str]:
    """The sentences in which the server describes an event or a reply, not escaped; may be none.

    A list has one for each entry. Messages are no sentences of the server.

    :param now: in milliseconds since 1970, for how long a ban or a mute still lasts.
    """
    if isinstance(event, Moderation | Restricted | Bans):
        return moderation_sentences.describe(event, now)
    make = _DESCRIPTIONS.get(type(event))
    return make(event) if make else []


def render_notice(sentence: str) -> str:
    """A sentence of the server as a line."""
    return f"[Server]: {escape(sentence)}"


def render_message(message: events.Message, files_url: str = "") -> list[str]:
    """A message in a room, each of its lines with the sender and any room but the lobby."""
    room = "" if message.room == LOBBY else f"{message.room} "
    text = shown_text(message, files_url)
    return prefix_lines(room, message.source, text, message.action)


def shown_text(message: events.Message | events.PrivateMessage, files_url: str = "") -> str:
    """The text of a message; of a file, its name, size and link; of a removed one, who did it.

    :param files_url: the URL under which files are, as in ``Welcome.files``; without it there is no
        link.
    """
    if message.file is not None:
        link = f": {file_link(message.file, files_url)}" if files_url else ""
        return f"{message.file.name} ({format_size(message.file.bytes)}){link}"
    if isinstance(message, events.Message) and message.removed:
        return f"(removed by {message.removed})"
    return message.text


def file_link(file: events.File, files_url: str) -> str:
    """The URL of `file`, under that of all files."""
    return f"{files_url}{quote(file.id, safe='')}/{quote(file.name, safe='')}"


def format_size(size: int) -> str:
    """A number of bytes in words: ``1.2 MB``."""
    if size >= 100_000:
        return f"{size / 1_000_000:.1f} MB"
    return f"{size / 1_000:.1f} kB" if size >= 1_000 else f"{size} byte{'s' * (size != 1)}"


def as_text(message: events.Message | events.PrivateMessage, files_url: str = "") -> str:
    """The shown text of a message for programs that know no actions: ``* ice waves``."""
    text = shown_text(message, files_url)
    if not message.action:
        return text
    return "\n".join(f"* {message.source} {line}" for line in text.split("\n"))


def render_history_entry(entry: events.Message, files_url: str = "") -> list[str]:
    """A message of the history, each of its lines with date, time, number and sender.

    By its number a message can be removed, and its file can be saved.
    """
    head = f"{_format_time(entry.time)} [{entry.seq}]"
    return [f"{head} {line}" for line in render_message(entry, files_url)]


def render_found(message: events.Message, files_url: str = "") -> list[str]:
    """The same for a message that a search has found, and always with its room."""
    place = f"{_format_time(message.time)} {message.room} "
    return prefix_lines(place, message.source, shown_text(message, files_url), message.action)


def newest_that_fit(parts: Iterable[bytes]) -> bytes:
    """The last of `parts` that fit into one reply (:data:`limits.REPLY_BYTES`), oldest first.

    :param parts: the newest first. Of an iterator, no more are taken than fit, and one: so no more
        of a long history is rendered than is sent.
    """
    kept: list[bytes] = []
    size = 0
    for part in parts:
        size += len(part)
        if size > limits.REPLY_BYTES:
            break
        kept.append(part)
    return b"".join(reversed(kept))


def prefix_lines(place: str, source: str, text: str, action: bool) -> list[str]:  # as in a message
    """The lines of a message with its sender: ``ice: hello``, or ``* ice waves`` for an action.

    :param place: where it was said, with a space behind it; may be empty.
    """
    sender = f"{place}* {source}" if action else f"{place}{source}:"
    return [f"{escape(sender)} {escape(line.expandtabs())}" for line in text.split("\n")]


def _format_time(milliseconds: int) -> str:
    """Date and time of day, in local time; ``?`` for a time that no calendar has."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000).isoformat(" ", "minutes")
    except (OverflowError, OSError, ValueError):
        return "?"


def _users(reply: events.Users) -> list[str]:
    return [
        " ".join(
            [each.nickname, *each.rooms, "since", _format_time(each.since)]
            + ["(host)"] * each.host
            + [f"(operator of {', '.join(each.operator)})"] * bool(each.operator)
            + [f"(voice in {', '.join(each.voice)})"] * bool(each.voice)
            + ["(away)"] * each.away
            + [f"(away: {each.away_text})"] * bool(each.away_text)
        )
        for each in reply.users
    ]


def _user_info(reply: events.UserInfo) -> list[str]:
    rooms = f" in {', '.join(reply.rooms)}" if reply.rooms else ""
    account = ", with a password" * reply.account
    host = ", a host" * reply.host
    operator = f", operator of {', '.join(reply.operator)}" if reply.operator else ""
    voice = f", voice in {', '.join(reply.voice)}" if reply.voice else ""
    lost = "; the connection is lost" * reply.away
    away = f"; away: {reply.away_text}" if reply.away_text else ""
    since = f"{reply.nickname} is here since {_format_time(reply.since)}"
    return [f"{since}{rooms}{account}{host}{operator}{voice}{lost}{away}"]


def _topic(event: events.Topic) -> list[str]:
    if event.text:
        when = f"{event.source}, {_format_time(event.time)}"
        return [f"The topic of {event.room} is: {event.text} ({when})"]
    if event.source:
        return [f"{event.source} has removed the topic of {event.room}"]
    return [f"{event.room} has no topic"]


def _last_text(event: events.RoomLeft | events.MemberLeft) -> str:
    return f": {event.text}" if event.text else ""


def _missed(event: events.Missed) -> list[str]:
    return [f"What was said in {event.room} before this is not kept any more"] * event.gap


def _rooms(reply: events.Rooms) -> list[str]:
    return [
        f"{each.room} {each.members} member{'' if each.members == 1 else 's'}"
        f"{': ' if each.topic else ''}{each.topic}"
        for each in reply.rooms
    ]


def _private_sent(reply: events.PrivateSent) -> list[str]:
    sentences = [str(NotReached(reply.undelivered))] if reply.undelivered else []
    return sentences + [f"{each.nickname} is away: {each.text}" for each in reply.away]


def _search_result(reply: events.SearchResult) -> list[str]:
    if reply.before is not None:
        return ["There are older results: /more shows them."]
    return [] if reply.messages else ["Nothing was found."]


_DESCRIPTIONS: Final[dict[type, Callable[[Any], list[str]]]] = {
    events.MemberEntered: lambda event: [f"{event.nickname} has entered the chat"],
    events.MemberLeft: lambda event: [
        f"{event.nickname} has left the chat ({event.reason}){_last_text(event)}"
    ],
    events.MemberRenamed: lambda event: [f"{event.old} renamed to {event.new}"],
    events.ServerNotice: lambda event: [event.text],
    events.RoomJoined: lambda event: [f"{event.nickname} has joined {event.room}"],
    events.RoomLeft: lambda event: [f"{event.nickname} has left {event.room}{_last_text(event)}"],
    Invited: lambda event: [f"{event.by} invites you to {event.room}: /join {event.room}"],
    events.Topic: _topic,
    events.Entered: lambda reply: [line for topic in reply.topics for line in _topic(topic)],
    events.AwayDone: lambda reply: [
        f"The others know that you are away: {reply.text}" if reply.text else "You are back"
    ],
    events.UserInfo: _user_info,
    events.Users: _users,
    events.Rooms: _rooms,
    events.SearchResult: _search_result,
    events.PrivateSent: _private_sent,
    events.Missed: _missed,
}


def describe_self(
    nickname: str, server: str, *, is_encrypted: bool, is_local: bool, key_words: str
) -> list[str]:
    """The reply to ``/whoami``, in sentences.

    :param is_local: whether client and server are on one host.
    :param key_words: those of the server's key for TLS; empty if it has none.
    """
    if is_encrypted:
        privacy = "over TLS: nobody on the network can read along"
    elif is_local:
        privacy = "without TLS, on the server's own computer"
    else:
        privacy = "without TLS: others on the network can read along"
    sentences = [f"You are {escape(nickname)} on {escape(server)}, {privacy}."]
    if key_words:
        sentences.append(f"The server's key: {key_words}")
    return sentences
