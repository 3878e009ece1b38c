"""The line behind a nickname may be its password, typed at once: it is never said."""

import pytest

from chatd.chat import commands
from tests.client.service_harness import ClientHarness, online
from tests.client.session_harness import SessionHarness

PASSWORD = "correct horse"  # noqa: S105  # it opens nothing
NEEDS_IT = "The nickname ice needs its password."


@pytest.mark.parametrize("is_interactive", [True, False])
@pytest.mark.parametrize("code", ["password-required", "nickname-taken", "blocked"])
@pytest.mark.parametrize("password", [PASSWORD, f"@moon {PASSWORD}", f"//{PASSWORD}"])
def test_a_password_typed_before_the_reply_to_setname_is_not_said(
    is_interactive: bool, code: str, password: str
) -> None:
    ice = SessionHarness(is_interactive)
    ice.type("/setname star", password, "hello")
    assert ice.commands == [commands.Rename("star")], "the rest waits for the reply"
    ice.refuse(ice.sent[0][1], code)
    assert ice.commands[1:] == [commands.SendMessage("hello")]
    assert any("Not sent: the line behind /setname star" in each for each in ice.ui.notices)


@pytest.mark.parametrize("is_interactive", [True, False])
def test_a_password_is_not_said_if_the_connection_is_lost_before_the_reply(
    is_interactive: bool,
) -> None:
    ice = SessionHarness(is_interactive)
    ice.type("/setname star", PASSWORD, "hello")
    ice.reconnect()
    assert ice.texts == ["hello"]


def test_lines_behind_setname_are_sent_once_it_is_carried_out() -> None:
    ice = SessionHarness()
    ice.type("/setname moon", "hello", "you")
    ice.confirm(ice.sent[0][1])
    assert ice.texts == ["hello", "you"]


@pytest.mark.parametrize("code", ["password-required", "nickname-taken"])
@pytest.mark.parametrize("password", [PASSWORD, f"@moon {PASSWORD}", f"//{PASSWORD}"])
def test_a_password_typed_behind_the_first_nickname_is_not_said(code: str, password: str) -> None:
    client = ClientHarness("", is_interactive=True)
    client.ui.answer("ice")
    client.type(password, "hello")
    client.connect()
    client.refuse(code, "No.")
    assert client.was_notified("Not sent: the line behind the nickname ice")
    client.ui.answer(PASSWORD if code == "password-required" else "sun")
    client.take_connection()
    client.welcome()
    assert [each["data"]["text"] for each in client.sent() if each["type"] == "message"] == [
        "hello"
    ]


def test_lines_typed_while_offline_are_sent_though_the_password_is_asked_for_again() -> None:
    client = online(is_interactive=True)
    client.lose_connection()
    client.type("hello")
    client.advance(5)
    client.connect()
    client.refuse("password-required", NEEDS_IT)
    client.ui.answer(PASSWORD)
    client.take_connection()
    client.welcome()
    assert [each["type"] for each in client.sent()][-1] == "message"


def test_what_a_user_types_after_the_refusal_is_sent() -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("/setname moon")
    ice.refuse(ice.sent[0][1], "nickname-taken")
    ice.type("hello")
    assert ice.texts == ["hello"]


@pytest.mark.parametrize("code", ["nickname-taken", "bad-nickname"])
def test_after_another_nickname_was_taken_the_next_line_is_sent(code: str) -> None:
    ice = SessionHarness()
    ice.type("/setname star", "/setname moon", "hello")
    ice.refuse(ice.sent[0][1], code)
    ice.confirm(ice.sent[1][1])
    assert ice.texts == ["hello"]
