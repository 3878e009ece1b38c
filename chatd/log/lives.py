"""Which entries of a shared log count: those of each node's present life, each number once."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from chatd.log.node_operations import Version


class Life(NamedTuple):
    """A life of a node, from its beginning to its end or the next one's beginning.

    :ivar life: rises from one life of a node to the next.
    :ivar number: of its last entry that counts: 1, 2, 3 …
    :ivar accounts: tells the accounts of the node from other ones; empty if it has none.
    :ivar key: the fingerprint of the node's key for TLS; empty if it has none.
    """

    node: str
    life: int
    number: int
    has_ended: bool
    version: Version
    accounts: str = ""
    key: str = ""


class Lives:
    """The last life of each node, by its name.

    A node that is not sure whether an entry was appended appends it again: the second one does not
    count. Neither does what a node appends that does not know yet that it was taken for dead.
    """

    def __init__(self) -> None:
        self._lives: dict[str, Life] = {}

    def begins(
        self, node: str, life: int, version: Version, accounts: str = "", key: str = ""
    ) -> bool:
        """Begin a life, if it can.

        It cannot with other rules than those of the nodes that are there, or without accounts if
        one of them has some.
        """
        others = self._others(node)
        if (
            life <= self.last(node)
            or any(each.version != version for each in others)
            or (not accounts and any(each.accounts for each in others))
        ):
            return False
        self._lives[node] = Life(node, life, 1, False, version, accounts, key)
        return True

    def counts(self, node: str, life: int, number: int) -> bool:
        """Whether the entry with that number is the next one of the node's present life."""
        present = self._present(node, life)
        if present is None or number != present.number + 1:
            return False
        self._lives[node] = present._replace(number=number)
        return True

    def ends(self, node: str, life: int) -> bool:
        """End a life, if it is the node's present one."""
        present = self._present(node, life)
        if present is None:
            return False
        self._lives[node] = present._replace(has_ended=True)
        return True

    def last(self, node: str) -> int:
        """The number of the node's last life; 0 if there was none."""
        return self._lives[node].life if node in self._lives else 0

    def is_there(self, node: str, life: int) -> bool:
        """Whether that is the node's present life."""
        return self._present(node, life) is not None

    def there(self) -> Mapping[str, Life]:
        """The lives that have not ended, by the names of the nodes."""
        return {node: each for node, each in self._lives.items() if not each.has_ended}

    def may_set_accounts(self, node: str) -> bool:
        """Whether the node has accounts, or takes away those of nobody that is there."""
        own = self.there().get(node)
        has_accounts = own is not None and bool(own.accounts)
        return has_accounts or not any(each.accounts for each in self._others(node))

    def set_accounts(self, node: str, accounts: str) -> None:
        """The accounts of a node that has some have changed."""
        last = self._lives.get(node)
        if last is not None and last.accounts:
            self._lives[node] = last._replace(accounts=accounts)

    def _present(self, node: str, life: int) -> Life | None:
        last = self._lives.get(node)
        return last if last is not None and last.life == life and not last.has_ended else None

    def _others(self, node: str) -> list[Life]:
        """The lives of the other nodes that are there."""
        return [each for each in self.there().values() if each.node != node]

    def state(self) -> tuple[Life, ...]:
        """The last lives of all nodes."""
        return tuple(self._lives.values())

    def restore(self, lives: Iterable[Life]) -> None:
        """Put back what :meth:`state` returned."""
        self._lives = {each.node: each for each in lives}
