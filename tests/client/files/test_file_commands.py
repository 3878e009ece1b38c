"""``/send`` and ``/get`` as they are typed: their place among other lines, what they wait for."""

from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from chatd.chat import events
from chatd.chat.commands import JoinRoom, Ping, ReadHistory, SendMessage
from chatd.client.files.file_server import FileServer
from chatd.wire import frames
from tests.client.service_harness import TOKEN, online
from tests.client.session_harness import SessionHarness

SHEET = events.File("k3", "sheet.pdf", 7, "application/octet-stream")


def history(session: SessionHarness, request_id: int, *messages: events.Message) -> None:
    data = events.History("#lobby", messages)
    session.session.frame_received(frames.History(id=request_id, data=data))


def message(seq: int, **details: object) -> events.Message:
    return events.Message("#lobby", seq, 0, "moon", "text", **details)  # type: ignore[arg-type]  # fields of a message


def pong(session: SessionHarness, request_id: int) -> None:
    session.session.frame_received(frames.Pong(id=request_id))
    session.clock.advance(0)


def test_a_file_is_sent_when_all_that_was_typed_before_is_done() -> None:
    ice = SessionHarness()
    ice.type("/join #dev", "/send /missing", "hello")
    assert ice.commands == [JoinRoom("#dev"), Ping(), SendMessage("hello", "#dev")]
    assert not ice.transfers.is_active
    ice.confirm(1)
    pong(ice, 2)
    assert ice.ui.transfers[0] == "sending missing 0 %"


def test_without_a_path_it_says_what_to_type() -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("/send")
    assert ice.ui.notices == ["Usage: /send PATH [@NAME|#ROOM]"]
    assert ice.sent == []


def test_at_the_end_of_input_it_is_waited_for_and_a_failure_is_status_1() -> None:
    ice = SessionHarness()
    ice.type("/send /missing")
    ice.session.end_of_input()
    assert ice.leave_calls == 0
    ice.session.frame_received(frames.Pong(id=1))
    assert ice.leave_calls == 0
    ice.clock.advance(0)
    assert ice.ui.notices == [
        "/missing was not sent: there is no connection to the server.",
    ]
    assert ice.leave_calls == 1
    assert ice.session.status == 1


def test_a_second_quit_does_not_wait() -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("/send /missing")
    ice.session.frame_received(frames.Pong(id=1))
    ice.type("/quit")
    assert ice.ui.notices == ["A file is on its way; /quit again leaves at once."]
    ice.type("/quit")
    assert ice.leave_calls == 1


def test_a_lost_session_names_the_file_that_was_asked_for() -> None:
    ice = SessionHarness()
    ice.type("/send /missing", "/get 12")
    ice.session.offline()
    assert ice.ui.notices[-2:] == ["  /send /missing", "  /get 12"]


# --- getting ------------------------------------------------------------------------------------


def test_the_file_of_a_message_is_found_in_the_rooms_history() -> None:
    ice = SessionHarness()
    ice.type("/get 12 /tmp/")
    assert ice.commands == [ReadHistory("#lobby", 1, 13)]
    history(ice, 1, message(12, file=SHEET))
    assert ice.transfers.is_active


@pytest.mark.parametrize(
    ("messages", "sentence"),
    [
        ([], "Message 12 of #lobby is not there, or not any more."),
        ([message(11, file=SHEET)], "Message 12 of #lobby is not there, or not any more."),
        ([message(12)], "Message 12 of #lobby is not a file."),
        ([message(12, removed="ana")], "Message 12 of #lobby was removed by ana."),
    ],
)
def test_what_is_no_file_is_said(messages: list[events.Message], sentence: str) -> None:
    ice = SessionHarness()
    ice.type("/get 12")
    history(ice, 1, *messages)
    assert ice.ui.notices == [sentence]
    assert not ice.transfers.is_active


def test_a_refusal_is_said() -> None:
    ice = SessionHarness()
    ice.type("/get #dev 12")
    ice.refuse(1, "no-such-room", "There is no room #dev.")
    assert ice.ui.notices == ["Message 12 of #dev cannot be read: There is no room #dev."]


def test_a_private_file_is_known_by_the_number_that_is_shown_with_it() -> None:
    ice = SessionHarness(is_interactive=True)
    private = events.PrivateMessage("moon", ("ice",), 0, "sheet.pdf", 3, file=SHEET)
    ice.session.frame_received(frames.PrivateMessage(data=private))
    ice.type("/query moon", "/get 4")
    assert ice.ui.notices[-1] == "Message 4 from moon has no file, as far as is known here."
    ice.type("/get 3")
    assert ice.transfers.is_active
    assert ice.sent == []


# --- where the files are ------------------------------------------------------------------------


def test_the_welcome_says_where_files_go(tmp_path: Path) -> None:
    client = online(session=TOKEN)
    assert client.service._file_server() == FileServer("", "10.35.11.111", "", TOKEN)
    client.lose_connection()
    assert client.service._file_server() is None
    client.advance(5)
    client.connect()
    welcome = events.Welcome(
        "party", 0, "ice", ("#lobby",), session="another", files="http://10.35.11.111:8080/files/"
    )
    client.receive(frames.Welcome(data=welcome))
    assert client.service._file_server() == FileServer(
        "http://10.35.11.111:8080/files/", "10.35.11.111", "", "another"
    )


def test_what_is_sent_is_stopped_when_the_client_ends(tmp_path: Path) -> None:
    client = online(session=TOKEN)
    client.type("/send /missing")
    [ping] = client.sent()
    client.receive(frames.Pong(id=ping["id"]))
    stopped: Deferred[None] = client.service.stopService()
    client.lose_connection()
    assert client.ui.notices[-1] == "/missing was not sent: this client leaves."
    assert client.exit_statuses == [1]
    assert stopped.called
    assert client.delayed_calls == []
