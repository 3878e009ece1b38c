"""``make fuzz``: its first inputs pass, and it would find a parser that raises."""

from unittest.mock import patch

import pytest

from chatd.wire import slash_commands
from chatd.wire.jim import Jim
from chatd.wire.native import Native
from fuzz.mutate import mutated
from fuzz.script import MARK, script, steps
from fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_the_first_inputs_pass(name: str) -> None:
    seeds = TARGETS[name].seeds
    assert len(seeds) > 5
    for seed in [*seeds, b"", bytes(range(256))]:
        TARGETS[name].check(seed)


def test_a_watcher_may_stay_connected_for_ever() -> None:
    hello = b'{"type":"hello","data":{"nickname":"","version":1}}\n'  # refused
    TARGETS["basic"].check(script(hello, b'{"type":"watch"}\n', 5, 3))


class Mistake(Exception):
    """Raised by no parser."""


def _fail(*arguments: object, **more: object) -> None:
    raise Mistake


@pytest.mark.parametrize(
    ("name", "owner", "function"),
    [
        ("native", Native, "decode"),
        ("basic", Native, "decode"),
        ("jim", Jim, "decode"),
        ("plain", slash_commands, "parse"),
    ],
)
def test_a_parser_that_raises_is_found(name: str, owner: object, function: str) -> None:
    with patch.object(owner, function, _fail), pytest.raises(Mistake):
        _check_seeds(name)


def _check_seeds(name: str) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].check(seed)


def test_a_script_is_parsed_into_its_parts() -> None:
    parts: list[bytes | int] = [b"hello", 3, b"\xf5\xf5 and \x00", 0, 11]
    assert list(steps(script(*parts))) == parts
    assert list(steps(b"")) == []
    assert list(steps(bytes((MARK,)))) == [0]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"hello\n", b'\xff{"a":{"b":[1]}}{"c":2}\xf5\x01', b"{}"]
)
def test_a_json_mutation_keeps_the_bytes_around_the_object(data: bytes) -> None:
    changed = [mutated(data, seed) for seed in range(200)]
    for each in changed:
        assert each.startswith(data.partition(b"{")[0])
        assert each.endswith(data.rpartition(b"}")[2] if b"}" in data else data)
    assert (len(set(changed)) > 1) == (b"}" in data)
