"""The client's life (SPEC §3): which state it is in, what moves it on, and after how long.

All legal transitions are in :func:`_build`; the table in docs/explanation/client-life.rst is
generated from them. The machine does nothing itself: it has :class:`Effects` do it, and a clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from automat import TypeMachineBuilder, pep614
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.chat import limits


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is; `server_id` is empty where only its address is known."""

    host: str
    port: int
    server_id: str = ""

    def __str__(self) -> str:
        where = f"{self.host}:{self.port}"
        return f"{self.server_id} ({where})" if self.server_id else where


class Effects(Protocol):
    """What the life has done for it. Each call returns at once; what comes of it is an input."""

    def find_server(self) -> None:
        """Look for the server, until told otherwise."""

    def stop_finding(self) -> None:
        """Do not look any more."""

    def connect(self, server: Server) -> None:
        """Open a connection."""

    def disconnect(self) -> None:
        """Drop the connection, made or not; nothing more is heard of it."""

    def hello(self) -> None:
        """Say hello with the nickname."""

    def ask(self, problem: str) -> None:
        """Ask the person for another nickname, because of `problem`."""

    def online(self) -> None:
        """Messages can be sent from now on."""

    def offline(self, reason: str) -> None:
        """Messages cannot be sent from now on."""

    def quit(self) -> None:
        """Say goodbye to the server."""

    def waiting(self, reason: str, seconds: float) -> None:
        """Tell the person why there is no connection, and when the next try is."""

    def gone(self, status: int, reason: str) -> None:
        """It is over, with this exit status."""


class Inputs(Protocol):
    """What can happen to a client."""

    def start(self) -> None:
        """The run begins."""

    def offered(self, server: Server) -> None:
        """An acceptable server was found."""

    def connected(self) -> None:
        """The TCP connection is made."""

    def failed(self, reason: str) -> None:
        """The TCP connection cannot be made."""

    def welcomed(self) -> None:
        """The server took the client in."""

    def nickname_refused(self, problem: str) -> None:
        """The server refused the nickname, and the person may choose another one."""

    def retry_later(self, reason: str) -> None:
        """The server refused, for now."""

    def rejected(self, reason: str) -> None:
        """The server refused, and will always refuse."""

    def answered(self) -> None:
        """The person gave another nickname."""

    def cannot_ask(self, reason: str) -> None:
        """There is no person to ask."""

    def lost(self, reason: str) -> None:
        """The connection is gone."""

    def expired(self) -> None:
        """The time of this state is over."""

    def leave(self) -> None:
        """The person wants to go."""

    def give_up(self, reason: str) -> None:
        """There is no point in another try."""


@dataclass
class Core:
    """What the machine knows.

    :param jitter: how many seconds, 0 to 1, a retry after a lost connection waits longer.
    :ivar last_code: of the last refusal of ``hello``.
    :ivar ghost_until: when a server has found out that who said an unanswered ``hello`` is gone.
    :param once: a client with a direct address does not come back.
    """

    effects: Effects
    clock: IReactorTime
    jitter: Callable[[], float]
    once: bool = False
    server: Server | None = None
    was_online: bool = False
    timer: IDelayedCall | None = None
    last_code: str = ""
    ghost_until: float = 0.0

    def set_timeout(self, inputs: Inputs, seconds: float | None) -> None:
        """Have `expired` happen after `seconds`, in place of what was expected before."""
        if self.timer is not None and self.timer.active():
            self.timer.cancel()
        self.timer = None if seconds is None else self.clock.callLater(seconds, inputs.expired)

    def hello_refused(self, inputs: Inputs, code: str, sentence: str) -> None:
        """Hand the refusal of ``hello`` to `inputs`, as what it means at this point of the run."""
        self.last_code = code
        may_be_ghost = self.was_online or self.clock.seconds() < self.ghost_until
        if code in RETRY_LATER or (code in RETRY_LATER_ONCE_ONLINE and may_be_ghost):
            # Later on, a taken nickname is mostly this client's own ghost.
            inputs.retry_later(sentence)
        elif code in RETRY_WITH_INPUT and not self.was_online:
            inputs.nickname_refused(sentence)
        else:
            inputs.rejected(sentence)


#: Refusals of ``hello`` that another nickname, or the password, may help against.
RETRY_WITH_INPUT: Final = frozenset(
    {"nickname-taken", "bad-nickname", "password-required", "wrong-password", "too-many-attempts"}
)
#: Refusals of ``hello`` that pass with time.
RETRY_LATER: Final = frozenset({"full", "too-late", "server-failed"})
#: Those that pass with time for one who was in already.
RETRY_LATER_ONCE_ONLINE: Final = frozenset({"nickname-taken", "too-many-attempts"})


def _connect(inputs: Inputs, core: Core) -> None:
    if core.server is None:
        raise RuntimeError("connecting before any server was found")
    core.set_timeout(inputs, limits.CONNECT_SECONDS)
    core.effects.connect(core.server)


def _wait(inputs: Inputs, core: Core, reason: str, jitter: float = 0.0) -> None:
    core.effects.disconnect()
    if core.once:
        core.set_timeout(inputs, None)
        inputs.give_up(reason)
    else:
        core.set_timeout(inputs, limits.RETRY_SECONDS + jitter)
        core.effects.waiting(reason, limits.RETRY_SECONDS + jitter)


def _wait_unanswered(inputs: Inputs, core: Core, reason: str, jitter: float = 0.0) -> None:
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
    def seek(inputs: Inputs, life: Core) -> None:
        life.set_timeout(inputs, None)
        life.effects.find_server()

    @pep614(discovering.upon(Inputs.offered).to(connecting))
    def found(inputs: Inputs, life: Core, server: Server) -> None:
        life.server = server
        life.effects.stop_finding()
        _connect(inputs, life)

    @pep614(asking.upon(Inputs.answered).to(connecting))
    def again(inputs: Inputs, life: Core) -> None:
        _connect(inputs, life)

    @pep614(connecting.upon(Inputs.connected).to(registering))
    def register(inputs: Inputs, life: Core) -> None:
        life.set_timeout(inputs, limits.WELCOME_SECONDS)
        life.effects.hello()

    @pep614(connecting.upon(Inputs.expired).to(waiting))
    def no_connection(inputs: Inputs, life: Core) -> None:
        _wait(inputs, life, f"no connection to {life.server} within {limits.CONNECT_SECONDS} s")

    @pep614(registering.upon(Inputs.expired).to(waiting))
    def no_welcome(inputs: Inputs, life: Core) -> None:
        _wait_unanswered(
            inputs, life, f"{life.server} said nothing within {limits.WELCOME_SECONDS} s"
        )

    @pep614(connecting.upon(Inputs.failed).to(waiting))
    @pep614(registering.upon(Inputs.retry_later).to(waiting))
    def not_this_time(inputs: Inputs, life: Core, reason: str) -> None:
        _wait(inputs, life, reason)

    @pep614(registering.upon(Inputs.lost).to(waiting))
    def lost_early(inputs: Inputs, life: Core, reason: str) -> None:
        _wait_unanswered(inputs, life, reason, life.jitter())

    @pep614(online.upon(Inputs.lost).to(waiting))
    def lost(inputs: Inputs, life: Core, reason: str) -> None:
        life.effects.offline(reason)
        _wait(inputs, life, reason, life.jitter())

    @pep614(registering.upon(Inputs.welcomed).to(online))
    def enter(inputs: Inputs, life: Core) -> None:
        life.was_online = True
        life.set_timeout(inputs, None)
        life.effects.online()

    @pep614(registering.upon(Inputs.nickname_refused).to(asking))
    def ask(inputs: Inputs, life: Core, problem: str) -> None:
        life.set_timeout(inputs, None)
        life.effects.disconnect()
        life.effects.ask(problem)

    @pep614(discovering.upon(Inputs.rejected).to(gone))
    @pep614(registering.upon(Inputs.rejected).to(gone))
    @pep614(asking.upon(Inputs.cannot_ask).to(gone))
    def refused(inputs: Inputs, life: Core, reason: str) -> None:
        _end(inputs, life, 2, reason)

    @pep614(waiting.upon(Inputs.give_up).to(gone))
    def give_up(inputs: Inputs, life: Core, reason: str) -> None:
        _end(inputs, life, 0 if life.was_online else 1, reason or "the connection is gone")

    @pep614(online.upon(Inputs.leave).to(leaving))
    def say_goodbye(inputs: Inputs, life: Core) -> None:
        life.set_timeout(inputs, limits.GOODBYE_SECONDS)
        life.effects.quit()

    @pep614(leaving.upon(Inputs.lost).to(gone))
    def left(inputs: Inputs, life: Core, reason: str) -> None:
        _end(inputs, life, 0)

    @pep614(leaving.upon(Inputs.expired).to(gone))
    @pep614(idle.upon(Inputs.leave).to(gone))
    @pep614(discovering.upon(Inputs.leave).to(gone))
    @pep614(connecting.upon(Inputs.leave).to(gone))
    @pep614(registering.upon(Inputs.leave).to(gone))
    @pep614(asking.upon(Inputs.leave).to(gone))
    @pep614(waiting.upon(Inputs.leave).to(gone))
    def go(inputs: Inputs, life: Core) -> None:
        _end(inputs, life, 0)

    leaving.upon(Inputs.leave).loop().returns(None)
    gone.upon(Inputs.leave).loop().returns(None)
    return builder


BUILDER: Final = _build()

#: Makes a machine of a :class:`Life`; it begins in ``idle``.
machine: Final = BUILDER.build()
