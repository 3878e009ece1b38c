"""A client's life without a client: effects that are written down, and the way into each state."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.internet.task import Clock

from chatd.client.lifecycle import Core, Inputs, Server, machine

PARTY: Final = Server("10.35.11.111", 7777, "party")
JITTER: Final = 0.75
JUST: Final = 0.001

#: The way from the start of the run into each state.
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
    """Does nothing, and writes down what it was told to do."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []

    def __getattr__(self, effect: str) -> Callable[..., None]:
        return lambda *arguments: self.done.append((effect, *arguments))


class Run:
    """One run of a client, as far as some `inputs`."""

    def __init__(self, inputs: Sequence[tuple[str, Any]], once: bool = False) -> None:
        self.clock = Clock()
        self.effects = RecordedEffects()
        self.life = Core(self.effects, self.clock, lambda: JITTER, once)
        self.inputs: Inputs = machine(self.life)
        for name, argument in inputs:
            self.happens(name, argument)
        self.effects.done.clear()

    def happens(self, name: str, argument: Any = None) -> None:
        getattr(self.inputs, name)(*([] if argument is None else [argument]))

    def refused(self, code: str) -> None:
        self.life.hello_refused(self.inputs, code, f"because of {code}")

    @property
    def names(self) -> list[str]:
        return [name for name, *_ in self.effects.done]

    @property
    def ends(self) -> list[tuple[Any, ...]]:
        return [effect for effect in self.effects.done if effect[0] == "gone"]

    def retries_after(self) -> float:
        [(_, _, seconds)] = [each for each in self.effects.done if each[0] == "waiting"]
        assert isinstance(seconds, float)
        return seconds
