"""More private talks than there is space for."""

from pathlib import Path

import pytest

from chatd.chat import limits
from tests.client.terminal.view_screen import ViewScreen


@pytest.fixture
def ice(tmp_path: Path) -> ViewScreen:
    return ViewScreen(tmp_path)


def test_very_many_private_talks_are_bounded_and_a_draft_survives(ice: ViewScreen) -> None:
    ice.say_privately("hello", source="first")
    ice.ui.view_requested(2)
    ice.type("half a line")
    ice.ui.view_requested(1)
    for number in range(2 * limits.VIEWS):
        ice.say_privately("hello", source=f"m{number}")
    assert len(list(ice.ui._views or ())) == limits.VIEWS
    ice.ui.view_requested(2)
    assert (ice.prompt, ice.draft) == ("privately to first> ", "half a line")


def test_a_private_talk_that_goes_unread_for_want_of_space_is_named(ice: ViewScreen) -> None:
    for number in range(limits.VIEWS):
        ice.say_privately("hello", source=f"m{number}")
    shown = " ".join(ice.shown)
    assert "The private talk with m0 is closed" in shown
    assert "you have not read 1 message of it." in shown
    assert "talk with m1 is closed" not in shown
