"""Real IRC clients, each in a process of its own: WeeChat, irssi, and one made with pydle.

Tests wait for what a client shows, never for a time.
"""

import json
import os
import shutil
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest
from typing_extensions import override

from tests.e2e.programs import Program
from tests.e2e.pty_terminal import Terminal
from tests.ports import HOST

LOBBY: Final = "#lobby"


def need(program: str) -> None:
    """Skip the test without that program, or fail it if ``CHATD_REQUIRE_IRC_CLIENTS`` is set."""
    if shutil.which(program) is None:
        if os.environ.get("CHATD_REQUIRE_IRC_CLIENTS"):
            pytest.fail(f"{program} is not installed")
        pytest.skip(f"{program} is not installed")


class IrcClient(ABC):
    """A client in the lobby, and its user.

    :param folder: where the client keeps its files.
    """

    _program: Any

    def __init__(self, folder: Path, port: int, nickname: str) -> None:
        self.nickname = nickname
        self._start(folder, port)

    @abstractmethod
    def _start(self, folder: Path, port: int) -> None:
        """Start, connect and join the lobby."""

    @abstractmethod
    def lines(self) -> list[str]:
        """What the client has shown so far."""

    @abstractmethod
    def say(self, text: str) -> None:
        """Say `text` in the lobby."""

    @abstractmethod
    def act(self, text: str) -> None:
        """``/me``, in the lobby."""

    @abstractmethod
    def tell(self, nickname: str, text: str) -> None:
        """Send a private message."""

    @abstractmethod
    def rename(self, nickname: str) -> None:
        """Take another nickname."""

    @abstractmethod
    def set_topic(self, topic: str) -> None:
        """Set the topic of the lobby."""

    @abstractmethod
    def join(self, room: str) -> None:
        """Join another room."""

    @abstractmethod
    def leave_lobby(self) -> None:
        """Leave the lobby, and stay in the chat."""

    @abstractmethod
    def quit(self) -> None:
        """Leave the chat."""

    def shows(self, *words: str, after: int = 0) -> None:
        """Wait until a line, from number `after` on, has all of `words`, in any order."""
        self._program.wait_until(
            lambda: any(all(word in line for word in words) for line in self.lines()[after:]), words
        )

    def close(self) -> None:
        """End the client."""
        self._program.close()


class Slashes(IrcClient):
    """A client whose user types what most IRC clients know."""

    @abstractmethod
    def _type(self, line: str) -> None:
        """Type `line` in the lobby."""

    @override
    def say(self, text: str) -> None:
        self._type(text)

    @override
    def act(self, text: str) -> None:
        self._type(f"/me {text}")

    @override
    def tell(self, nickname: str, text: str) -> None:
        self._type(f"/msg {nickname} {text}")

    @override
    def rename(self, nickname: str) -> None:
        self._type(f"/nick {nickname}")

    @override
    def set_topic(self, topic: str) -> None:
        self._type(f"/topic {topic}")

    @override
    def join(self, room: str) -> None:
        self._type(f"/join {room}")

    @override
    def leave_lobby(self) -> None:
        self._type("/part")

    @override
    def quit(self) -> None:
        self._type("/quit bye")


class WeeChat(Slashes):
    """WeeChat without a terminal. It prints each line that it shows, and reads what is typed."""

    #: Of what WeeChat evaluates at once only what is in ``raw`` waits for the line.
    _SHOW: ClassVar[str] = (
        "/print -stdout ${raw:${buffer.full_name}} ${raw:${tg_prefix_nocolor}}: "
        "${raw:${tg_message_nocolor}}\\n"
    )

    #: How it connects: before version 4 TLS was called SSL.
    _options: ClassVar[str] = "-notls -nossl"

    @override
    def _start(self, folder: Path, port: int) -> None:
        need("weechat-headless")
        self._typed = folder / "typed"
        commands = (
            "/trigger add show print",
            f'/trigger set show command "{self._SHOW}"',
            "/set irc.look.smart_filter off",
            "/set irc.server_default.autoreconnect_delay 1",
            # It waits 2 s between two lines otherwise; the option has two names.
            "/set irc.server_default.anti_flood_prio_high 0",
            "/set irc.server_default.anti_flood 0",
            "/fifo disable",
            f'/set fifo.file.path "{self._typed}"',
            "/fifo enable",
            f"/server add party {HOST}/{port} {self._options} -nicks={self.nickname}",
            f"/set irc.server.party.autojoin {LOBBY}",
            "/connect party",
        )
        self._program = Program(
            [
                *("weechat-headless", "--dir", str(folder), "--stdout", "--no-script"),
                *("--plugins", "irc,fifo,trigger"),
                *(word for command in commands for word in ("--run-command", command)),
            ]
        )
        self.shows(f"irc.party.{LOBBY}", f"Channel {LOBBY}:")

    @override
    def lines(self) -> list[str]:
        return self._program.stdout  # type: ignore[no-any-return]  # it is a Program

    @override
    def _type(self, line: str) -> None:
        self._typed.write_text(f"irc.party.{LOBBY} *{line}\n")


class TlsWeeChat(WeeChat):
    """WeeChat over TLS, which does not ask whose certificate it is: it is the server's own."""

    _options = "-tls -ssl -notls_verify -nossl_verify"


class Irssi(Slashes):
    """irssi in a terminal that is large enough for all that it shows."""

    @override
    def _start(self, folder: Path, port: int) -> None:
        need("irssi")
        command = ("irssi", f"--home={folder}", "-n", self.nickname)
        environment = {"LC_ALL": "C.UTF-8"}
        self._program = Terminal(command, environment, columns=200, rows=150)
        self._program.expect("[(status)]")
        # Otherwise it waits 2.5 s between two lines, takes what comes fast for a paste, and shows
        # private messages where the user does not look.
        for setting in (
            "cmd_queue_speed 1msec",
            "paste_detect_time 0",
            "autocreate_windows OFF",
            "autofocus_new_items OFF",
        ):
            self._type(f"/set {setting}")
        self._type(f"/connect {HOST} {port}")
        self.shows("End of MOTD")
        self._type(f"/join {LOBBY}")
        self.shows(f"Join to {LOBBY} was synced")

    @override
    def lines(self) -> list[str]:
        return self._program.lines  # type: ignore[no-any-return]  # it is a Terminal

    @override
    def _type(self, line: str) -> None:
        self._program.send_line(line)


class Pydle(IrcClient):
    """A client made with pydle."""

    @override
    def _start(self, folder: Path, port: int) -> None:
        module = "tests.e2e.pydle_client"
        self._program = Program(
            [sys.executable, "-m", module, HOST, str(port), self.nickname, LOBBY]
        )
        self.shows(self.nickname, "joined", LOBBY)

    @override
    def lines(self) -> list[str]:
        return self._program.stdout  # type: ignore[no-any-return]  # it is a Program

    def _call(self, *words: str) -> None:
        self._program.send_line(json.dumps(words))

    @override
    def say(self, text: str) -> None:
        self._call("message", LOBBY, text)

    @override
    def act(self, text: str) -> None:
        self._call("ctcp", LOBBY, "ACTION", text)

    @override
    def tell(self, nickname: str, text: str) -> None:
        self._call("message", nickname, text)

    @override
    def rename(self, nickname: str) -> None:
        self._call("set_nickname", nickname)

    @override
    def set_topic(self, topic: str) -> None:
        self._call("set_topic", LOBBY, topic)

    @override
    def join(self, room: str) -> None:
        self._call("join", room)

    @override
    def leave_lobby(self) -> None:
        self._call("part", LOBBY)

    @override
    def quit(self) -> None:
        self._call("quit", "bye")


CLIENTS: Final = (WeeChat, Irssi, Pydle)
