"""The hosts, the operators and the settings of rooms, as the server has told them. Pure."""

from typing import Final

from chatd.chat import events
from chatd.chat.durations import duration
from chatd.chat.moderation_events import Moderation, RoomSettings
from chatd.chat.names import casefold

HOST: Final = "host"
OPERATOR: Final = "operator"
#: What the others are told of a role: whether it is that of an operator, or else a voice; and
#: whether it is given.
_ROLE_CHANGES: Final = {
    "operator": (True, True),
    "unoperator": (True, False),
    "voice": (False, True),
    "unvoice": (False, False),
}
#: The casefolded nicknames of those that have a role, by their rooms.
_Members = dict[str, set[str]]


class RoomStates:
    """The roles of members in the rooms, and the settings of the user's rooms."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        # All keys are casefolded names.
        self._hosts: set[str] = set()
        self._operators: _Members = {}
        self._voiced: _Members = {}
        self._settings: dict[str, RoomSettings] = {}
        self._own = ""

    def role(self, nickname: str, room: str) -> str:
        """The role of a member in `room`: ``host``, ``operator`` or nothing."""
        name = casefold(nickname)
        if name in self._hosts:
            return HOST
        return OPERATOR if name in self._operators.get(casefold(room), ()) else ""

    def may_write(self, nickname: str, room: str) -> bool:
        """Whether a member may write in `room`, unless it is muted."""
        if not self._of(room).read_only or self.role(nickname, room):
            return True
        return casefold(nickname) in self._voiced.get(casefold(room), ())

    def describe(self, room: str) -> str:
        """The settings of `room` in words, such as ``read-only, slow 10 s``."""
        settings = self._of(room)
        words = {
            "read-only": settings.read_only,
            f"slow {duration(1_000 * settings.slow)}": settings.slow > 0,
            "closed": settings.closed,
            "keyed": settings.keyed,
            "private": settings.private and not settings.keyed,
            "topic locked": settings.topic_locked,
            f"at most {settings.limit} members": settings.limit > 0,
        }
        return ", ".join(word for word, is_set in words.items() if is_set)

    def update(self, event: object) -> None:  # noqa: C901  # a list, one kind of event a case
        """Take over what an event or a reply says of it."""
        match event:
            case events.Welcome():  # what holds is told anew
                self._clear()
                self._own = casefold(event.nickname)
            case events.RoomLeft(room, nickname) if casefold(nickname) == self._own:
                self._forget(casefold(room))
            case RoomSettings(room):
                self._settings[casefold(room)] = event
            case Moderation(what="host" | "unhost", nickname=nickname):
                self._set_host(nickname, is_host=event.what == "host")
            case Moderation(what, nickname=nickname, room=str(room)) if what in _ROLE_CHANGES:
                is_operator, is_given = _ROLE_CHANGES[what]
                members = self._operators if is_operator else self._voiced
                in_room = members.setdefault(casefold(room), set())
                (in_room.add if is_given else in_room.discard)(casefold(nickname))
            case events.MemberEntered(nickname, host):
                self._set_host(nickname, is_host=host)
            case events.Users(users):
                for user in users:
                    self._set_host(user.nickname, is_host=user.host)
                    self._set_roles(user.nickname, user.operator, user.voice)
            case events.UserInfo(nickname):
                self._set_host(nickname, is_host=event.host)
                self._set_roles(nickname, event.operator, event.voice)
            case events.RoomLeft(room, nickname):
                for members in (self._operators, self._voiced):
                    members.get(casefold(room), set()).discard(casefold(nickname))
            case events.MemberLeft(nickname):
                self._set_host(nickname, is_host=False)
                self._set_roles(nickname, (), ())
            case events.MemberRenamed(old, new):
                self._renamed(casefold(old), casefold(new))

    def _forget(self, room: str) -> None:
        """Forget a room: what changes there from now on is not told to the user."""
        for each in (self._operators, self._voiced, self._settings):
            each.pop(room, None)

    def _of(self, room: str) -> RoomSettings:
        return self._settings.get(casefold(room), RoomSettings(room))

    def _set_host(self, nickname: str, *, is_host: bool) -> None:
        (self._hosts.add if is_host else self._hosts.discard)(casefold(nickname))

    def _set_roles(self, nickname: str, operator: tuple[str, ...], voice: tuple[str, ...]) -> None:
        name = casefold(nickname)
        for members, rooms in ((self._operators, operator), (self._voiced, voice)):
            for in_room in members.values():
                in_room.discard(name)
            for room in rooms:
                members.setdefault(casefold(room), set()).add(name)

    def _renamed(self, old: str, new: str) -> None:
        if old == self._own:
            self._own = new
        for names in (self._hosts, *self._operators.values(), *self._voiced.values()):
            if old in names:
                names.discard(old)
                names.add(new)
