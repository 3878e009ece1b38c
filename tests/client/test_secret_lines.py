"""A host code and the word of a room: typed once, and neither shown again nor stored."""

from pathlib import Path

import pytest

from chatd.chat.commands import JoinRoom
from chatd.chat.errors import WrongPassword
from chatd.chat.moderation_events import Moderation
from chatd.chat.order_commands import ChangeRoom, GiveHostCode
from chatd.client.secret_lines import without_secret
from chatd.client.terminal.input_history import InputHistory, is_private
from chatd.wire import frames
from chatd.wire.user_inputs import UserInput
from tests.client.service_harness import TOKEN, online
from tests.client.session_harness import SessionHarness

SECRET = "k7xp-m2qa"  # noqa: S105  # it opens nothing
LINES: list[tuple[str, UserInput]] = [
    (f"/host {SECRET}", GiveHostCode(SECRET)),
    (f"/key #dev {SECRET}", ChangeRoom("#dev", key=SECRET)),
    (f"/join #dev {SECRET}", JoinRoom("#dev", SECRET)),
]


@pytest.mark.parametrize(("line", "user_input"), LINES)
def test_the_file_of_typed_lines_does_not_get_it(
    line: str, user_input: UserInput, tmp_path: Path
) -> None:
    path = tmp_path / "input-history"
    InputHistory(path, lambda sentence: None).save(line, user_input)
    assert not path.exists()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"/host  {SECRET} please", "/host …"),
        (f"/key #dev {SECRET} too", "/key …"),
        (f" /JOIN #dev {SECRET} too", "/join #dev …"),
        ("/join", "/join"),
        ("/jion #dev", "/jion #dev"),
    ],
)
def test_a_line_that_is_not_valid_is_shown_without_it(line: str, shown: str) -> None:
    assert without_secret(line, None) == shown


def test_the_file_gets_what_takes_the_word_away() -> None:
    assert not is_private("/key #dev off", ChangeRoom("#dev", key=""))
    assert not is_private("/join #dev", JoinRoom("#dev"))


@pytest.mark.parametrize(("line", "user_input"), LINES)
def test_a_refusal_and_a_lost_connection_do_not_repeat_it(line: str, user_input: UserInput) -> None:
    session = SessionHarness(is_interactive=True)
    session.session.submit(line, user_input)
    session.refuse(1, WrongPassword.code)
    session.session.submit(line, user_input)
    session.session.offline()
    session.session.submit(line, user_input)
    session.session.end_of_input()
    session.session.submit(line, user_input)
    notices = " ".join([*session.ui.notices, *session.session.unsent])
    assert SECRET not in notices
    assert notices.count("…") >= 3


def test_a_room_with_a_word_is_joined_again_with_it() -> None:
    session = SessionHarness()
    session.session.submit(f"/join #dev {SECRET}", JoinRoom("#dev", SECRET))
    session.confirm(1)
    session.reconnect()
    assert session.commands == [JoinRoom("#dev", SECRET)]


def test_the_word_that_the_user_has_given_the_room_since_is_the_right_one() -> None:
    session = SessionHarness()
    session.session.submit("/join #dev", JoinRoom("#dev"))
    session.confirm(1)
    session.session.submit(f"/key #dev {SECRET}", ChangeRoom("#dev", key=SECRET))
    session.confirm(2)
    session.reconnect()
    assert session.commands == [JoinRoom("#dev", SECRET)]


# --- the user of the server's own terminal ------------------------------------------------------


def test_the_hosts_own_client_gives_the_code_after_each_welcome() -> None:
    client = online(host_code=SECRET)
    client.lose_connection()
    client.advance(5)
    client.connect()
    client.sent()
    client.welcome()
    assert client.sent() == [{"type": "host", "id": 2, "data": {"code": SECRET}}]


def test_its_user_need_not_be_told_of_being_a_host() -> None:
    client = online(host_code=SECRET)
    for nickname in ("ice", "moon"):
        client.receive(frames.Moderation(data=Moderation("host", "ice", nickname)))
    assert client.ui.shown == ["[Server]: moon is a host now."]


def test_a_session_that_is_resumed_is_still_a_hosts() -> None:
    client = online(session=TOKEN, host_code=SECRET)
    client.receive(frames.Ok(id=1))
    client.lose_connection()
    client.resume()
    assert client.sent_types() == ["hello"]


def test_a_refused_code_is_said_without_it() -> None:
    client = online(host_code=SECRET)
    client.receive(frames.Error(id=1, data=frames.ErrorData("wrong-code", "That is not it.")))
    assert client.ui.notices[-1] == "You are not a host: That is not it."
    assert not client.was_notified(SECRET)
