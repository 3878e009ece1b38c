"""Sentences for what hosts and operators do; ``chatd/web/static/`` has the same words. Pure."""

from collections.abc import Callable
from typing import Final

from chatd.chat.durations import because, duration, lasting
from chatd.chat.moderation_events import BanEntry, Bans, Moderation, Restricted
from chatd.chat.names import LOBBY

#: The participles of the kinds of bans.
_PARTICIPLES: Final = {"ban": "banned", "mute": "muted"}


def describe(event: Moderation | Restricted | Bans, now: int) -> list[str]:
    """The sentences for an event or a reply; a list of bans has one for each.

    :param now: in milliseconds since 1970, for how long something still lasts.
    """
    match event:
        case Moderation(what=what):
            return [_MODERATION[what](event)] if what in _MODERATION else []
        case Restricted(what=what):
            return [_RESTRICTED[what](event, now)] if what in _RESTRICTED else []
        case Bans(bans=bans):
            nobody = f"Nobody is banned from {_chat_or(event.room)} or muted there."
            return [_ban(entry, now) for entry in bans] or [nobody]


def _chat_or(room: str | None) -> str:
    return "the chat" if room is None else room


def _in(room: str | None) -> str:
    return "" if room is None else f" in {room}"


def _left(until: int, now: int) -> str:
    """`` for 10 min``; nothing without an end."""
    return lasting(max(until - now, 1)) if until else ""


def _removed_message(event: Moderation) -> str:
    whose = "" if event.by == event.nickname else f" of {event.nickname}"
    room = "" if event.room == LOBBY else _in(event.room)
    return f"{event.by} removed message {event.seq}{whose}{room}{because(event.reason)}."


def _switch(on: str, off: str) -> Callable[[Moderation], str]:
    """A describer of a setting; `on` and `off` have the places ``{by}`` and ``{room}``."""
    return lambda event: (on if event.value else off).format(by=event.by, room=event.room)


def _slow(event: Moderation) -> str:
    if not event.value:
        return f"{event.room} is not slow any more ({event.by})."
    between = duration(1_000 * event.value)
    return f"{event.by} made {event.room} slow: {between} between two messages of one member."


def _limit(event: Moderation) -> str:
    if not event.value:
        return f"{event.room} has no limit any more ({event.by})."
    return f"{event.by} gave {event.room} a limit: nobody else may join {event.value} members."


_MODERATION: Final[dict[str, Callable[[Moderation], str]]] = {
    "kick": lambda event: f"{event.by} removed {event.nickname} from {_chat_or(event.room)}.",
    "ban": lambda event: f"{event.by} banned {event.nickname} from {_chat_or(event.room)}.",
    "unban": lambda event: f"{event.by} lifted the ban on {event.nickname}{_in(event.room)}.",
    "mute": lambda event: f"{event.by} muted {event.nickname}{_in(event.room)}.",
    "unmute": lambda event: f"{event.by} unmuted {event.nickname}{_in(event.room)}.",
    "host": lambda event: f"{event.nickname} is a host now.",
    "unhost": lambda event: f"{event.nickname} is not a host any more.",
    "invite": lambda event: f"{event.by} invited {event.nickname} to {event.room}.",
    "operator": lambda event: f"{event.by} made {event.nickname} an operator of {event.room}.",
    "unoperator": lambda event: (
        f"{event.nickname} is not an operator of {event.room} any more ({event.by})."
    ),
    "voice": lambda event: (
        f"{event.by} gave {event.nickname} a voice in {event.room}, also while it is read-only."
    ),
    "unvoice": lambda event: (
        f"{event.nickname} has no voice of its own in {event.room} any more ({event.by})."
    ),
    "remove": _removed_message,
    "read-only": _switch("{by} made {room} read-only.", "{room} is not read-only any more ({by})."),
    "slow": _slow,
    "closed": _switch(
        "{by} closed {room}: nobody else may join it.", "{room} is open again ({by})."
    ),
    "key": _switch(
        "{by} gave {room} a key: joining needs the word, and the room is for its members alone.",
        "Joining {room} needs no word any more ({by}); the room stays for its members alone.",
    ),
    "topic-lock": _switch(
        "{by} locked the topic of {room}.", "The topic of {room} is not locked any more ({by})."
    ),
    "limit": _limit,
    "private": _switch(
        "{by} made {room} private: until it ends, it is for its members alone.",
        "{room} is not private ({by}).",
    ),
}


def _by(nickname: str) -> str:
    return f" by {nickname}" if nickname else ""


_RESTRICTED: Final[dict[str, Callable[[Restricted, int], str]]] = {
    "kick": lambda event, now: (
        f"You were removed from {_chat_or(event.room)}{_by(event.by)}{because(event.reason)}."
        " You may come back."
    ),
    "ban": lambda event, now: (
        f"You are banned from {_chat_or(event.room)}"
        f"{_left(event.until, now)}{because(event.reason)}."
    ),
    "mute": lambda event, now: (
        f"You are muted{_in(event.room)}{_left(event.until, now)}{because(event.reason)}."
    ),
    "unmute": lambda event, now: f"You are not muted{_in(event.room)} any more.",
    "remove": lambda event, now: (
        f"Your message {event.seq}{_in(event.room)} was removed"
        f"{_by(event.by)}{because(event.reason)}."
    ),
}


def _ban(entry: BanEntry, now: int) -> str:
    what = _PARTICIPLES.get(entry.what, entry.what)
    address = ", with the address" if entry.address else ""
    left = _left(entry.until, now)
    return f"{entry.nickname} is {what}{left}{address} (by {entry.by}){because(entry.reason)}."
