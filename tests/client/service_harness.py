"""A client service in memory: the test is the user, the network and the server."""

from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet import error
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from chatd.chat import events
from chatd.client.lifecycle import Server
from chatd.client.service import ChatClient
from chatd.wire import frames
from tests.client.session_harness import type_line
from tests.fakes import FakeUI

PARTY = Server("10.35.11.111", 7777, "party")


class FakeFinder:
    """Finds the server when the test says so."""

    def __init__(self) -> None:
        self.seeks = 0
        self.is_seeking = False
        self._found: Callable[[Server], None] = lambda server: None
        self._failed: Callable[[str], None] = lambda reason: None

    def find(self, on_found: Callable[[Server], None], on_failed: Callable[[str], None]) -> None:
        self._found, self._failed = on_found, on_failed
        self.seeks += 1
        self.is_seeking = True

    def stop(self) -> None:
        self.is_seeking = False

    def find_now(self) -> None:
        assert self.is_seeking, "nobody looks for a server"
        self._found(PARTY)

    def fail(self, reason: str) -> None:
        self._failed(reason)


class Client:
    """A client that runs, and what can happen to it.

    :ivar ended: the exit status, once it is gone.
    """

    def __init__(
        self,
        nickname: str = "ice",
        can_ask: bool = False,
        once: bool = False,
        jitter: float = 0.5,
        offered: str = "",
        ui: FakeUI | None = None,
    ) -> None:
        self.reactor: Any = MemoryReactorClock()
        self.ui = ui or FakeUI(can_ask)
        self.finder = FakeFinder()
        self.service = ChatClient(
            self.reactor, nickname, self.finder, self.ui, lambda: jitter, once, offered
        )
        self.ended: list[int] = []
        self.service.when_ended.addCallback(self._ended)
        self.service.startService()
        self._protocol: Any = None
        self.transport: Any = None

    def _ended(self, status: int) -> int:
        self.ended.append(status)
        return status

    # --- the network ----------------------------------------------------------------------------

    def connect(self) -> None:
        """Let the connection that it opens be made."""
        self.finder.find_now()
        self.take_connection()

    def take_connection(self) -> None:
        host, port, factory, *_ = self.reactor.tcpClients[-1]
        assert (host, port) == ("10.35.11.111", 7777)
        self.transport = StringTransport()
        self._protocol = factory.buildProtocol(None)
        self._protocol.makeConnection(self.transport)

    def refuse_connection(self) -> None:
        self.finder.find_now()
        connector = self.reactor.connectors[-1]
        factory = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(connector, Failure(error.ConnectionRefusedError()))

    def lose_connection(self, clean: bool = False) -> None:
        why = error.ConnectionDone() if clean else error.ConnectionLost()
        self._protocol.connectionLost(Failure(why))

    def passes(self, seconds: float) -> None:
        self.reactor.advance(seconds)

    # --- the server -----------------------------------------------------------------------------

    def says(self, *told: frames.FromServer) -> None:
        self.says_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in told))

    def says_bytes(self, data: bytes) -> None:
        self._protocol.dataReceived(data)

    def refuse(self, code: str, sentence: str) -> None:
        """Refuse the hello."""
        self.says(frames.Error(data=frames.ErrorData(code, sentence)))

    def welcome(self, nickname: str = "ice") -> None:
        self.says(frames.Welcome(data=events.Welcome("party", 0, nickname, ("#lobby",))))

    def confirm(self, *requests: dict[str, Any]) -> None:
        self.says(*(frames.Ok(id=request["id"]) for request in requests))

    def heard(self) -> list[dict[str, Any]]:
        """What the client sent since the last time."""
        sent = [msgspec.json.decode(line) for line in self.transport.value().splitlines()]
        self.transport.clear()
        return sent

    def heard_types(self) -> list[str]:
        return [each["type"] for each in self.heard()]

    # --- the user -------------------------------------------------------------------------------

    def types(self, *lines: str) -> None:
        for line in lines:
            type_line(self.service.session, line)

    def ends_input(self) -> None:
        self.service.session.end_of_input()

    def was_told(self, sentence: str) -> bool:
        return any(sentence in said for said in self.ui.notices)

    @property
    def leftovers(self) -> list[Any]:
        """The delayed calls that still run; it should have none once it is gone."""
        return list(self.reactor.getDelayedCalls())


def online(**options: Any) -> Client:
    """A client that is welcome, and whose hello was heard."""
    client = Client(**options)
    client.connect()
    client.welcome()
    client.heard()
    return client
