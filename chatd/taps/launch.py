"""``chatd launch``: a server, some guests and the user's own client, in one process."""

import os
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.python import usage
from typing_extensions import override

from chatd.chat.commands import SendMessage, SendPrivate
from chatd.chat.names import casefold
from chatd.client.console import close_with_timeout
from chatd.client.finder import DirectAddress
from chatd.client.lifecycle import ServerAddress
from chatd.client.service import ChatClient
from chatd.client.status import Status
from chatd.client.ui import Choice, InteractiveUI, UserInterface
from chatd.discovery.subnets import Subnet, host_addresses, most_reachable
from chatd.log.engine import StoreInUse
from chatd.server.service import CannotListen, ChatServer
from chatd.stderr import write_line
from chatd.taps import environment, web_address
from chatd.taps.client import jitter
from chatd.taps.interactive import InteractiveOptions, install_reactor, make_ui, qr_code_columns
from chatd.taps.options import (
    integer,
    log_parameters,
    nickname,
    non_negative_number,
    parameter,
    port_or_endpoint,
    server_id,
)
from chatd.taps.program import Program, get_reactor
from chatd.taps.server import (
    SERVER_PARAMETERS,
    ServerOptions,
    abort_cannot_listen,
    describe_cannot_listen,
    make_server,
)
from chatd.taps.store import (
    NONE,
    check_named_store,
    describe_used_store,
    report_problem,
    store_parameters,
)
from chatd.wire import rendering

__all__ = ["Options", "install_reactor", "makeService"]


class Options(ServerOptions, InteractiveOptions):
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
        parameter(
            "timeout",
            0,
            "disconnect clients that are idle for this many seconds; 0 disables",
            non_negative_number("seconds"),
        ),
        parameter(
            "web",
            None,
            "serve the web page on this TCP port of the --ifaddrs addresses, or at an endpoint. "
            f"[default: {web_address.DEFAULT_PORT}, or a free port if that is taken]",
            port_or_endpoint,
        ),
        *[row for row in SERVER_PARAMETERS if row[0] not in ("id", "timeout", "web")],
        *store_parameters(NONE, "none"),
        *log_parameters(level="warn"),
    ]

    @override
    def validate(self) -> None:
        self.known_subnets = self.subnets()
        super().validate()
        self.extra_ports.setdefault("web", None)  # the page is always served
        if self["clients"] > self["slots"]:
            raise usage.UsageError(
                f"--clients: {self['clients']} is more than --slots: {self['slots']}"
            )
        self.nickname = self["nickname"] or environment.nickname()


class LaunchProgram(Program):
    """A server, its guests and the user's client: started in this order, stopped in reverse."""

    def __init__(
        self, reactor: Any, server: ChatServer, options: Options, ui: InteractiveUI
    ) -> None:
        super().__init__(reactor)
        self._server = server
        self._options = options
        self._ui = ui
        self._user_client: ChatClient | None = None
        self._guests: list[ChatClient] = []

    @override
    def startService(self) -> None:
        super().startService()
        try:
            check_named_store(self._options)
            self._server.startService()
        except CannotListen as error:
            self.abort(describe_cannot_listen(error, self._options.command))
        except StoreInUse as error:
            self.abort(describe_used_store(error, self._options.command))
        else:
            self._server.when_restored.addCallback(report_problem, self._options, self.abort)
            self._server.when_listening.addCallbacks(
                self._open, abort_cannot_listen, errbackArgs=(self, self._options.command)
            )

    def _open(self, result: object) -> None:
        """Open the UI, and start the guests: the server listens."""
        pages = web_address.page_urls(
            self._server.addresses("web"),
            most_reachable(host_addresses()),
            self._options["web"],
        )
        columns, has_colours = qr_code_columns(self._options), not os.environ.get("NO_COLOR")
        for url in pages[:1]:
            # Before the UI opens: it draws lines in colours of its own.
            for row in web_address.qr_code(url, columns, has_colours):
                write_line(row)
        self.add_cleanup(self._ui.open(self._reactor))
        for subnet in self._options.known_subnets:
            self._ui.notify(
                f"{self._options['id']} listens on {subnet.address}:{self._server.port}"
            )
        if pages:
            self._ui.notify(f"In a browser: {' or '.join(pages)}")
        self._guests = [
            self._make_client(self._guest_name(number), TaggedOutput(f"guest-{number}", self._ui))
            for number in range(2, self._options["clients"] + 1)
        ]
        settled = []
        for guest in self._guests:
            # A guest that cannot enter must not keep the user out.
            either: list[Deferred[Any]] = [guest.when_online, guest.when_ended]
            settled.append(DeferredList(either, fireOnOneCallback=True))
            guest.startService()
        DeferredList(settled).addCallback(self._start_user_client)

    @override
    def stop_children(self) -> Deferred[Any]:
        # The UI closes last: it still shows how the others end.
        stopped = maybeDeferred(
            self._user_client.stopService if self._user_client else lambda: None
        )
        stopped.addBoth(
            lambda _: DeferredList([maybeDeferred(guest.stopService) for guest in self._guests])
        )
        stopped.addBoth(lambda _: self._server.stopService())
        return stopped.addBoth(lambda _: close_with_timeout(self._ui, self._reactor))

    def _start_user_client(self, guests: object) -> None:
        """Start the user's client: the guests are online, and will receive its first message."""
        # The guests' output goes to the same UI, so they are paused with the user's client.
        self._user_client = client = self._make_client(
            self._options.nickname, self._ui, self._guests
        )
        client.when_ended.addCallback(self._client_ended)
        self._ui.attach(client.session)
        client.startService()

    def _make_client(
        self, name: str, ui: UserInterface, output_shared_with: Sequence[ChatClient] = ()
    ) -> ChatClient:
        return ChatClient(
            self._reactor,
            name,
            DirectAddress(self._server_address()),
            ui,
            jitter,
            once=True,
            output_shared_with=output_shared_with,
        )

    def _guest_name(self, number: int) -> str:
        """The nickname of a guest: its number, with an addition if the user has that nickname."""
        name = f"guest-{number}"
        return f"{name}-too" if casefold(name) == casefold(self._options.nickname) else name

    def _server_address(self) -> ServerAddress:
        """The address of this program's own server, on loopback if it listens there."""
        subnets = self._options.known_subnets
        nearest: Subnet = min(subnets, key=lambda subnet: not subnet.address.is_loopback)
        return ServerAddress(str(nearest.address), self._server.port, self._options["id"])

    def _client_ended(self, status: int) -> int:
        self.exit(status)
        return status


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
        for line in rendering.render(event):
            self._ui.show(f"[{self._tag}] {line}")

    @override
    def message_sent(self, message: SendMessage | SendPrivate, time: int | None) -> None:
        pass

    @override
    def set_status(self, status: Status) -> None:
        pass

    @override
    def notify(self, message: str) -> None:
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
