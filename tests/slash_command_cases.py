"""The cases of tests/slash_commands.json: typed lines, and what they mean anywhere."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chatd.chat import commands
from chatd.chat.errors import Refusal
from chatd.wire import slash_commands


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
    slash_commands.OpenPrivate: lambda command: ("open-private", {"to": list(command.to)}),
    slash_commands.ClosePrivate: lambda command: ("close-private", {"to": list(command.to)}),
    slash_commands.Ignore: lambda command: (
        "ignore",
        None if command.nickname is None else {"nickname": command.nickname},
    ),
    slash_commands.Unignore: lambda command: ("unignore", {"nickname": command.nickname}),
    slash_commands.Clear: lambda command: ("clear", None),
    slash_commands.WhoAmI: lambda command: ("who-am-i", None),
    slash_commands.ShowInvite: lambda command: ("show-invite", None),
    commands.Rename: lambda command: ("set-name", {"nickname": command.nickname}),
    commands.JoinRoom: lambda command: ("join", {"room": command.room}),
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
    slash_commands.MoreResults: lambda command: ("more-results", None),
    slash_commands.SwitchRoom: lambda command: ("switch-room", {"room": command.room}),
    slash_commands.Help: lambda command: ("help", None),
    slash_commands.PromptPrivate: lambda command: ("prompt-private", None),
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
