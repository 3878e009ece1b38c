"""The states of a client: what moves it from one to the next, and after how long.

All legal transitions are in :func:`_build`; the table in docs/explanation/client-life.rst is
generated from them. The machine does no I/O: it calls :class:`Effects`, and a clock.

**Ghosts.** When a link dies, a client notices at once or within seconds, and comes back. The server
may not have noticed yet: for up to ``DEAD_PEER_SECONDS`` it keeps the old connection, and with it
the nickname. If the ``hello`` names the session to resume, the server closes that connection. Else
it refuses the ``hello`` with ``nickname-taken``, and it is the client's own ghost that has the
nickname. So that refusal means two things:

* At the first ``hello`` of a run, or where a session could be resumed, another member has the
  nickname. The user is asked for a new one; without a user to ask, an own earlier nickname is tried
  again until it is free.
* After the client was online, or after a ``hello`` without an answer (which may have arrived, and
  made it a member), it is most likely a ghost. The client waits and tries again.

**Jitter.** A server that goes down loses all its clients in the same instant. If they all waited
equally long, they would all come back in the same instant, too. So the wait after a *lost*
connection is longer by a random part of a second. The other waits need none, as nothing makes the
clients start them together.

**Clusters.** If the server was a node of a cluster, the chat goes on at the others: the client
tries them without waiting in between, but for a short jitter. It waits as usual if the last such
move is no longer ago than that wait, or if the session was resumed elsewhere: so it cannot go round
for ever.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from automat import TypeMachineBuilder, pep614
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from typing_extensions import override

from chatd.chat import limits

#: The exit statuses of the machine. EXIT_OK: the user left, or the client was online before it gave
#: up. EXIT_EXPELLED: a host has removed the user. EXIT_REFUSED: the server refused the client for
#: good, or no server can be chosen.
EXIT_OK: Final = 0
EXIT_NEVER_ONLINE: Final = 1
EXIT_EXPELLED: Final = 1
EXIT_REFUSED: Final = 2


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a server is.

    :ivar server_id: empty if only the address is known.
    :ivar fingerprint: of the key with which it offers to speak TLS; empty if it did not.
    """

    host: str
    port: int
    server_id: str = ""
    fingerprint: str = ""

    @override
    def __str__(self) -> str:
        where = f"{self.host}:{self.port}"
        return f"{self.server_id} ({where})" if self.server_id else where


class Effects(Protocol):
    """The machine's orders to the client. Each call returns at once; its outcome is an input."""

    def find_server(self) -> None:
        """Search for the server until :meth:`stop_finding`."""

    def stop_finding(self) -> None:
        """Stop the search."""

    def connect(self, server: ServerAddress) -> None:
        """Open a connection."""

    def disconnect(self) -> None:
        """Close the connection, or cancel the attempt; neither causes an input any more."""

    def hello(self) -> None:
        """Send ``hello`` with the nickname."""

    def ask(self, problem: str) -> None:
        """Ask the user for another nickname or for the password, because of `problem`."""

    def online(self) -> None:
        """Commands can be sent from now on."""

    def offline(self, reason: str) -> None:
        """Commands cannot be sent from now on."""

    def quit(self) -> None:
        """Send ``quit``."""

    def waiting(self, reason: str, seconds: float) -> None:
        """Notify the user why there is no connection, and when the next attempt is."""

    def gone(self, status: int, reason: str) -> None:
        """End the client, with this exit status."""


class Inputs(Protocol):
    """The events in a client's life. The docs' table of inputs is made of these docstrings."""

    def start(self) -> None:
        """The client starts."""

    def offered(self, server: ServerAddress) -> None:
        """An acceptable server was found."""

    def connected(self) -> None:
        """The TCP connection is made."""

    def failed(self, reason: str) -> None:
        """The TCP connection cannot be made."""

    def welcomed(self) -> None:
        """The server accepted the client as a member."""

    def nickname_refused(self, problem: str) -> None:
        """The server refused the nickname; the user may choose another one or give a password."""

    def retry_later(self, reason: str) -> None:
        """The server refused the client for now."""

    def rejected(self, reason: str) -> None:
        """The server refused the client for good, or no server can be chosen."""

    def answered(self) -> None:
        """The user gave another nickname or the password."""

    def cannot_ask(self, reason: str) -> None:
        """There is no user to ask."""

    def lost(self, reason: str) -> None:
        """The connection is lost."""

    def replaced(self, reason: str) -> None:
        """Another connection has resumed the session."""

    def expelled(self, reason: str) -> None:
        """A host has kicked or banned the user, or the user's account was blocked."""

    def expired(self) -> None:
        """The state's timeout expired."""

    def leave(self) -> None:
        """The user leaves the chat."""

    def give_up(self, reason: str) -> None:
        """The client must not try again."""


@dataclass
class Core:
    """The data that the machine's outputs share.

    :param jitter: returns how many seconds, 0 to 1, longer to wait after a lost connection.
    :param once: do not reconnect; for a client with a direct address and without ``--reconnect``.
    :param can_ask: whether there is a user to ask.
    :param hurry: returns whether there is another node to try at once; each call counts.
    :ivar is_resuming: whether the last ``hello`` named a session to resume.
    :ivar is_reached: whether the TCP connection to it is made; a handshake of TLS may follow.
    :ivar last_code: the code of the last refusal of ``hello``.
    :ivar moved_at: when the client last lost a node and went on at once, by `clock`.
    :ivar is_contested: whether the client must wait before it comes back to its session.
    :ivar ghost_until: until then (by `clock`) a taken nickname may be the client's own ghost,
        though it was not online yet.
    """

    effects: Effects
    clock: IReactorTime
    jitter: Callable[[], float]
    once: bool = False
    can_ask: bool = True
    hurry: Callable[[], bool] = lambda: False
    is_resuming: bool = False
    server: ServerAddress | None = None
    is_reached: bool = False
    was_online: bool = False
    timer: IDelayedCall | None = None
    last_code: str = ""
    moved_at: float = -math.inf
    is_contested: bool = False
    ghost_until: float = 0.0

    def set_timeout(self, inputs: Inputs, seconds: float | None) -> None:
        """Replace the state's timeout: input `expired` after `seconds`, or never."""
        if self.timer is not None and self.timer.active():
            self.timer.cancel()
        self.timer = None if seconds is None else self.clock.callLater(seconds, inputs.expired)

    def hello_refused(self, inputs: Inputs, code: str, sentence: str) -> None:
        """Hand a refusal of ``hello`` to `inputs`, as what it means at this point of the run."""
        self.last_code = code
        is_first = not self.was_online
        if code == NICKNAME_TAKEN:  # where the session could be resumed, it is no ghost's
            is_first = is_first or (self.is_resuming and self.can_ask)
        is_ghost_possible = not is_first or self.clock.seconds() < self.ghost_until
        if code in RETRY_LATER or (code in RETRY_LATER_ONCE_ONLINE and is_ghost_possible):
            inputs.retry_later(sentence)
        elif code in RETRY_WITH_PASSWORD or (code in RETRY_WITH_INPUT and is_first):
            inputs.nickname_refused(sentence)
        elif code == BANNED:
            inputs.expelled(sentence)
        else:
            inputs.rejected(sentence)

    def wrong_key(self, inputs: Inputs, sentence: str) -> None:
        """The server has another key than the expected one.

        Only an address that the user gave ends the client: one that was found, or that a server
        told, may be another's by now, while the right server still comes.
        """
        if self.server is not None and (self.server.server_id or self.server.fingerprint):
            inputs.failed(sentence)
        else:
            inputs.rejected(sentence)

    def resumed_elsewhere(self, inputs: Inputs, sentence: str) -> None:
        """Another connection has resumed the session; perhaps with the client's own late hello."""
        if self.clock.seconds() < self.ghost_until:
            self.is_contested = True
            inputs.lost("an earlier attempt to connect came late")
        else:
            inputs.replaced(sentence)


NICKNAME_TAKEN: Final = "nickname-taken"
BANNED: Final = "banned"
#: Refusals of ``hello`` after which the user is asked for the password, also later in the run: the
#: server may be at another address now, or the password may have been changed.
RETRY_WITH_PASSWORD: Final = frozenset({"password-required", "wrong-password", "too-many-attempts"})
#: Refusals of ``hello`` after which the user can try another nickname, at the first one of a run.
RETRY_WITH_INPUT: Final = frozenset({NICKNAME_TAKEN, "bad-nickname"})
#: Temporary refusals of ``hello``.
RETRY_LATER: Final = frozenset(
    {"full", "too-many-connections", "too-late", "server-failed", "cut-off"}
)
#: Refusals of ``hello`` that are temporary if this client's own ghost may be the cause.
RETRY_LATER_ONCE_ONLINE: Final = frozenset({NICKNAME_TAKEN, "too-many-attempts"})


def _connect(inputs: Inputs, core: Core) -> None:
    if core.server is None:
        raise RuntimeError("connecting before any server was found")
    core.is_reached = False
    core.set_timeout(inputs, limits.CONNECT_SECONDS)
    core.effects.connect(core.server)


def _wait(inputs: Inputs, core: Core, reason: str, jitter: float = 0.0) -> None:
    core.effects.disconnect()
    must_wait, core.is_contested = core.is_contested, False
    has_other = core.hurry()
    if has_other and not must_wait:
        seconds = core.jitter() * limits.NODE_JITTER_MILLISECONDS / 1_000
    elif core.once and not has_other:
        core.set_timeout(inputs, None)
        # Automat has changed the state already: this leads from ``waiting`` on to ``gone``.
        inputs.give_up(reason)
        return
    else:
        seconds = limits.RETRY_SECONDS + jitter
    core.set_timeout(inputs, seconds)
    core.effects.waiting(reason, seconds)


def _wait_unanswered(inputs: Inputs, core: Core, reason: str, jitter: float = 0.0) -> None:
    # The hello may have arrived: then the server holds the nickname for a ghost until it finds out.
    core.ghost_until = core.clock.seconds() + limits.DEAD_PEER_SECONDS
    _wait(inputs, core, reason, jitter)


def _end(inputs: Inputs, core: Core, status: int, reason: str = "") -> None:
    core.set_timeout(inputs, None)
    core.effects.stop_finding()
    core.effects.disconnect()
    core.effects.gone(status, reason)


def _build() -> TypeMachineBuilder[Inputs, Core]:  # noqa: C901  # a list, one transition a piece
    builder = TypeMachineBuilder(Inputs, Core)
    idle = builder.state("idle")
    discovering = builder.state("discovering")
    connecting = builder.state("connecting")
    registering = builder.state("registering")
    asking = builder.state("asking")
    online = builder.state("online")
    waiting = builder.state("waiting")
    leaving = builder.state("leaving")
    gone = builder.state("gone")

    @pep614(idle.upon(Inputs.start).to(discovering))
    @pep614(waiting.upon(Inputs.expired).to(discovering))
    def search(inputs: Inputs, core: Core) -> None:
        core.set_timeout(inputs, None)
        core.effects.find_server()

    @pep614(discovering.upon(Inputs.offered).to(connecting))
    def found(inputs: Inputs, core: Core, server: ServerAddress) -> None:
        core.server = server
        core.effects.stop_finding()
        _connect(inputs, core)

    @pep614(asking.upon(Inputs.answered).to(connecting))
    def reconnect(inputs: Inputs, core: Core) -> None:
        _connect(inputs, core)

    @pep614(connecting.upon(Inputs.connected).to(registering))
    def register(inputs: Inputs, core: Core) -> None:
        core.set_timeout(inputs, limits.WELCOME_SECONDS)
        core.effects.hello()

    @pep614(connecting.upon(Inputs.expired).to(waiting))
    def no_connection(inputs: Inputs, core: Core) -> None:
        seconds = limits.CONNECT_SECONDS
        _wait(
            inputs,
            core,
            f"{core.server} did not answer within {seconds} s"
            if core.is_reached
            else f"no connection to {core.server} within {seconds} s",
        )

    @pep614(registering.upon(Inputs.expired).to(waiting))
    def no_welcome(inputs: Inputs, core: Core) -> None:
        _wait_unanswered(
            inputs, core, f"{core.server} did not answer within {limits.WELCOME_SECONDS} s"
        )

    @pep614(connecting.upon(Inputs.failed).to(waiting))
    @pep614(registering.upon(Inputs.retry_later).to(waiting))
    def retry_after_failure(inputs: Inputs, core: Core, reason: str) -> None:
        _wait(inputs, core, reason)

    @pep614(registering.upon(Inputs.lost).to(waiting))
    def lost_early(inputs: Inputs, core: Core, reason: str) -> None:
        _wait_unanswered(inputs, core, reason, core.jitter())

    @pep614(online.upon(Inputs.lost).to(waiting))
    def lost(inputs: Inputs, core: Core, reason: str) -> None:
        core.effects.offline(reason)
        if core.clock.seconds() < core.moved_at + limits.RETRY_SECONDS:
            core.is_contested = True
        else:
            core.moved_at = core.clock.seconds()
        _wait(inputs, core, reason, core.jitter())

    @pep614(registering.upon(Inputs.welcomed).to(online))
    def enter(inputs: Inputs, core: Core) -> None:
        core.was_online = True
        core.set_timeout(inputs, None)
        core.effects.online()

    @pep614(registering.upon(Inputs.nickname_refused).to(asking))
    def ask(inputs: Inputs, core: Core, problem: str) -> None:
        # The user may take hours to answer, and must not hold a connection meanwhile.
        core.set_timeout(inputs, None)
        core.effects.disconnect()
        core.effects.ask(problem)

    @pep614(discovering.upon(Inputs.rejected).to(gone))
    @pep614(connecting.upon(Inputs.rejected).to(gone))
    @pep614(registering.upon(Inputs.rejected).to(gone))
    @pep614(asking.upon(Inputs.cannot_ask).to(gone))
    def refused(inputs: Inputs, core: Core, reason: str) -> None:
        _end(inputs, core, EXIT_REFUSED, reason)

    @pep614(waiting.upon(Inputs.give_up).to(gone))
    def give_up(inputs: Inputs, core: Core, reason: str) -> None:
        if core.was_online:
            _end(inputs, core, EXIT_OK, "Server disconnected")
        else:
            _end(inputs, core, EXIT_NEVER_ONLINE, reason or "connection lost")

    @pep614(registering.upon(Inputs.replaced).to(gone))
    @pep614(online.upon(Inputs.replaced).to(gone))
    @pep614(leaving.upon(Inputs.replaced).to(gone))
    def replaced(inputs: Inputs, core: Core, reason: str) -> None:
        # Coming back would take the session from that other one again, and so on for ever.
        _end(inputs, core, EXIT_OK, reason)

    @pep614(registering.upon(Inputs.expelled).to(gone))
    @pep614(online.upon(Inputs.expelled).to(gone))
    @pep614(leaving.upon(Inputs.expelled).to(gone))
    def expelled(inputs: Inputs, core: Core, reason: str) -> None:
        # The user may come back after a kick, and decides that: nobody is kicked in vain.
        _end(inputs, core, EXIT_EXPELLED, reason)

    # The hello may have made the client a member, though the welcome has not come yet.
    @pep614(registering.upon(Inputs.leave).to(leaving))
    @pep614(online.upon(Inputs.leave).to(leaving))
    def quit_chat(inputs: Inputs, core: Core) -> None:
        core.set_timeout(inputs, limits.GOODBYE_SECONDS)
        core.effects.quit()

    @pep614(leaving.upon(Inputs.lost).to(gone))
    def left(inputs: Inputs, core: Core, reason: str) -> None:
        _end(inputs, core, EXIT_OK)

    @pep614(leaving.upon(Inputs.expired).to(gone))
    @pep614(idle.upon(Inputs.leave).to(gone))
    @pep614(discovering.upon(Inputs.leave).to(gone))
    @pep614(connecting.upon(Inputs.leave).to(gone))
    @pep614(asking.upon(Inputs.leave).to(gone))
    @pep614(waiting.upon(Inputs.leave).to(gone))
    def leave_at_once(inputs: Inputs, core: Core) -> None:
        _end(inputs, core, EXIT_OK)

    leaving.upon(Inputs.leave).loop().returns(None)
    gone.upon(Inputs.leave).loop().returns(None)
    return builder


BUILDER: Final = _build()

#: Makes a machine of a :class:`Core`; it starts in ``idle``.
machine: Final = BUILDER.build()
