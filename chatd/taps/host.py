"""``chatd host``: a server, its page and the user's own client, in one process."""

import os
import sys
from collections.abc import Callable
from typing import Any, ClassVar, Final

from twisted.python import usage
from typing_extensions import override

from chatd.chat.commands import ListUsers
from chatd.chat.names import casefold
from chatd.client.ui import InteractiveUI
from chatd.server.service import ChatServer
from chatd.taps import environment
from chatd.taps.host_code import is_on_terminal
from chatd.taps.hosting import PAGE_PARAMETER, HostingOptions, HostingProgram
from chatd.taps.interactive import install_reactor, make_ui
from chatd.taps.invitation import can_show_code, make_invitation
from chatd.taps.options import (
    log_parameters,
    nickname,
    parameter,
    server_id,
)
from chatd.taps.program import Program, get_reactor
from chatd.taps.remembered_nickname import read_nickname, remember_nickname
from chatd.taps.server import SERVER_PARAMETERS, STORE_PARAMETERS, make_server
from chatd.taps.tls import DEFAULT_ON, tls_parameter

__all__ = ["Options", "install_reactor", "makeService"]

#: The answers that end the chat for all.
_YES: Final = frozenset({"y", "yes"})


class Options(HostingOptions):
    """The options of ``chatd host``: those of a server, and those of the user's client."""

    command = "chatd host"
    synopsis = "[options] [NAME]"
    longdesc = (
        "Host a chat: a server with its web page, and your own place in it, in one process. NAME "
        "is what others look for: chatd host class. At the end of the start it shows the page's "
        "address, a QR code of it, and what others type; /qr shows that again. The chat ends when "
        "you leave. It is kept, and goes on when you host it again under the same name."
    )
    optParameters: ClassVar = [
        parameter(
            "nickname",
            None,
            "your nickname. [default: the one that you had last, else your login name]",
            nickname,
            "n",
        ),
        PAGE_PARAMETER,
        *[row for row in SERVER_PARAMETERS if row[0] not in ("web", "tls")],
        tls_parameter(DEFAULT_ON),
        *STORE_PARAMETERS,
        *log_parameters(level="warn"),
    ]

    @override
    def parseArgs(self, *words: str) -> None:
        super().parseArgs(*words[1:])
        if words:
            if self["id"] is not None:
                raise usage.UsageError(f"{words[0]!r}: give NAME or --id, not both")
            try:
                self["id"] = server_id(words[0])
            except ValueError as error:
                raise usage.UsageError(f"{words[0]!r}: NAME {error}") from None

    @override
    def validate(self) -> None:
        super().validate()
        self.nickname = self["nickname"] or read_nickname(os.environ) or environment.nickname()


class LeaveQuestion:
    """Asks a user at a terminal who is about to end the chat while others are here.

    :param count_others: returns how many others are here.
    """

    def __init__(self, ui: InteractiveUI, count_others: Callable[[], int]) -> None:
        self._ui = ui
        self._count_others = count_others
        self.is_open = False

    def ask(self, leave: Callable[[], None]) -> None:
        """Call `leave`: after the question, or at once where there is nobody to ask or to lose.

        Whoever leaves while the question is open has answered it.
        """
        others = self._count_others()
        if self.is_open or not others or not self._ui.is_interactive:
            leave()
            return
        self.is_open = True

        def answered(answer: str) -> None:
            self.is_open = False
            if answer.strip().casefold() in _YES:
                leave()
            else:
                self._ui.notify("The chat goes on.")

        people = "1 other is" if others == 1 else f"{others:,} people are"
        self._ui.prompt(f"{people} here; end the chat for all?", answered, "no")


class HostProgram(HostingProgram):
    """A server and the user's client, with an invitation at the end of the start."""

    def __init__(
        self, reactor: Any, server: ChatServer, options: Options, ui: InteractiveUI
    ) -> None:
        super().__init__(reactor, server, options, ui)
        self._options = options
        self._question = LeaveQuestion(ui, self._count_others)
        self._is_interrupted = False

    @override
    def server_listens(self) -> None:
        self.open_ui()
        client = self.start_user_client()
        if self.ui.is_interactive:
            remember_nickname(client, os.environ)
        has_code = self._options.uses_full_ui and can_show_code(sys.__stdout__)
        invitation = make_invitation(
            self.server,
            self._options,
            has_code,
            "/qr shows this again.",
            self.server.chat.host_code.code if is_on_terminal(sys.__stdout__) else "",
        )
        session = client.session
        session.invitation = invitation
        session.confirm_leaving = self._question.ask
        # Replies come in the order of the requests. So this one comes when all that is shown at
        # the start is on the screen, and the invitation is at its end.
        client.when_online.addCallback(
            lambda _: session.request(ListUsers(), lambda _: self.ui.show_invitation(invitation))
        )

    @override
    def takes_interrupt(self) -> bool:
        if self._is_interrupted or self._question.is_open or not self.ui.is_interactive:
            return False
        # The second SIGINT must end a program whose reactor does not get to ask.
        self._is_interrupted = True
        self._reactor.callFromThread(self._interrupted)
        return True

    def _interrupted(self) -> None:
        self._is_interrupted = False
        self._question.ask(self.exit)

    def _count_others(self) -> int:
        """How many members are connected, beside the user."""
        own = casefold(self.user_client.session.nickname) if self.user_client else ""
        users = self.server.chat.hub.users().users
        return sum(not each.away and casefold(each.nickname) != own for each in users)


def makeService(options: Options, reactor: Any = None) -> Program:  # Twisted's name
    """The program of ``chatd host``."""
    reactor = reactor or get_reactor()
    server = make_server(options, reactor)
    return HostProgram(reactor, server, options, make_ui(options, reactor, drops_lines=True))
