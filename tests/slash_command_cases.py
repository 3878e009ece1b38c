"""The cases of tests/slash_commands.json: typed lines, and what they mean anywhere."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from chatd.chat import commands, order_commands
from chatd.chat.errors import Refusal
from chatd.wire import user_inputs


@dataclass(frozen=True, slots=True)
class Case:
    """A line, and what becomes of it.

    :ivar kind: the type of the frame that is sent; empty if none is.
    :ivar to: the recipients of a private message.
    :ivar text: the text of a message; if the line is refused, a part of the reason.
    :ivar search: the data of a search.
    :ivar target: where the line is typed.
    :ivar data: all data of the frame.
    """

    line: str
    kind: str
    to: tuple[str, ...] = ()
    text: str = ""
    search: dict[str, Any] | None = None
    target: str = "#lobby"
    data: Any = None


def _load() -> list[Case]:
    tables = json.loads(Path(__file__).with_name("slash_commands.json").read_text())
    return [
        *(Case(line, "private", tuple(to), text) for line, to, text in tables["private"]),
        *(Case(line, "message", (), text) for line, text in tables["message"]),
        *(Case(line, "", (), text) for line, text in tables["refused"]),
        *(Case(line, kind) for line, kind in tables["command"]),
        *(Case(line, "search", search=data) for line, data in tables["search"]),
        *(
            Case(line, kind, (), "" if kind else data, target=target, data=data)
            for target, line, kind, data in tables["anywhere"]
        ),
    ]


CASES: Final = _load()

#: A target, a line that is still being typed there, and to whom it will go privately.
RECIPIENTS: Final[list[tuple[str, str, list[str]]]] = json.loads(
    Path(__file__).with_name("slash_commands.json").read_text()
)["recipients"]


def _search_data(search: commands.Search) -> dict[str, Any]:
    filters = {"room": search.room, "from": search.source, "since": search.since}
    return {"words": search.words} | {
        key: value for key, value in filters.items() if value is not None
    }


def _action(command: commands.SendMessage | commands.SendPrivate) -> dict[str, bool]:
    return {"action": True} if command.action else {}


def _given(command: object, *names: str) -> dict[str, Any]:
    """Those of its values that are not left out."""
    values = ((name, getattr(command, name)) for name in names)
    return {name: value for name, value in values if value not in (None, "", False)}


_BAN: Final = ("nickname", "room", "seconds", "reason")

#: The frame of each command: its type and its data.
_FRAMES: Final[dict[type, Any]] = {
    commands.SendMessage: lambda command: (
        "message",
        {"text": command.text, "room": command.room, **_action(command)},
    ),
    commands.SendPrivate: lambda command: (
        "private",
        {"text": command.text, "to": list(command.to), **_action(command)},
    ),
    commands.SetTopic: lambda command: ("topic", {"room": command.room, "text": command.text}),
    commands.ReadTopic: lambda command: ("topic", {"room": command.room}),
    commands.SetAway: lambda command: ("away", {"text": command.text}),
    commands.WhoIs: lambda command: ("whois", {"nickname": command.nickname}),
    user_inputs.OpenPrivate: lambda command: ("open-private", {"to": list(command.to)}),
    user_inputs.ClosePrivate: lambda command: ("close-private", {"to": list(command.to)}),
    user_inputs.Ignore: lambda command: (
        "ignore",
        None if command.nickname is None else {"nickname": command.nickname},
    ),
    user_inputs.Unignore: lambda command: ("unignore", {"nickname": command.nickname}),
    user_inputs.Clear: lambda command: ("clear", None),
    user_inputs.WhoAmI: lambda command: ("who-am-i", None),
    user_inputs.ShowInvite: lambda command: ("show-invite", None),
    commands.Rename: lambda command: ("set-name", {"nickname": command.nickname}),
    commands.JoinRoom: lambda command: ("join", _given(command, "room", "key")),
    commands.LeaveRoom: lambda command: ("leave", {"room": command.room}),
    commands.ListUsers: lambda command: (
        "users",
        None if command.room is None else {"room": command.room},
    ),
    commands.ListRooms: lambda command: ("rooms", None),
    commands.Quit: lambda command: ("quit", None),
    commands.ReadHistory: lambda command: (
        "history",
        {"room": command.room, "limit": command.limit},
    ),
    commands.Search: lambda command: ("search", _search_data(command)),
    user_inputs.MoreResults: lambda command: ("more-results", None),
    user_inputs.SwitchRoom: lambda command: ("switch-room", {"room": command.room}),
    user_inputs.Help: lambda command: ("help", _given(command, "is_for_hosts") or None),
    user_inputs.SendPath: lambda command: ("send-path", asdict(command)),
    user_inputs.SavePath: lambda command: ("save-path", asdict(command)),
    order_commands.Kick: lambda command: ("kick", _given(command, "nickname", "room", "reason")),
    order_commands.Ban: lambda command: ("ban", _given(command, *_BAN)),
    order_commands.Unban: lambda command: ("unban", _given(command, "nickname", "room")),
    order_commands.Mute: lambda command: ("mute", _given(command, *_BAN)),
    order_commands.Unmute: lambda command: ("unmute", _given(command, "nickname", "room")),
    order_commands.Invite: lambda command: ("invite", asdict(command)),
    order_commands.SetRole: lambda command: (
        "role",
        asdict(command) if not command.given else _given(command, "nickname", "room", "role"),
    ),
    order_commands.ListBans: lambda command: ("bans", _given(command, "room") or None),
    order_commands.ChangeRoom: lambda command: (
        "set-room",
        {key: value for key, value in asdict(command).items() if value is not None},
    ),
    order_commands.RemoveMessage: lambda command: ("remove", asdict(command)),
    order_commands.GiveHostCode: lambda command: ("host", asdict(command)),
    user_inputs.PromptPrivate: lambda command: ("prompt-private", None),
}


def as_frame(user_input: Any) -> tuple[str, Any]:
    """The type and the data of the frame for a command."""
    frame: tuple[str, Any] = _FRAMES[type(user_input)](user_input)
    return frame


def assert_is(case: Case, read: Callable[[str, str], Any]) -> None:
    """Assert that `read` makes of the case's line what it should."""
    try:
        kind, data = as_frame(read(case.line, case.target))
    except Refusal as refusal:
        kind, data = "", {"text": str(refusal)}
    assert_frame(case, kind, data)


def assert_frame(case: Case, kind: str, data: Any) -> None:
    """Assert that a frame, or the text of a refusal if `kind` is empty, is that of the case."""
    assert kind == case.kind, case
    if kind != "" and case.data is not None:
        assert data == case.data, case
    elif kind == "":
        assert case.text in data["text"], case
    elif case.search is not None:
        assert data == case.search, case
    elif case.text:
        assert (data["text"], tuple(data.get("to", ()))) == (case.text, case.to), case
