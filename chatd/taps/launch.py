"""``chatd launch``: a server, some guests and the user's own client, in one process."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.python import usage
from typing_extensions import override

from chatd.chat.commands import SendMessage, SendPrivate
from chatd.chat.names import casefold
from chatd.client.invitation import Invitation
from chatd.client.service import ChatClient
from chatd.client.status import Status
from chatd.client.ui import Choice, InteractiveUI, UserInterface
from chatd.discovery.subnets import host_addresses, most_reachable
from chatd.server.service import ChatServer
from chatd.stderr import write_line
from chatd.taps import environment, web_address
from chatd.taps.host_code import describe_host_code
from chatd.taps.hosting import PAGE_PARAMETER, HostingOptions, HostingProgram
from chatd.taps.interactive import install_reactor, make_ui, qr_code_columns
from chatd.taps.options import (
    integer,
    log_parameters,
    nickname,
    parameter,
    server_id,
)
from chatd.taps.program import Program, get_reactor
from chatd.taps.server import (
    SERVER_PARAMETERS,
    make_server,
)
from chatd.taps.store import (
    NONE,
    store_parameters,
)
from chatd.taps.tls import DEFAULT_ON, tls_parameter
from chatd.wire import rendering

__all__ = ["Options", "install_reactor", "makeService"]


class Options(HostingOptions):
    """The options of ``chatd launch``: those of a server, and those of the clients."""

    command = "chatd launch"
    synopsis = "[options]"
    longdesc = (
        "Run a server and some clients in one process, to try chatd or to host a chat. One "
        "client is yours, the others are guests: each line that a guest receives is shown with its "
        "name, such as [guest-2]."
    )
    optParameters: ClassVar = [
        parameter("clients", 2, "how many clients to start, yours included", integer(1, 1_000)),
        parameter("nickname", None, "your nickname. [default: your login name]", nickname, "n"),
        parameter("id", "party", "the name that clients look for", server_id),
        PAGE_PARAMETER,
        *[row for row in SERVER_PARAMETERS if row[0] not in ("id", "web", "tls")],
        tls_parameter(DEFAULT_ON),
        *store_parameters(NONE, "none"),
        *log_parameters(level="warn"),
    ]

    @override
    def validate(self) -> None:
        super().validate()
        if self["clients"] > self["slots"]:
            raise usage.UsageError(
                f"--clients: {self['clients']} is more than --slots: {self['slots']}"
            )
        self.nickname = self["nickname"] or environment.nickname()


class LaunchProgram(HostingProgram):
    """A server, its guests and the user's client: started in this order, stopped in reverse."""

    def __init__(
        self, reactor: Any, server: ChatServer, options: Options, ui: InteractiveUI
    ) -> None:
        super().__init__(reactor, server, options, ui)
        self._options = options
        self._guests: list[ChatClient] = []

    @override
    def server_listens(self) -> None:
        pages = web_address.all_page_urls(
            self.server, self._options, most_reachable(host_addresses())
        )
        columns, has_colours = qr_code_columns(self._options), not os.environ.get("NO_COLOR")
        for url in pages[:1]:
            # Before the UI opens: it draws lines in colours of its own.
            for row in web_address.qr_code(url, columns, has_colours):
                write_line(row)
        self.open_ui()
        for subnet in self._options.known_subnets:
            self.ui.notify(f"{self._options['id']} listens on {subnet.address}:{self.server.port}")
        if pages:
            self.ui.notify(f"In a browser: {' or '.join(pages)}")
        if self._options.uses_full_ui:
            self.ui.notify(describe_host_code(self.server.chat.host_code.code))
        self._start_guests()

    def _start_guests(self) -> None:
        self._guests = [
            self.make_client(self._guest_name(number), TaggedOutput(f"guest-{number}", self.ui))
            for number in range(2, self._options["clients"] + 1)
        ]
        settled = []
        for guest in self._guests:
            # A guest that cannot enter must not keep the user out.
            either: list[Deferred[Any]] = [guest.when_online, guest.when_ended]
            settled.append(DeferredList(either, fireOnOneCallback=True))
            guest.startService()
        # Once the guests are online, they will receive the user's first message. Their output goes
        # to the same UI, so they are paused with the user's client.
        DeferredList(settled).addCallback(lambda _: self.start_user_client(self._guests))

    @override
    def stop_other_clients(self) -> Deferred[Any]:
        return DeferredList([maybeDeferred(guest.stopService) for guest in self._guests])

    def _guest_name(self, number: int) -> str:
        """The nickname of a guest: its number, with an addition if the user has that nickname."""
        name = f"guest-{number}"
        return f"{name}-too" if casefold(name) == casefold(self._options.nickname) else name


class TaggedOutput(UserInterface):
    """The UI of a guest: shows each line that the guest receives in the user's UI, with a tag.

    A guest has no user: it is not asked anything, and neither its status nor its notices are shown.
    """

    is_interactive = False

    def __init__(self, tag: str, ui: InteractiveUI) -> None:
        self._tag = tag
        self._ui = ui

    @override
    def show_event(self, event: object) -> None:
        for line in rendering.render(event, round(1_000 * time.time())):
            self._ui.show(f"[{self._tag}] {line}")

    @override
    def message_sent(
        self, message: SendMessage | SendPrivate, time: int | None, seq: int | None
    ) -> None:
        pass

    @override
    def message_refused(self, message: SendMessage, line: str) -> None:
        pass

    @override
    def set_status(self, status: Status) -> None:
        pass

    @override
    def notify(self, message: str) -> None:
        pass

    @override
    def show_transfer(self, description: str) -> None:
        pass

    @override
    def show_invitation(self, invitation: Invitation) -> None:
        pass

    @override
    def prompt(self, question: str, on_answer: Callable[[str], None], default: str = "") -> None:
        pass

    @override
    def prompt_password(self, question: str, on_answer: Callable[[str], None]) -> None:
        pass

    @override
    def password_checked(self) -> None:
        pass

    @override
    def choose(
        self, question: str, choices: Sequence[Choice], on_answer: Callable[[str], None]
    ) -> None:
        pass

    @override
    def switched(self, target: str) -> None:
        pass

    @override
    def closed(self, target: str) -> None:
        pass

    @override
    def clear(self) -> None:
        pass

    @override
    def pause_input(self) -> None:
        pass

    @override
    def resume_input(self) -> None:
        pass


def makeService(options: Options, reactor: Any = None) -> Program:  # Twisted's name
    """The program of ``chatd launch``."""
    reactor = reactor or get_reactor()
    server = make_server(options, reactor)
    return LaunchProgram(reactor, server, options, make_ui(options, reactor, drops_lines=True))
