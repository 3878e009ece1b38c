"""Nicknames with an account: the password is asked for once, and never shown."""

from typing import Any

import pytest
from twisted.internet.address import IPv4Address

from chatd.chat import events, limits
from chatd.client.lifecycle import ServerAddress
from chatd.wire import frames
from tests.client.service_harness import ClientHarness, online
from tests.client.session_harness import SessionHarness

PASSWORD = "correct horse"  # noqa: S105  # it opens nothing
NEEDS_IT = "The nickname ice needs its password."
PLAIN = " (This connection is not encrypted.)"
SECRET = {"type": "authenticate", "data": {"account": "ice", "password": PASSWORD}}


def asked() -> ClientHarness:
    """A client on a terminal whose first hello needs a password."""
    client = ClientHarness(is_interactive=True)
    client.connect()
    client.refuse("password-required", NEEDS_IT)
    return client


def registered() -> ClientHarness:
    """A client that is in with its password."""
    client = asked()
    client.ui.answer(PASSWORD)
    client.take_connection()
    client.refuse("password-required", NEEDS_IT)
    client.welcome()
    client.sent()
    return client


def reconnect_until_refused(client: ClientHarness) -> None:
    """Lose the connection, and be asked for a password again."""
    client.lose_connection()
    client.advance(5)
    client.connect()
    client.sent()
    client.refuse("password-required", "That nickname needs its password.")


def password_was_not_shown(client: ClientHarness) -> bool:
    return not [each for each in client.ui.notices + client.ui.shown if PASSWORD in each]


def test_a_password_is_asked_for_without_echo_while_not_connected() -> None:
    client = asked()
    assert client.transport.disconnecting
    assert client.ui.password_prompts == [f"{NEEDS_IT} Your password?{PLAIN}"]
    client.advance(1_000)
    assert client.finder.search_count == 1
    assert client.exit_statuses == []


def test_the_password_is_sent_when_the_server_wants_it_and_not_before() -> None:
    client = asked()
    client.ui.answer(PASSWORD)
    client.take_connection()
    assert client.sent_types() == ["hello"]
    client.refuse("password-required", NEEDS_IT)
    assert client.sent() == [SECRET]
    client.welcome()
    assert client.was_notified("as ice")
    assert password_was_not_shown(client)


@pytest.mark.parametrize("password", [" spaces ", "/quit", "exit()", "\u05e9\u05dc\u05d5\u05dd"])
def test_a_password_is_sent_as_it_was_typed_whatever_it_looks_like(password: str) -> None:
    client = asked()
    client.ui.answer(password)
    client.take_connection()
    client.sent()
    client.refuse("password-required", NEEDS_IT)
    [authenticate] = client.sent()
    assert authenticate["data"]["password"] == password
    assert client.exit_statuses == []


def test_an_empty_password_is_asked_for_again() -> None:
    client = asked()
    client.ui.answer("")
    client.take_connection()
    client.refuse("password-required", NEEDS_IT)
    assert len(client.ui.password_prompts) == 2


def test_a_wrong_password_is_asked_for_again_and_the_new_one_is_sent() -> None:
    client = asked()
    client.ui.answer("battery staple")
    client.take_connection()
    client.refuse("password-required", NEEDS_IT)
    client.refuse("wrong-password", "Wrong account or password.")
    assert client.ui.password_prompts[-1].startswith("Wrong account or password.")
    client.ui.answer(PASSWORD)
    client.take_connection()
    client.sent()
    client.refuse("password-required", NEEDS_IT)
    assert client.sent() == [SECRET]


def test_after_a_reconnect_the_password_is_sent_again_without_asking() -> None:
    client = registered()
    questions = list(client.ui.prompts)
    reconnect_until_refused(client)
    assert client.sent() == [SECRET]
    client.welcome()
    assert client.ui.prompts == questions
    assert client.ui.notices[-1].startswith("Connected to")
    assert password_was_not_shown(client)


def test_it_waits_for_its_ghost_although_it_has_a_password() -> None:
    client = registered()
    reconnect_until_refused(client)
    client.refuse("nickname-taken", "The nickname ice is taken; choose another one.")
    client.advance(4)
    client.connect()
    client.sent()
    client.refuse("password-required", NEEDS_IT)
    assert client.sent() == [SECRET]


def test_off_a_terminal_a_nickname_that_needs_a_password_ends_it_with_status_2() -> None:
    client = ClientHarness()
    client.connect()
    client.refuse("password-required", NEEDS_IT)
    assert client.exit_statuses == [2]
    assert client.ui.prompts == []
    assert client.was_notified(NEEDS_IT)
    assert client.delayed_calls == []


@pytest.mark.parametrize("is_interactive", [True, False])
def test_a_blocked_account_ends_it_with_status_2(is_interactive: bool) -> None:
    client = ClientHarness(is_interactive=is_interactive)
    client.connect()
    client.refuse("blocked", "The account ice is blocked.")
    assert client.exit_statuses == [2]
    assert client.was_notified("The account ice is blocked.")


def test_leaving_while_a_password_is_asked_for_ends_it_at_once() -> None:
    client = asked()
    client.end_input()
    assert client.exit_statuses == [0]
    client.ui.answer(PASSWORD)
    assert len(client.reactor.tcpClients) == 1


# --- at another address -------------------------------------------------------------------------

ELSEWHERE = ServerAddress("10.35.11.66", 7777, "party")


@pytest.mark.parametrize(
    "server",
    [
        ELSEWHERE,
        ServerAddress("10.35.11.111", 7778, "party"),
        ServerAddress("10.35.11.66", 7777),
    ],
)
def test_a_password_is_not_sent_to_another_address_that_answers_to_the_server_s_name(
    server: ServerAddress,
) -> None:
    client = registered()
    client.lose_connection()
    client.advance(5)
    client.connect(server)
    assert [each["type"] for each in client.sent()] == ["hello"]
    client.refuse("password-required", NEEDS_IT)
    assert client.sent() == []
    assert client.ui.password_prompts[-1] == (
        f"{NEEDS_IT} You have not given it to {server} yet, only to another address. "
        f"Your password?{PLAIN}"
    )
    client.advance(1_000)
    assert client.exit_statuses == []
    client.ui.answer("battery staple")
    client.take_connection(server)
    client.sent()
    client.refuse("password-required", NEEDS_IT)
    assert [each["data"]["password"] for each in client.sent()] == ["battery staple"]
    # The old address gets its own password again, without a question.
    client.welcome()
    client.lose_connection()
    client.advance(5)
    client.connect()
    client.sent()
    client.refuse("password-required", NEEDS_IT)
    assert client.sent() == [SECRET]


def test_a_password_is_not_sent_to_another_address_of_the_same_host_name() -> None:
    named = ServerAddress("chat.example", 7777)
    first, second = IPv4Address("TCP", "10.0.0.1", 7777), IPv4Address("TCP", "10.0.0.2", 7777)
    client = ClientHarness(is_interactive=True)
    client.connect(named, first)
    client.refuse("password-required", NEEDS_IT)
    client.ui.answer(PASSWORD)
    client.take_connection(named, second)
    client.sent()
    client.refuse("password-required", NEEDS_IT)
    assert client.sent() == []
    assert "10.0.0.2:7777" in client.ui.password_prompts[-1]


def test_another_address_whose_name_costs_no_password_is_entered_without_one() -> None:
    client = registered()
    client.lose_connection()
    client.advance(5)
    client.connect(ELSEWHERE)
    client.welcome()
    assert PASSWORD not in str(client.sent())
    assert client.was_notified("Connected to party (10.35.11.66:7777) as ice.")


def test_a_password_that_was_changed_meanwhile_is_asked_for_again() -> None:
    client = registered()
    reconnect_until_refused(client)
    client.refuse("wrong-password", "Wrong account or password.")
    assert client.ui.password_prompts[-1] == f"Wrong account or password. Your password?{PLAIN}"
    client.ui.answer("battery staple")
    client.take_connection()
    client.sent()
    client.refuse("password-required", NEEDS_IT)
    assert [each["data"]["password"] for each in client.sent()] == ["battery staple"]


def test_after_too_many_attempts_the_next_answer_is_a_password_and_no_nickname() -> None:
    client = asked()
    client.ui.answer("battery staple")
    client.take_connection()
    client.refuse("password-required", NEEDS_IT)
    client.refuse("too-many-attempts", "Too many login attempts; try again later.")
    assert client.ui.prompts == client.ui.password_prompts
    client.ui.answer(PASSWORD)
    client.take_connection()
    assert client.sent()[0]["data"]["nickname"] == "ice"


def test_from_the_answer_to_the_welcome_no_line_is_taken() -> None:
    """It may be the password once more, of a user who has noticed a typing error."""
    client = asked()
    client.ui.answer(PASSWORD)
    assert client.ui.is_checking_password
    client.take_connection()
    client.lose_connection()
    client.advance(5)
    client.connect()
    client.refuse("password-required", NEEDS_IT)
    assert client.ui.is_checking_password
    client.welcome()
    assert not client.ui.is_checking_password


def test_a_taken_nickname_after_the_right_password_is_asked_for_in_the_open() -> None:
    client = asked()
    client.ui.answer(PASSWORD)
    client.take_connection()
    client.refuse("password-required", NEEDS_IT)
    client.refuse("nickname-taken", "The nickname ice is taken; choose another one.")
    assert client.ui.prompts[-1].endswith("Your nickname?")
    assert not client.ui.is_checking_password


def test_lines_are_shown_again_when_the_client_ends() -> None:
    client = asked()
    client.ui.answer(PASSWORD)
    client.service.stopService()
    assert not client.ui.is_checking_password


# --- /setname -----------------------------------------------------------------------------------


def signing_in(**options: Any) -> ClientHarness:
    """A client whose user has asked for a nickname that has an account."""
    client = online(**options)
    client.type("/setname star")
    [rename] = client.sent()
    error = frames.ErrorData("password-required", "The nickname star needs its password.")
    client.receive(frames.Error(id=rename["id"], data=error))
    return client


def signed_in() -> ClientHarness:
    """A client that is called by the name of an account now."""
    client = signing_in(is_interactive=True)
    client.ui.answer(PASSWORD)
    client.receive(frames.MemberRenamed(data=events.MemberRenamed("ice", "star")))
    client.confirm(*client.sent())
    return client


def test_setname_to_an_account_asks_for_its_password_without_echo_and_sends_it() -> None:
    client = signing_in(is_interactive=True)
    assert client.ui.password_prompts == [f"Password for star?{PLAIN}"]
    client.ui.answer(PASSWORD)
    [authenticate] = client.sent()
    assert authenticate["type"] == "authenticate"
    assert authenticate["data"] == {"account": "star", "password": PASSWORD}
    client.receive(frames.MemberRenamed(data=events.MemberRenamed("ice", "star")))
    assert client.service.session.nickname == "star"
    assert password_was_not_shown(client)


def refuse_password(client: ClientHarness, code: str, sentence: str) -> None:
    [authenticate] = client.sent()
    assert authenticate["type"] == "authenticate"
    client.receive(frames.Error(id=authenticate["id"], data=frames.ErrorData(code, sentence)))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("wrong-password", "Wrong account or password."),
        ("too-many-attempts", "Too many login attempts; try again later."),
        ("server-failed", "The server failed to do this; its log has the details."),
    ],
)
def test_a_password_for_setname_that_is_refused_is_asked_for_again_and_is_never_a_message(
    code: str, sentence: str
) -> None:
    client = signing_in(is_interactive=True)
    for _ in range(3):
        client.ui.answer("battery staple")
        assert client.ui.is_checking_password
        refuse_password(client, code, sentence)
        assert client.ui.password_prompts[-1] == (
            f"{sentence} Password for star? (Enter alone: stay ice){PLAIN}"
        )
    client.ui.answer(PASSWORD)
    assert client.sent_types() == ["authenticate"]
    assert client.service.session.nickname == "ice"
    assert password_was_not_shown(client)


def test_enter_alone_ends_the_renaming_and_the_next_line_is_one_of_the_chat_again() -> None:
    client = signing_in(is_interactive=True)
    client.ui.answer("battery staple")
    refuse_password(client, "wrong-password", "Wrong account or password.")
    client.ui.answer("")
    assert client.sent() == []
    assert client.ui.notices[-1] == "You are still ice."
    assert not client.ui.is_checking_password
    client.type("hello")
    assert client.sent_types() == ["message"]


@pytest.mark.parametrize("code", ["blocked", "nickname-taken", "not-entered"])
def test_any_other_refusal_of_a_password_ends_the_renaming(code: str) -> None:
    client = signing_in(is_interactive=True)
    client.ui.answer(PASSWORD)
    refuse_password(client, code, "No.")
    assert client.ui.notices[-1] == "Refused (/setname star): No."
    assert len(client.ui.password_prompts) == 1
    assert not client.ui.is_checking_password


def test_lines_are_taken_again_once_the_password_is_right() -> None:
    client = signing_in(is_interactive=True)
    client.ui.answer(PASSWORD)
    assert client.ui.is_checking_password
    client.receive(frames.MemberRenamed(data=events.MemberRenamed("ice", "star")))
    client.confirm(*client.sent())
    assert not client.ui.is_checking_password


def test_lines_are_taken_again_when_the_connection_is_lost_before_the_answer() -> None:
    client = signing_in(is_interactive=True)
    client.ui.answer(PASSWORD)
    client.lose_connection()
    assert not client.ui.is_checking_password
    assert "  /setname star" in client.ui.notices


def test_a_password_that_is_entered_after_the_connection_was_lost_is_asked_for_again() -> None:
    client = signing_in(is_interactive=True)
    client.lose_connection()
    client.ui.answer(PASSWORD)
    assert not client.ui.is_checking_password
    assert client.was_notified("the password was not sent. You will be asked for it again.")
    client.advance(5)
    client.connect()
    client.welcome()
    _, rename = client.sent()
    assert rename["type"] == "set-name"
    error = frames.ErrorData("password-required", "The nickname star needs its password.")
    client.receive(frames.Error(id=rename["id"], data=error))
    assert client.ui.password_prompts == [f"Password for star?{PLAIN}"] * 2
    client.ui.answer(PASSWORD)
    assert client.sent_types() == ["authenticate"]


def test_a_password_that_is_entered_at_another_server_than_asked_is_not_sent() -> None:
    client = signing_in(is_interactive=True)
    client.lose_connection()
    client.advance(5)
    client.connect(ELSEWHERE)
    client.welcome()
    client.sent()
    client.ui.answer(PASSWORD)
    assert client.sent_types() == ["set-name"]
    assert password_was_not_shown(client)


def test_a_password_is_sent_though_many_lines_are_unconfirmed_or_never() -> None:
    """A queued one might be sent to another server after a reconnect."""
    client = signing_in(is_interactive=True)
    client.type(*["hello"] * (limits.UNCONFIRMED_LINES + 9))
    client.sent()
    client.ui.answer(PASSWORD)
    assert client.sent_types() == ["authenticate"]
    client.lose_connection()
    client.advance(5)
    client.connect(ELSEWHERE)
    client.welcome()
    assert PASSWORD not in str(client.sent())


def test_off_a_terminal_setname_to_an_account_is_refused_and_its_password_is_not_said() -> None:
    client = signing_in()
    assert client.ui.prompts == []
    assert client.was_notified("star needs a password")
    client.type(PASSWORD)
    assert client.sent_types() == []
    assert client.was_notified("Not sent: the line behind /setname star")
    assert password_was_not_shown(client)
    client.type("hello")
    assert client.sent_types() == ["message"]
    assert client.exit_statuses == []


def test_after_setname_to_an_account_a_reconnect_sends_that_accounts_password() -> None:
    client = signed_in()
    reconnect_until_refused(client)
    assert client.sent() == [
        {"type": "authenticate", "data": {"account": "star", "password": PASSWORD}}
    ]


def test_the_password_of_one_account_is_never_sent_for_another_one() -> None:
    client = registered()
    client.type("/setname star")
    [rename] = client.sent()
    error = frames.ErrorData("password-required", "The nickname star needs its password.")
    client.receive(frames.Error(id=rename["id"], data=error))
    client.ui.answer("battery staple")
    client.receive(frames.MemberRenamed(data=events.MemberRenamed("ice", "star")))
    client.confirm(*client.sent())
    reconnect_until_refused(client)
    [authenticate] = client.sent()
    assert authenticate["data"] == {"account": "star", "password": "battery staple"}


def test_without_a_password_of_this_account_none_is_sent() -> None:
    """Star was free when the user took it, and became an account later."""
    client = registered()
    client.type("/setname star")
    client.receive(frames.MemberRenamed(data=events.MemberRenamed("ice", "star")))
    client.confirm(*client.sent())
    client.lose_connection()
    client.advance(5)
    client.connect()
    client.sent()
    client.refuse("password-required", "The nickname star needs its password.")
    assert client.sent() == []
    assert (
        client.ui.password_prompts[-1]
        == f"The nickname star needs its password. Your password?{PLAIN}"
    )


def test_a_password_that_could_not_be_sent_is_named_by_its_command_alone() -> None:
    client = signing_in(is_interactive=True)
    client.lose_connection()
    client.ui.answer(PASSWORD)
    client.service.stopService()
    assert "  /setname star" in client.ui.notices
    assert password_was_not_shown(client)


def test_the_repr_of_a_command_does_not_contain_the_password() -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("/setname star")
    ice.refuse(ice.sent[0][1], "password-required")
    ice.ui.answer(PASSWORD)
    assert PASSWORD not in repr(ice.commands)
    assert PASSWORD not in repr(ice.session._unconfirmed)
