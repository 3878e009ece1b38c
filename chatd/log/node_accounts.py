"""What the nodes of a cluster tell each other of their accounts: not the passwords.

The names and marks of the accounts are in the log, and hold on every node. Passwords are checked by
the node that is asked, against its own password file, so that all nodes need the same one.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chatd.chat import limits
from chatd.log.lives import Lives
from chatd.log.node_operations import BeginNode, CountWrongPassword
from chatd.log.operations import Operation, SetFingerprints


class AccountsHost(Protocol):
    """Whoever has the accounts of this node."""

    def describe_accounts(self) -> str:
        """A text that is another one for other accounts or passwords; empty without accounts."""

    def send_accounts(self) -> None:
        """The node has begun: ask the log to set the accounts."""

    def wrong_password(self, host: str, account: str) -> None:
        """Another node has been given a wrong password: see :class:`CountWrongPassword`."""


class NodeAccounts:
    """Reads what concerns accounts in the log, and warns of a node that has other ones.

    :param node: the name of this node.
    """

    log = Logger()

    def __init__(self, node: str, lives: Lives, clock: IReactorTime, host: AccountsHost) -> None:
        self._node = node
        self._lives = lives
        self._clock = clock
        self._host = host
        self._later: IDelayedCall | None = None
        self._different: list[str] = []

    def begun(self) -> None:
        """This node has begun."""
        self._host.send_accounts()
        self._compare()

    def read(self, operations: Sequence[Operation[Any]], *, is_own: bool) -> None:
        """The operations of a node were applied; this node is there."""
        for operation in operations:
            if isinstance(operation, CountWrongPassword) and not is_own:
                self._host.wrong_password(operation.host, operation.account)
            elif isinstance(operation, BeginNode | SetFingerprints) and self._later is None:
                # A file that has changed is copied to one node after the other.
                self._later = self._clock.callLater(
                    limits.DIFFERENT_ACCOUNTS_SECONDS, self._compare_later
                )

    def stop(self) -> None:
        """Compare nothing any more."""
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _compare_later(self) -> None:
        self._later = None
        self._compare()

    def _compare(self) -> None:
        accounts = {name: each.accounts for name, each in self._lives.there().items()}
        own = accounts.get(self._node, "")
        different = sorted(name for name, each in accounts.items() if each != own)
        if different and different != self._different:
            self.log.warn(
                "other accounts or passwords than here: on node {nodes}; give all nodes the same "
                "password file with --auth",
                nodes=", ".join(different),
            )
        self._different = different
