"""The nicknames that the user ignores: what they say, their coming and their leaving is not shown.

They are remembered in a file of the state directory, one JSON string a line. It is read at each
start, and written anew at each change, with what other clients have added meanwhile.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from chatd.chat import events, limits
from chatd.chat.moderation_events import Invited
from chatd.chat.names import casefold
from chatd.state_directory import state_directory
from chatd.wire.rendering import escape

_FILE_NAME: Final = "ignored-nicknames"
#: Of a longer file only the beginning is read.
_FILE_BYTES: Final = 65_536


class IgnoredNicknames:
    """The nicknames that the user ignores, in any case.

    :param path: the file; None to forget them at the end.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._names = self._load()

    @property
    def names(self) -> list[str]:
        """The nicknames, as they were typed."""
        return list(self._names.values())

    def add(self, nickname: str) -> str:
        """Ignore `nickname` from now on; return a sentence for the user."""
        self._names = self._load() | self._names
        if casefold(nickname) not in self._names and len(self._names) >= limits.IGNORED_NICKNAMES:
            return (
                f"You ignore {limits.IGNORED_NICKNAMES} nicknames already; "
                "/unignore NAME makes room for another one."
            )
        self._names[casefold(nickname)] = nickname
        name = escape(nickname)
        return f"You ignore {name} from now on; /unignore {name} ends that.{self._save()}"

    def remove(self, nickname: str) -> str:
        """Ignore `nickname` no longer; return a sentence for the user."""
        self._names = self._load() | self._names
        name = self._names.pop(casefold(nickname), None)
        if name is None:
            return f"You do not ignore {escape(nickname)}. /ignore lists whom you ignore."
        return f"You see again what {escape(name)} says.{self._save()}"

    def without_ignored(self, event: object) -> object | None:
        """What of an event or a reply is to be shown; None for nothing."""
        if not self._names:
            return event
        match event:
            case events.Message(source=name) | events.PrivateMessage(source=name):
                return None if self._has(name) else event
            case events.MemberEntered(name) | events.MemberLeft(name) | events.AwayChanged(name):
                return None if self._has(name) else event
            case Invited(by=name):
                return None if self._has(name) else event
            case events.RoomJoined(nickname=name) | events.RoomLeft(nickname=name):
                return None if self._has(name) else event
            case events.History() | events.Missed() | events.SearchResult():
                shown = tuple(each for each in event.messages if not self._has(each.source))
                return replace(event, messages=shown)
            case _:
                return event

    def _has(self, nickname: str) -> bool:
        return casefold(nickname) in self._names

    def _load(self) -> dict[str, str]:
        """What the file has; nothing, if it cannot be read."""
        if self._path is None:
            return {}
        try:
            # Non-blocking: opening a pipe, if there is one in its place, would wait for a writer.
            handle = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as file:
                lines = file.read(_FILE_BYTES).splitlines()
        except OSError:
            return {}
        names: dict[str, str] = {}
        for line in lines:
            with suppress(msgspec.MsgspecError, ValueError):
                name = msgspec.json.decode(line, type=str)
                names[casefold(name)] = name
        return dict(list(names.items())[: limits.IGNORED_NICKNAMES])

    def _save(self) -> str:
        """Write the file; return what the user must know of that, after a space."""
        if self._path is None:
            return ""
        new = self._path.with_name(f"{_FILE_NAME}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.writelines(f"{json.dumps(name)}\n" for name in self._names.values())
            new.replace(self._path)
        except OSError as error:
            with suppress(OSError):
                new.unlink()
            return f" It holds until you leave: {self._path} cannot be written ({error.strerror})."
        return ""


def ignored_file(environment: Mapping[str, str]) -> Path | None:
    """The path of the file; None if the user has no home directory."""
    try:
        return state_directory(environment) / _FILE_NAME
    except RuntimeError:
        return None
