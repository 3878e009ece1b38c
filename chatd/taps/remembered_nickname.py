"""The nickname that the user had last at a terminal, for the next start."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from twisted.logger import Logger

from chatd.chat import limits, names
from chatd.chat.errors import Refusal
from chatd.client.service import ChatClient
from chatd.state_directory import state_directory

_log: Final = Logger()


def read_nickname(environment: Mapping[str, str]) -> str:
    """The remembered nickname; empty if there is none that is valid."""
    try:
        with _path(environment).open(encoding="utf-8") as file:
            return names.nickname(file.read(limits.NICKNAME_CHARACTERS + 2).strip())
    except (OSError, RuntimeError, UnicodeDecodeError, Refusal):
        return ""


def save_nickname(nickname: str, environment: Mapping[str, str]) -> None:
    """Remember `nickname`, if there is a place for it."""
    if nickname == read_nickname(environment):
        return
    try:
        path = _path(environment)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(f"{nickname}\n", encoding="utf-8")
    except (OSError, RuntimeError) as error:
        _log.debug("the nickname is not remembered: {error}", error=str(error))


def remember_nickname(client: ChatClient, environment: Mapping[str, str]) -> None:
    """Remember the nickname under which the server has accepted `client`, and the last one."""

    def save() -> None:
        if client.when_online.called:
            save_nickname(client.session.nickname, environment)

    client.when_online.addCallback(lambda _: save())

    def ended(status: int) -> int:
        save()
        return status

    client.when_ended.addCallback(ended)


def _path(environment: Mapping[str, str]) -> Path:
    return state_directory(environment) / "nickname"
