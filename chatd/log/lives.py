"""Which entries of a shared log count: those of each node's present life, each number once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from chatd.log.node_operations import Version


class LifeState(NamedTuple):
    """A life of a node, from its beginning to its end or the next one's beginning.

    :ivar life: rises from one life of a node to the next.
    :ivar number: of its last entry that counts: 1, 2, 3 …
    :ivar accounts: tells the accounts of the node from other ones; empty if it has none.
    """

    node: str
    life: int
    number: int
    has_ended: bool
    version: Version
    accounts: str = ""


@dataclass(slots=True)
class _Life:
    life: int
    number: int
    has_ended: bool
    version: Version
    accounts: str


class Lives:
    """The present life of each node, by its name.

    A node that is not sure whether an entry was appended appends it again: the second one does not
    count. Neither does what a node appends that does not know yet that it was taken for dead.
    """

    def __init__(self) -> None:
        self._lives: dict[str, _Life] = {}

    def begins(self, node: str, life: int, version: Version, accounts: str = "") -> bool:
        """Begin a life, if it can.

        It cannot with other rules than those of the nodes that are there, or without accounts if
        one of them has some.
        """
        before = self._lives.get(node)
        if (
            (before is not None and life <= before.life)
            or any(each.version != version for each in self._others(node))
            or (not accounts and self._others_have_accounts(node))
        ):
            return False
        self._lives[node] = _Life(life, 1, has_ended=False, version=version, accounts=accounts)
        return True

    def _others(self, node: str) -> list[_Life]:
        """The lives of the other nodes that are there."""
        return [each for name, each in self._lives.items() if name != node and not each.has_ended]

    def _others_have_accounts(self, node: str) -> bool:
        return any(each.accounts for each in self._others(node))

    def accounts(self) -> Mapping[str, str]:
        """What tells the accounts of the nodes that are there from each other."""
        return {name: each.accounts for name, each in self._lives.items() if not each.has_ended}

    def may_set_accounts(self, node: str) -> bool:
        """Whether the node has accounts, or takes away those of nobody that is there."""
        return bool(self.accounts().get(node)) or not self._others_have_accounts(node)

    def set_accounts(self, node: str, accounts: str) -> None:
        """The accounts of a node that has some have changed."""
        present = self._lives.get(node)
        if present is not None and present.accounts:
            present.accounts = accounts

    def counts(self, node: str, life: int, number: int) -> bool:
        """Whether the entry with that number is the next one of the node's present life."""
        present = self._lives.get(node)
        if (
            present is None
            or present.has_ended
            or (present.life, present.number + 1)
            != (
                life,
                number,
            )
        ):
            return False
        present.number = number
        return True

    def ends(self, node: str, life: int) -> bool:
        """End a life, if it is the node's present one and has not ended yet."""
        present = self._lives.get(node)
        if present is None or present.has_ended or present.life != life:
            return False
        present.has_ended = True
        return True

    def last(self, node: str) -> int:
        """The node's last life; 0 if there was none."""
        present = self._lives.get(node)
        return 0 if present is None else present.life

    def is_there(self, node: str, life: int) -> bool:
        """Whether that is the node's present life, and has not ended."""
        present = self._lives.get(node)
        return present is not None and not present.has_ended and present.life == life

    def there(self) -> Mapping[str, int]:
        """The lives that have not ended, by the names of the nodes."""
        return {name: each.life for name, each in self._lives.items() if not each.has_ended}

    def versions(self) -> Mapping[str, Version]:
        """The versions of the nodes that are there."""
        return {name: each.version for name, each in self._lives.items() if not each.has_ended}

    def state(self) -> tuple[LifeState, ...]:
        """All lives."""
        return tuple(
            LifeState(name, each.life, each.number, each.has_ended, each.version, each.accounts)
            for name, each in self._lives.items()
        )

    def restore(self, states: Iterable[LifeState]) -> None:
        """Put back what :meth:`state` returned."""
        self._lives = {
            state.node: _Life(
                state.life, state.number, state.has_ended, state.version, state.accounts
            )
            for state in states
        }
