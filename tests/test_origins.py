"""docs/origins.rst names files, options and commands that there are."""

import re
from pathlib import Path

import pytest

from chatd.taps import client, server
from chatd.wire import slash_commands

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "origins.rst").read_text(encoding="utf-8")
SEEDS = [
    "Discovery by broadcast",
    "JSON chat client and server",
    "JIM messenger",
    "TCP group chat",
    "Multithreaded chat",
]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"``((?:chatd|tests)/[\w/.]*)``", PAGE))))
def test_a_file_that_is_named_is_there(name: str) -> None:
    assert (ROOT / name).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"<(\w+\.rst)>`_", PAGE))))
def test_a_page_that_is_named_is_there(name: str) -> None:
    assert (ROOT / "docs" / name).exists()


def test_every_seed_has_its_table() -> None:
    for seed in SEEDS:
        assert f"\n{seed}\n{'-' * len(seed)}\n" in PAGE


def test_every_option_that_is_named_is_one() -> None:
    options = {
        name
        for taken in (server.Options(), client.Options())
        for name in re.findall(r"--([\w-]+)", str(taken))
    }
    assert set(re.findall(r"``--([\w-]+)``", PAGE)) <= options


def test_every_command_that_is_named_is_one() -> None:
    commands = {name for spec in slash_commands.SLASH_COMMANDS for name in spec.names}
    assert set(re.findall(r"``(/\w+)\b", PAGE)) <= commands
