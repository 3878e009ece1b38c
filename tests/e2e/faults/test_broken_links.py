"""Links that break every few seconds while packets are lost: every line arrives, once, in order.

``make links`` does this for ten minutes, and with 30 % lost, where it takes long until all is back.
"""

from pathlib import Path

import pytest

from tests.load.broken_links import run


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "in memory"])
def test_every_line_of_twenty_talkers_arrives_once_and_in_order_at_every_other(
    is_kept: bool, tmp_path: Path
) -> None:
    assert run(12, 5, seed=1, store=tmp_path if is_kept else None) == []
