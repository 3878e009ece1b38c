"""``make fuzz``: what it begins with holds, and what does not hold it would find."""

from unittest.mock import patch

import pytest

from chatd.wire import discovery, slash_commands
from chatd.wire.jim import Jim
from chatd.wire.native import Native
from fuzz.mutate import mutated
from fuzz.script import MARK, script, steps
from fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_what_the_fuzzer_begins_with_holds(name: str) -> None:
    seeds = TARGETS[name].seeds
    assert len(seeds) > 5
    for seed in [*seeds, b"", bytes(range(256))]:
        TARGETS[name].check(seed)


class Mistake(Exception):
    """Something that no parser may raise."""


def _fail(*arguments: object, **more: object) -> None:
    raise Mistake


@pytest.mark.parametrize(
    ("name", "owner", "function"),
    [
        ("native", Native, "decode"),
        ("basic", Native, "decode"),
        ("jim", Jim, "decode"),
        ("plain", slash_commands, "read"),
        ("typed", slash_commands, "read"),
        ("offer", discovery, "decode_offer"),
        ("discover", discovery, "check_discover"),
    ],
)
def test_a_parser_that_raises_is_found(name: str, owner: object, function: str) -> None:
    with patch.object(owner, function, _fail), pytest.raises(Mistake):
        _check_seeds(name)


def _check_seeds(name: str) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].check(seed)


def test_a_script_is_read_as_it_was_written() -> None:
    parts: list[bytes | int] = [b"hello", 3, b"\xf5\xf5 and \x00", 0, 11]
    assert list(steps(script(*parts))) == parts
    assert list(steps(b"")) == []
    assert list(steps(bytes((MARK,)))) == [0]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"hello\n", b'\xff{"a":{"b":[1]}}{"c":2}\xf5\x01', b"{}"]
)
def test_what_is_changed_as_json_keeps_what_is_around_it(data: bytes) -> None:
    changed = [mutated(data, seed) for seed in range(200)]
    for each in changed:
        assert each.startswith(data.partition(b"{")[0])
        assert each.endswith(data.rpartition(b"}")[2] if b"}" in data else data)
    assert (len(set(changed)) > 1) == (b"}" in data)
