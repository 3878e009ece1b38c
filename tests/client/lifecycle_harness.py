"""The lifecycle without a client: its effects are recorded, and each state can be reached."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.internet.task import Clock

from chatd.client.lifecycle import Core, Inputs, ServerAddress, machine

PARTY: Final = ServerAddress("10.35.11.111", 7777, "party")
JITTER: Final = 0.75
JUST: Final = 0.001

#: The inputs that lead from the start into each state.
INTO: dict[str, list[tuple[str, Any]]] = {
    "idle": [],
    "discovering": [("start", None)],
    "connecting": [("start", None), ("offered", PARTY)],
    "registering": [("start", None), ("offered", PARTY), ("connected", None)],
}
INTO |= {
    "asking": [*INTO["registering"], ("nickname_refused", "taken")],
    "online": [*INTO["registering"], ("welcomed", None)],
    "waiting": [*INTO["connecting"], ("failed", "refused")],
}
INTO["leaving"] = [*INTO["online"], ("leave", None)]
INTO["gone"] = [*INTO["idle"], ("leave", None)]


class RecordedEffects:
    """Records the effects instead of carrying them out."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, effect: str) -> Callable[..., None]:
        return lambda *arguments: self.calls.append((effect, *arguments))


class Run:
    """One run of a client, after some `inputs`."""

    def __init__(
        self, inputs: Sequence[tuple[str, Any]], once: bool = False, others: int = 0
    ) -> None:
        """:param others: how many nodes there are to try at once."""
        self.clock = Clock()
        self.effects = RecordedEffects()
        self.others = others
        self.core = Core(self.effects, self.clock, lambda: JITTER, once, hurry=self._hurry)
        self.inputs: Inputs = machine(self.core)
        for name, argument in inputs:
            self.input(name, argument)
        self.effects.calls.clear()

    def _hurry(self) -> bool:
        self.others -= 1
        return self.others >= 0

    def input(self, name: str, argument: Any = None) -> None:
        getattr(self.inputs, name)(*([] if argument is None else [argument]))

    def refuse(self, code: str) -> None:
        self.core.hello_refused(self.inputs, code, f"because of {code}")

    @property
    def names(self) -> list[str]:
        return [name for name, *_ in self.effects.calls]

    @property
    def ends(self) -> list[tuple[Any, ...]]:
        return [effect for effect in self.effects.calls if effect[0] == "gone"]

    def retry_seconds(self) -> float:
        [(_, _, seconds)] = [each for each in self.effects.calls if each[0] == "waiting"]
        assert isinstance(seconds, float)
        return seconds
