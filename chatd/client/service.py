"""The client as a service: it joins the lifecycle, the connection, the session and the UI."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.abstract import isIPAddress
from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.chat import commands, events, limits, names, order_commands
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import PasswordRequired, Refusal
from chatd.chat.moderation_events import Moderation
from chatd.client import status
from chatd.client.connection_notices import ConnectionNotices
from chatd.client.expulsion import Expulsion
from chatd.client.files.file_server import FileServer, origins_of
from chatd.client.files.transfers import Transfers
from chatd.client.finder import Finder
from chatd.client.ignored import IgnoredNicknames
from chatd.client.lifecycle import RETRY_WITH_PASSWORD, Core, Effects, ServerAddress, machine
from chatd.client.link import LinkMonitor
from chatd.client.passwords import privacy_warning
from chatd.client.protocol import Client, ServerConnection, describe_failure
from chatd.client.server_keys import ServerKeys
from chatd.client.session import Session
from chatd.client.session_owner import SessionOwner
from chatd.client.ui import FIRST_HELP, UserInterface
from chatd.discovery.subnets import HostAddress, host_addresses
from chatd.tls.known_servers import KnownServers
from chatd.wire import frames
from chatd.wire.frames import FromServer
from chatd.wire.rendering import escape

#: The reason of a ``goodbye`` to a client whose session another connection has resumed.
_RESUMED_ELSEWHERE: Final = "resumed elsewhere"


class ChatClient(Service, Effects, SessionOwner, Client):
    """A client, from its start until it has left.

    The lifecycle decides what to do next; this does it. Everything that happens (a connection, a
    frame, an answer of the user) becomes an input of the lifecycle, or goes to the session.

    :param nickname: the nickname to ask the server for; empty to ask the user for one first.
    :param jitter: returns how many seconds longer to wait after a lost connection.
    :param once: do not reconnect; for a direct address without ``--reconnect``.
    :param default_nickname: the nickname of a user who is asked for one and only presses Enter.
    :param output_shared_with: clients whose output goes to the same UI; they are paused together
        with this one when it does not keep up.
    :param keys: decides about TLS; the finder may share it. None to remember no server.
    :param notices: takes what is said about the connection; the finder may share it.
    :param ignored: the nicknames that the user ignores; None to begin with none, and forget them.
    :param host_code: of a server in this process, whose user is its host; else empty.
    :ivar when_ended: fires with the exit status when the client has left.
    :ivar when_online: fires when the client is online for the first time.
    """

    def __init__(
        self,
        reactor: Any,
        nickname: str,
        finder: Finder,
        ui: UserInterface,
        jitter: Callable[[], float],
        once: bool = False,
        default_nickname: str = "",
        output_shared_with: Sequence["ChatClient"] = (),
        notices: ConnectionNotices | None = None,
        keys: ServerKeys | None = None,
        host: Callable[[], Sequence[HostAddress]] = host_addresses,
        ignored: IgnoredNicknames | None = None,
        host_code: str = "",
    ) -> None:
        self.when_ended: Deferred[int] = Deferred()
        self.when_online: Deferred[None] = Deferred()
        self._transfers = Transfers(reactor, ui, self._file_server)
        self.session = Session(nickname, ui, self, self._transfers, ignored)
        self._host_code = host_code
        self._reactor = reactor
        self._finder = finder
        self._expulsion = Expulsion(time.time)
        self._default_nickname = default_nickname
        self._output_shared_with = output_shared_with
        self._ui = ui
        self._notices = notices or ConnectionNotices(ui, reactor)
        self._keys = keys or ServerKeys(KnownServers(None, ui.notify), ui.notify, reactor)
        self._link_monitor = LinkMonitor(reactor, host)
        self._connection: ServerConnection | None = None
        self._connecting: Deferred[Any] | None = None
        self._is_registered = False
        self._has_quit = False
        self._core = Core(self, reactor, jitter, once, ui.is_interactive, finder.nodes.hurry)
        self._inputs = machine(self._core)
        self._flush_timeout: IDelayedCall | None = None
        self._is_gone = False
        self._is_paused = False
        self._is_password_sent = False
        self._suggestion = ""
        self._was_told_why = False
        self._server: ServerAddress | None = None
        self._files_url = ""

    @override
    def startService(self) -> None:
        super().startService()
        self._start()

    @override
    def stopService(self) -> Deferred[None]:
        """Leave the chat; fires when the client has left."""
        super().stopService()
        if self._is_gone:
            return succeed(None)
        stopped: Deferred[None] = Deferred()

        def stop(status: int) -> int:
            stopped.callback(None)
            return status

        self.when_ended.addCallback(stop)
        self._inputs.leave()
        return stopped

    def stop_reconnecting(self) -> None:
        """Leave when the connection is lost, as with `once`."""
        self._core.once = True

    def _start(self) -> None:
        """Start the lifecycle, as soon as there is a nickname."""
        if self.session.nickname:
            self._inputs.start()
        else:
            self._ui.prompt("Your nickname?", self._on_first_nickname, self._default_nickname)

    # --- for the session ------------------------------------------------------------------------

    @property
    @override
    def server(self) -> ServerAddress | None:
        return self._server

    @override
    def send(self, command: ClientCommand, request_id: int | None = None) -> None:
        if self._connection is not None:
            self._connection.send(command, request_id)

    @override
    def leave(self) -> None:
        self._inputs.leave()

    @override
    def set_paused(self, paused: bool) -> None:
        for client in self._output_shared_with:
            client.set_paused(paused)
        self._is_paused = paused
        if self._connection is not None:
            self._connection.set_paused(paused)

    @override
    def notify_of_connection(self, message: str) -> None:
        self._notices.notify(message)

    @override
    def restart_flush_timeout(self) -> None:
        self._cancel_flush_timeout()
        if not self._is_gone:
            self._flush_timeout = self._reactor.callLater(
                limits.OFFLINE_AT_END_SECONDS, self._flush_timed_out
            )

    def _flush_timed_out(self) -> None:
        self._flush_timeout = None
        if self._transfers.is_active:  # which has a timeout of its own
            self.restart_flush_timeout()
        elif self.session.is_draining:
            self._inputs.leave()

    def _cancel_flush_timeout(self) -> None:
        if self._flush_timeout is not None and self._flush_timeout.active():
            self._flush_timeout.cancel()
        self._flush_timeout = None

    def _file_server(self) -> FileServer | None:
        server = self._server
        if server is None or not self.session.is_online:
            return None
        return FileServer(
            self._files_url,
            server.host,
            server.fingerprint,
            self.session.resumption.token,
            origins_of(self._finder.nodes.origins),
        )

    # --- the effects of the lifecycle -----------------------------------------------------------

    @override
    def find_server(self) -> None:
        holds_slot = self.session.resumption.is_possible
        self._finder.find(self._inputs.offered, self._inputs.rejected, holds_slot)

    @override
    def stop_finding(self) -> None:
        self._finder.stop()

    @override
    def connect(self, server: ServerAddress) -> None:
        self._is_registered = self._is_password_sent = self._was_told_why = False
        self._ui.set_status(status.Connecting(str(server)))
        self._keys.trying(server)
        self._connect(server, self._keys.tries_tls(server))

    def _connect(self, server: ServerAddress, uses_tls: bool) -> None:
        self._connection = connection = ServerConnection(self, uses_tls)
        # The lifecycle has its own, shorter timeout; this one must not fire before it.
        endpoint = TCP4ClientEndpoint(
            self._reactor, server.host, server.port, timeout=2 * limits.CONNECT_SECONDS
        )
        factory: Any = Factory.forProtocol(lambda: connection)
        if uses_tls:
            from chatd.tls.contexts import client_factory  # only now: it takes a quarter second

            factory = client_factory(factory, self._reactor)
        self._connecting = connecting = endpoint.connect(factory)
        connecting.addErrback(self._connect_failed, connection)

    @override
    def disconnect(self) -> None:
        self._link_monitor.stop()
        # Both are forgotten first, so that what the two calls cause is no input any more.
        connection, self._connection = self._connection, None
        connecting, self._connecting = self._connecting, None
        if connection is not None and (self._is_registered or self._has_quit):
            connection.close()
        elif connection is not None:
            # A hello without an answer must not arrive after that of the next connection: it would
            # take the session from it.
            connection.drop()
        if connecting is not None:
            connecting.cancel()

    @override
    def hello(self) -> None:
        if self._connection is not None:
            fingerprint = self._server.fingerprint if self._server else ""
            resume = self.session.resumption.request(fingerprint)
            self._core.is_resuming = resume is not None
            self._connection.hello(self.session.nickname, resume)

    @override
    def ask(self, problem: str) -> None:
        self._notices.release()
        self._ui.set_status(status.Asking())
        if self._ui.is_interactive:
            self.session.hello_refused(self._core.last_code)
        if self._ui.is_interactive and self._core.last_code in RETRY_WITH_PASSWORD:
            server, nickname = self._server, self.session.nickname
            if self.session.passwords.is_known_elsewhere(server, nickname):
                problem += f" You have not given it to {server} yet, only to another address."
            self._ui.prompt_password(
                f"{escape(problem)} Your password?{privacy_warning(server)}",
                partial(self._on_password, server),
            )
        elif self._ui.is_interactive:
            self._ui.password_checked()
            self._ui.prompt(
                f"{escape(problem)} Your nickname?", self._on_nickname, self._suggestion
            )
        else:
            self._inputs.cannot_ask(f"{escape(problem)} Use another nickname: --nickname NAME")

    @override
    def online(self) -> None:
        self._ui.password_checked()
        if self.session.is_draining:
            self.restart_flush_timeout()
        where = f"{self._core.server} as {self.session.nickname}."
        is_resumed = self.session.is_resumed
        if self._host_code and not is_resumed:  # a session that is resumed has kept the right
            self.session.request(
                order_commands.GiveHostCode(self._host_code), self._host_code_answered
            )
        self._ui.set_status(status.Online(self.session.nickname, is_resumed))
        if not is_resumed:
            self._notices.release()
            self._ui.notify(f"Connected to {where}")
        if not self.when_online.called:
            if self._ui.is_interactive:
                self._ui.notify(FIRST_HELP)
            self.when_online.callback(None)
        self.session.online()
        if is_resumed:
            self._notices.resumed(f"Reconnected to {where}")
        can_come_back = bool(self._finder.nodes.cluster) or not self._core.once
        if self.session.resumption.is_possible and can_come_back and self._connection:
            self._link_monitor.start(self._connection)

    def _host_code_answered(self, frame: FromServer) -> None:
        if isinstance(frame, frames.Error):
            self._ui.notify(f"You are not a host: {escape(frame.data.message)}")

    @override
    def offline(self, reason: str) -> None:
        is_expected_back = bool(self._finder.nodes.cluster) or not self._was_told_why
        if self.session.resumption.is_possible and is_expected_back:
            self._notices.hold()
        self.session.offline()
        if self.session.is_draining:
            self.restart_flush_timeout()

    @override
    def quit(self) -> None:
        self._ui.set_status(status.Leaving())
        self.session.leaving()
        self._has_quit = True
        self.send(commands.Quit())

    @override
    def waiting(self, reason: str, seconds: float) -> None:
        self._ui.set_status(status.Waiting(seconds))
        problem = escape(reason).rstrip(".")
        if problem.startswith("no connection"):  # as the lifecycle and _connect_failed say
            problem = f"N{problem[1:]}"
        else:
            problem = f"Not connected: {problem}"
        when = f"in {seconds:.0f} s" if seconds >= 1 else "at once"
        self._notices.notify(f"{problem}. Trying again {when}.")

    @override
    def gone(self, status: int, reason: str) -> None:
        self._is_gone = True
        self._ui.password_checked()
        self._cancel_flush_timeout()
        self._notices.release()
        self.session.ended()
        if reason:
            self._ui.notify(escape(reason))
        if unsent := self.session.unsent:
            self._ui.notify("These lines were not sent:")
            for line in unsent:
                self._ui.notify(f"  {escape(line)}")
        self.when_ended.callback(status or self.session.status)

    # --- for the connection ---------------------------------------------------------------------

    @override
    def connected(self, connection: ServerConnection, fingerprint: str) -> None:
        if fingerprint and (problem := self._keys.wrong_key(self._core.server, fingerprint)):
            self._core.wrong_key(self._inputs, problem)
        else:
            self._keys.reached(self._core.server)
            connection.set_paused(self._is_paused)
            self._server = self._address_of(connection, fingerprint)
            self._inputs.connected()

    @override
    def reached(self) -> None:
        self._core.is_reached = True

    @override
    def handshake_failed(self, connection: ServerConnection, reason: str) -> None:
        server = self._core.server
        if connection is not self._connection or server is None:
            return
        if problem := self._keys.no_tls(server):
            self._connection = None
            self._inputs.failed(f"{problem} ({reason})")
        else:
            self._connect(server, uses_tls=False)

    @override
    def frame_received(self, frame: FromServer) -> None:
        match frame:
            case frames.Goodbye():
                self._goodbye_received(frame.data.reason)
            case frames.Restricted() if self._expulsion.is_announced_by(frame.data):
                pass  # it is said at the end
            case _ if self._is_registered:
                self._member_frame_received(frame)
            case _ if self._has_quit:
                pass  # a late reply to hello: the goodbye follows
            case _:
                self._hello_answered(frame)

    def _goodbye_received(self, reason: str) -> None:
        if reason == _RESUMED_ELSEWHERE:
            self._core.resumed_elsewhere(
                self._inputs, "The chat goes on at another place, so this client leaves."
            )
        elif why := self._expulsion.why(reason):
            self._inputs.expelled(why)
        else:
            self._was_told_why = True
            self._inputs.lost(reason)

    def _hello_answered(self, frame: FromServer) -> None:
        """Before the welcome, only the reply to hello counts."""
        match frame:
            case frames.Welcome():
                self._ui.show_event(frame.data)
                self._welcomed(frame.data)
            case frames.Error(data=frames.ErrorData(code=PasswordRequired.code)):
                self._authenticate(frame.data)
            case frames.Error():
                self._suggestion = frame.data.suggestion
                self._core.hello_refused(self._inputs, frame.data.code, frame.data.message)

    def _member_frame_received(self, frame: FromServer) -> None:
        match frame:
            case frames.NodesChanged():
                self._finder.nodes.changed(frame.data.nodes)
            case frames.Moderation(data=Moderation(what="host", nickname=name)) if (
                self._host_code and name == self.session.nickname
            ):
                pass  # whoever hosts the chat knows it; the others are told
            case _:
                self.session.frame_received(frame)

    @override
    def connection_lost(self, connection: ServerConnection, reason: str) -> None:
        if connection is self._connection:
            self._connection = None
            if why := self._expulsion.why():
                self._inputs.expelled(why)
            else:
                self._inputs.lost(reason)

    def _address_of(self, connection: ServerConnection, fingerprint: str) -> ServerAddress | None:
        """The address that the connection leads to: a host name may have others later."""
        server = self._core.server
        if server is None:
            return None
        host = server.host if isIPAddress(server.host) else connection.transport.getPeer().host
        return replace(server, host=host, fingerprint=fingerprint)

    def _connect_failed(self, failure: Failure, connection: ServerConnection) -> None:
        if connection is self._connection:
            self._connection = None
            self._inputs.failed(
                f"no connection to {self._core.server}: {describe_failure(failure)}"
            )

    def _welcomed(self, welcome: events.Welcome) -> None:
        try:
            nickname = names.nickname(welcome.nickname, welcome.nickname)
        except Refusal:
            self._inputs.rejected(
                "This is not a chat server: the nickname in its welcome is not valid."
            )
            return
        if problem := self._keys.entered(self._core.server, self._server, welcome.server):
            self._has_quit = True
            self.send(commands.Quit())  # or the server would keep the nickname for a while
            self._inputs.rejected(problem)
        else:
            self._is_registered = True
            self._files_url = welcome.files or ""
            self._finder.nodes.entered(self._server, welcome.cluster or None)
            self.session.welcomed(replace(welcome, nickname=nickname))
            self._inputs.welcomed()

    def _authenticate(self, refusal: frames.ErrorData) -> None:
        """Send the password that the user gave for this nickname, once for each connection."""
        nickname = self.session.nickname
        password = self.session.passwords.get(self._server, nickname)
        if not password or self._is_password_sent:
            self._core.hello_refused(self._inputs, refusal.code, refusal.message)
        else:
            self._is_password_sent = True
            self._core.set_timeout(self._inputs, limits.PASSWORD_SECONDS)
            self.send(commands.Authenticate(nickname, password))

    # --- answers of the user --------------------------------------------------------------------

    def _on_first_nickname(self, nickname: str) -> None:
        if not self._is_gone:
            self.session.nickname = nickname.strip()
            self._start()

    def _on_nickname(self, nickname: str) -> None:
        if not self._is_gone:
            self.session.nickname = nickname.strip()
            self._inputs.answered()

    def _on_password(self, server: ServerAddress | None, password: str) -> None:
        if not self._is_gone:
            self.session.passwords.remember(server, self.session.nickname, password)
            self._inputs.answered()
