"""Files at a terminal: their lines, how far one is, and the key that stops it."""

from pathlib import Path

import pytest
from prompt_toolkit.keys import Keys

from chatd.chat import events
from chatd.wire import frames
from tests.client.session_harness import RecordingSession
from tests.client.terminal.view_screen import ViewScreen

SHEET = events.File("k3", "sheet.pdf", 1_234_567, "application/octet-stream")


@pytest.fixture
def ice(tmp_path: Path) -> ViewScreen:
    return ViewScreen(tmp_path, columns=80)


def send(ice: ViewScreen, source: str, room: str = "#lobby") -> None:
    message = events.Message(room, 12, 0, source, SHEET.name, file=SHEET)
    ice.receive(frames.Message(data=message))


def test_a_file_is_a_line_with_its_size_and_the_command_that_saves_it(ice: ViewScreen) -> None:
    send(ice, "moon")
    assert ice.shown[-1].endswith("moon: sheet.pdf (1.2 MB)  /get 12")


def test_a_private_file_has_the_number_of_its_message(ice: ViewScreen) -> None:
    private = events.PrivateMessage("moon", ("ice",), 0, SHEET.name, 3, file=SHEET)
    ice.receive(frames.PrivateMessage(data=private))
    ice.ui.view_requested(2)
    assert ice.shown[-1].endswith("moon: sheet.pdf (1.2 MB)  /get 3")


def test_the_users_own_file_is_not_unread(ice: ViewScreen) -> None:
    ice.join("#dev")
    ice.enter("/room #lobby")
    send(ice, "ice", "#dev")
    assert "2:#dev ·" in ice.status
    private = events.PrivateMessage("ice", ("moon",), 0, SHEET.name, file=SHEET)
    ice.receive(frames.PrivateMessage(data=private))
    assert ice.shown[-1] == "Sent privately to moon: Alt-3 or /query moon."
    assert "3:@moon ·" in ice.status


@pytest.mark.parametrize("one_stream", [False, True])
def test_the_status_line_shows_how_far_a_file_is(tmp_path: Path, one_stream: bool) -> None:
    ice = ViewScreen(tmp_path, columns=80, one_stream=one_stream)
    ice.ui.show_transfer("sending sheet.pdf 45 %")
    assert " · sending sheet.pdf 45 % (Ctrl-G stops it) · online as ice" in ice.status
    ice.ui.show_transfer("")
    assert "sending" not in ice.status


def test_ctrl_g_stops_it(ice: ViewScreen) -> None:
    session = RecordingSession()
    ice.ui.attach(session)
    keys = ice.ui._editor.application.key_bindings
    assert keys is not None
    [binding] = keys.get_bindings_for_keys((Keys.ControlG,))
    binding.handler(None)  # type: ignore[arg-type]  # it does not look at the event
    assert session.stops == 1
