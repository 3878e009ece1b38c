"""The status line: as much as fits, and always the status."""

import pytest
from prompt_toolkit.utils import get_cwidth
from twisted.internet.task import Clock

from chatd.chat import events
from chatd.client import status
from chatd.client.status import Online, describe
from chatd.client.terminal.roster import Roster
from chatd.client.terminal.status_bar import StatusBar, StatusLine, format_status_line

FULL = StatusLine("online as ice", "party", "#lobby", 3, (("#dev", 2), ("#tea", 1)), 12)


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (
            100,
            " party · #lobby · 3 members · unread: #dev 2, #tea 1 · 12 to be sent · online as ice",
        ),
        (70, " party · #lobby · 3 · 3 unread · 12 to be sent · online as ice"),
        (60, " #lobby · 3 unread · 12 to be sent · online as ice"),
        (40, " 12 to be sent · online as ice"),
        (20, " online as ice"),
        (8, " online…"),
    ],
)
def test_a_line_that_does_not_fit_is_shortened_and_the_status_stays(
    columns: int, line: str
) -> None:
    assert format_status_line(FULL, columns) == line


@pytest.mark.parametrize("columns", range(1, 120))
def test_it_is_never_wider_than_the_window(columns: int) -> None:
    wide = StatusLine("online as 你好你好", "服务器" * 20, "#房间" * 5, 3, (("#家", 2),), 1)
    assert get_cwidth(format_status_line(wide, columns)) <= columns


def test_nothing_hostile_gets_into_it() -> None:
    line = format_status_line(StatusLine("x", "\x1b[2J", "#\u202e", 1, (("#\x07", 1),)), 200)
    assert line == " <U+001B>[2J · #<U+202E> · 1 member · unread: #<U+0007> 1 · x"


@pytest.mark.parametrize(
    ("current", "left", "text"),
    [
        (status.Searching("party", 2), 0, "searching party on 2 subnets…"),
        (status.Searching("", 1, 3), 0, "searching a server on 1 subnet… 3 found"),
        (status.Searching("\x1b", 0), 0, "searching <U+001B> on 0 subnets…"),
        (status.Connecting("party (10.0.0.1:7777)"), 0, "connecting to party (10.0.0.1:7777)…"),
        (status.Asking(), 0, "not connected"),
        (status.Online("ice"), 0, "online as ice"),
        (status.Waiting(4), 4.0, "reconnecting in 4 s"),
        (status.Waiting(4), 2.01, "reconnecting in 3 s"),
        (status.Waiting(4), 0.0, "reconnecting in 1 s"),
        (status.Leaving(), 0, "leaving…"),
        (None, 0, ""),
    ],
)
def test_a_status_is_described_in_words(
    current: status.Status | None, left: float, text: str
) -> None:
    assert describe(current, left) == text


def test_drawing_the_status_line_does_not_mark_a_room_read() -> None:
    roster = Roster()
    roster.message_received(events.Message("#lobby", 1, 0, "moon", "hello"), "#dev")
    status_bar = StatusBar(Clock(), roster, lambda: 0)
    status_bar.set_status(Online("ice"))
    assert status_bar.target == "#lobby"
    assert "unread: #lobby 1" in status_bar.status(80)
    assert "unread: #lobby 1" in status_bar.status(80)
