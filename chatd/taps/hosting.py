"""A program that is a server and a client of its own: what ``host`` and ``launch`` share."""

from collections.abc import Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred, maybeDeferred
from typing_extensions import override

from chatd.client.console import close_with_timeout
from chatd.client.finder import DirectAddress
from chatd.client.lifecycle import ServerAddress
from chatd.client.service import ChatClient
from chatd.client.ui import InteractiveUI, UserInterface
from chatd.discovery.subnets import Subnet
from chatd.log.engine import StoreInUse
from chatd.server.service import CannotListen, ChatServer
from chatd.taps import web_address
from chatd.taps.client import jitter, remembered_ignored
from chatd.taps.files import FolderUnusable, check_named_folder
from chatd.taps.interactive import InteractiveOptions
from chatd.taps.options import parameter, port_or_endpoint
from chatd.taps.program import Program
from chatd.taps.server import (
    ServerOptions,
    abort_cannot_listen,
    describe_cannot_listen,
)
from chatd.taps.store import check_named_store, describe_used_store, report_problem
from chatd.taps.tls import reload_certificate

#: The page is always served, so its option has a default here.
PAGE_PARAMETER: Final = parameter(
    "web",
    None,
    "serve the web page on this TCP port of the --ifaddrs addresses, or at an endpoint. "
    f"[default: {web_address.DEFAULT_PORT}, or a free port if that is taken]",
    port_or_endpoint,
)


class HostingOptions(ServerOptions, InteractiveOptions):
    """The options of a program that is a server and a client.

    :ivar nickname: of the user.
    """

    nickname: str

    @override
    def validate(self) -> None:
        self.known_subnets = self.subnets()
        super().validate()
        self.extra_ports.setdefault("web", None)  # the page is always served
        # An endpoint may be one that others cannot reach, and then they must not reach this one.
        if self.tls_mode.is_on and not isinstance(self["web"], str):
            self.extra_ports.setdefault("web-tls", None)


class HostingProgram(Program):
    """A server and the user's client: started in this order, and stopped in reverse."""

    def __init__(
        self, reactor: Any, server: ChatServer, options: HostingOptions, ui: InteractiveUI
    ) -> None:
        super().__init__(reactor)
        self.server = server
        self.ui = ui
        self._hosting_options = options
        self.user_client: ChatClient | None = None
        self.reload = reload_certificate(server)

    @override
    def startService(self) -> None:
        super().startService()
        options, command = self._hosting_options, self._hosting_options.command
        try:
            check_named_store(options)
            check_named_folder(options)
            self.server.startService()
        except CannotListen as error:
            self.abort(describe_cannot_listen(error, command))
        except StoreInUse as error:
            self.abort(describe_used_store(error, command))
        except FolderUnusable as error:
            self.abort(f"{command}: {error}")
        else:
            self.server.when_restored.addCallback(report_problem, options, self.abort)
            self.server.when_listening.addCallbacks(
                lambda _: self.server_listens(), abort_cannot_listen, errbackArgs=(self, command)
            )

    def server_listens(self) -> None:
        """Open the UI and start the user's client, or other clients before it."""
        self.open_ui()
        self.start_user_client()

    def open_ui(self) -> None:
        """Take the terminal, or standard input and output."""
        self.add_cleanup(self.ui.open(self._reactor))

    def start_user_client(self, output_shared_with: Sequence[ChatClient] = ()) -> ChatClient:
        """Start the user's client.

        :param output_shared_with: as for `ChatClient`.
        """
        self.user_client = client = self.make_client(
            self._hosting_options.nickname,
            self.ui,
            output_shared_with,
            self.server.chat.host_code.code,
        )
        client.when_ended.addCallback(self._client_ended)
        self.ui.attach(client.session)
        client.startService()
        return client

    def make_client(
        self,
        nickname: str,
        ui: UserInterface,
        output_shared_with: Sequence[ChatClient] = (),
        host_code: str = "",
    ) -> ChatClient:
        """A client of the server, which leaves when that ends; with the code, it is a host."""
        return ChatClient(
            self._reactor,
            nickname,
            DirectAddress(self._server_address()),
            ui,
            jitter,
            once=True,
            output_shared_with=output_shared_with,
            ignored=remembered_ignored(ui),
            host_code=host_code,
        )

    @override
    def stop_children(self) -> Deferred[Any]:
        # The UI closes last: it still shows how the others end.
        stopped = maybeDeferred(self.user_client.stopService if self.user_client else lambda: None)
        stopped.addBoth(lambda _: self.stop_other_clients())
        stopped.addBoth(lambda _: self.server.stopService())
        return stopped.addBoth(lambda _: close_with_timeout(self.ui, self._reactor))

    def stop_other_clients(self) -> Deferred[Any] | None:
        """Stop the clients beside the user's, if there are some."""
        return None

    def _server_address(self) -> ServerAddress:
        """The address of this program's own server, on loopback if it listens there."""
        subnets = self._hosting_options.known_subnets
        nearest: Subnet = min(subnets, key=lambda subnet: not subnet.address.is_loopback)
        server_id = self.server.chat.settings.server_id
        return ServerAddress(str(nearest.address), self.server.port, server_id)

    def _client_ended(self, status: int) -> int:
        self.exit(status)
        return status
