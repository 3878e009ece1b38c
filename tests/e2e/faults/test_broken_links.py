"""Links that break every few seconds while packets are lost: every line arrives, once, in order."""

from pathlib import Path

import pytest

from tests.load.broken_links import run


@pytest.mark.parametrize("loss", [5, 30])
def test_every_line_of_twenty_talkers_arrives_once_and_in_order_at_every_other(
    loss: int, tmp_path: Path
) -> None:
    assert run(15, loss, seed=1, store=tmp_path) == []


def test_the_same_in_a_chat_in_memory() -> None:
    assert run(15, 5, seed=2, store=None) == []
