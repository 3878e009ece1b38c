"""The whole client, from start to end: it searches, connects, reconnects and leaves."""

import pytest

from chatd.chat import events
from chatd.wire import frames
from tests.client.service_harness import ClientHarness, online

HELLO = {"type": "hello", "data": {"nickname": "ice", "version": 1}}


def test_it_looks_for_its_server_connects_and_says_hello() -> None:
    client = ClientHarness()
    assert client.finder.search_count == 1
    client.connect()
    assert not client.finder.is_searching
    assert client.sent() == [HELLO]
    client.welcome()
    assert client.ui.notices == ["Connected to party (10.35.11.111:7777) as ice."]
    assert client.service.when_online.called


def test_on_a_terminal_one_line_of_help_follows_the_first_welcome() -> None:
    client = online(is_interactive=True)
    assert client.ui.notices == [
        "Connected to party (10.35.11.111:7777) as ice.",
        "Type and press Enter to talk. @NAME TEXT is private. /help shows the commands.",
    ]
    client.lose_connection()
    client.advance(4.5)
    before = len(client.ui.notices)
    client.connect()
    client.welcome()
    assert client.ui.notices[before:] == ["Connected to party (10.35.11.111:7777) as ice."]


def test_off_a_terminal_the_commands_are_not_listed() -> None:
    assert not online().was_notified("/help")


def test_the_nickname_is_as_the_server_spells_it() -> None:
    client = ClientHarness(nickname="\uff29ce")
    client.connect()
    client.welcome("Ice")
    assert client.service.session.nickname == "Ice"


def test_typed_lines_are_sent_with_ids_and_messages_are_shown() -> None:
    client = online()
    client.type("hello", "/users")
    first, second = client.sent()
    assert (first["type"], first["data"]["text"]) == ("message", "hello")
    assert second["type"] == "users"
    assert first["id"] != second["id"]
    client.receive(frames.Message(data=events.Message("#lobby", 1, 0, "moon", "hi")))
    assert client.ui.shown == ["moon: hi"]


def test_what_comes_before_the_welcome_is_ignored() -> None:
    client = ClientHarness()
    client.connect()
    client.receive(
        frames.Message(data=events.Message("#lobby", 1, 0, "moon", "hi")),
        frames.MemberEntered(data=events.MemberEntered("moon")),
        frames.Ok(id=1),
    )
    assert client.ui.shown == []
    client.welcome()
    assert client.was_notified("Connected to")


def test_a_second_welcome_changes_nothing() -> None:
    client = online()
    client.welcome("somebody-else")
    assert client.service.session.nickname == "ice"


def test_lines_typed_before_the_welcome_are_sent_after_it() -> None:
    client = ClientHarness()
    client.type("one", "two")
    client.connect()
    assert client.sent() == [HELLO]
    client.welcome()
    assert [each["data"]["text"] for each in client.sent()] == ["one", "two"]


def test_after_a_lost_connection_it_waits_reconnects_and_sends_what_was_typed_meanwhile() -> None:
    client = online()
    client.type("before")
    client.confirm(*client.sent())
    client.lose_connection()
    assert client.was_notified("Not connected: connection lost. Trying again in ")
    client.type("one", "two")
    assert client.was_notified("You are offline. What you type is sent when you are online again.")
    client.advance(4.49)
    assert client.finder.search_count == 1
    client.advance(0.01)
    assert client.finder.search_count == 2
    client.connect()
    client.type("three")
    client.welcome()
    assert [each["data"].get("text") for each in client.sent()] == [None, "one", "two", "three"]
    assert client.was_notified("Sending the lines that you typed while offline.")


def test_unconfirmed_lines_are_named_after_a_lost_connection_and_not_sent_twice() -> None:
    client = online()
    client.type("one", "two")
    one, _ = client.sent()
    client.confirm(one)
    client.lose_connection()
    assert client.was_notified("they may not have arrived:")
    assert "  two" in client.ui.notices
    assert "  one" not in client.ui.notices
    client.advance(5)
    client.connect()
    client.welcome()
    assert client.sent() == [HELLO]
    client.end_input()
    client.receive(frames.Goodbye(data=events.Goodbye("quit")))
    assert client.exit_statuses == [1]


def test_after_a_rename_it_reconnects_with_the_new_nickname() -> None:
    client = online()
    client.type("/setname moon")
    client.receive(frames.MemberRenamed(data=events.MemberRenamed("ice", "moon")))
    client.confirm(*client.sent())
    client.lose_connection()
    client.advance(5)
    client.connect()
    [hello] = client.sent()
    assert hello["data"]["nickname"] == "moon"


@pytest.mark.parametrize("reason", ["inactive", "server is stopping", "too slow"])
def test_the_reason_of_a_goodbye_is_shown(reason: str) -> None:
    client = online()
    client.receive(frames.Goodbye(data=events.Goodbye(reason)))
    assert client.transport.disconnecting
    assert client.was_notified(f"Not connected: {reason}. Trying again in ")
    client.lose_connection(clean=True)
    client.advance(4.5)
    assert client.finder.search_count == 2


def test_after_a_refused_connection_it_tries_again_without_jitter() -> None:
    client = ClientHarness()
    client.refuse_connection()
    assert client.was_notified("Trying again in 4 s.")
    client.advance(4)
    assert client.finder.search_count == 2


def test_connecting_is_given_up_after_three_seconds() -> None:
    client = ClientHarness()
    client.finder.succeed()
    client.advance(3)
    assert client.was_notified(
        "No connection to party (10.35.11.111:7777) within 3 s. Trying again in "
    )
    client.advance(4)
    assert client.finder.search_count == 2


def test_a_server_that_does_not_answer_hello_is_given_up_after_three_seconds() -> None:
    client = ClientHarness()
    client.connect()
    client.advance(3)
    assert client.transport.disconnecting
    assert client.was_notified("did not answer within 3 s")


def test_a_full_server_is_tried_again() -> None:
    client = ClientHarness()
    client.connect()
    client.refuse("full", "The server is full; try again later.")
    assert client.was_notified("The server is full")
    client.advance(4)
    client.connect()
    client.welcome()
    assert client.was_notified("Connected to")


def test_the_user_is_asked_for_another_nickname_while_not_connected() -> None:
    client = ClientHarness(is_interactive=True)
    client.connect()
    client.refuse("nickname-taken", "The nickname ice is taken; choose another one.")
    assert client.transport.disconnecting
    assert client.ui.prompts == ["The nickname ice is taken; choose another one. Your nickname?"]
    client.advance(1_000)
    client.ui.answer(" moon ")
    client.take_connection()
    [hello] = client.sent()
    assert hello["data"]["nickname"] == "moon"


def test_a_nickname_that_is_possible_is_the_default_of_the_question_for_another_one() -> None:
    client = ClientHarness(nickname="Anna Müller", is_interactive=True)
    client.connect()
    client.refuse("bad-nickname", "No white space.", suggestion="Anna_Müller")
    assert client.ui.default == "Anna_Müller"
    client.ui.answer("Anna_Müller")
    client.take_connection()
    client.refuse("nickname-taken", "It is taken.")
    assert client.ui.default == "", "it is no offer any more"


def test_a_taken_nickname_without_a_user_to_ask_ends_it_with_status_2() -> None:
    client = ClientHarness()
    client.type("a line")
    client.connect()
    client.refuse("nickname-taken", "The nickname ice is taken; choose another one.")
    assert client.exit_statuses == [2]
    assert client.ui.notices[0].endswith("Use another nickname: --nickname NAME")
    assert "  a line" in client.ui.notices
    assert client.delayed_calls == []


def test_a_taken_nickname_after_a_reconnect_is_a_ghost_and_tried_again() -> None:
    client = online()
    client.lose_connection()
    client.advance(5)
    client.connect()
    client.refuse("nickname-taken", "The nickname ice is taken; choose another one.")
    assert client.exit_statuses == []
    client.advance(4)
    client.connect()
    client.welcome()
    assert client.ui.notices[-1].startswith("Connected to")


def test_another_version_ends_it_with_status_2_and_the_servers_reason() -> None:
    client = ClientHarness()
    client.connect()
    client.refuse("version", "This server speaks version 2.")
    assert client.exit_statuses == [2]
    assert client.was_notified("This server speaks version 2.")


def test_several_servers_without_a_user_to_choose_end_it_with_status_2() -> None:
    client = ClientHarness()
    client.finder.fail("Several servers answered: party, work. Choose one with --server NAME.")
    assert client.exit_statuses == [2]
    assert client.was_notified("Several servers answered: party, work.")


def test_without_a_nickname_the_user_is_asked_for_one_before_anything_else() -> None:
    client = ClientHarness(nickname="", is_interactive=True)
    assert client.finder.search_count == 0
    client.ui.answer("  ")
    assert client.ui.prompts == ["Your nickname?"] * 2
    client.ui.answer("ice")
    client.connect()
    assert client.sent() == [HELLO]


def test_with_a_direct_address_it_ends_with_status_0_when_the_server_goes() -> None:
    client = online(once=True)
    client.lose_connection()
    assert client.exit_statuses == [0]
    assert client.ui.notices[-1] == "Server disconnected"


def test_with_a_direct_address_without_a_server_it_ends_with_a_reason_and_status_1() -> None:
    client = ClientHarness(once=True)
    client.refuse_connection()
    assert client.exit_statuses == [1]
    assert client.ui.notices[-1].startswith("no connection to party (10.35.11.111:7777): ")
    assert client.delayed_calls == []


def test_with_a_direct_address_unconfirmed_lines_make_it_status_1() -> None:
    client = online(once=True)
    client.type("one")
    client.lose_connection()
    assert client.exit_statuses == [1]
    assert "  one" in client.ui.notices


def test_with_a_direct_address_a_goodbye_without_a_reason_is_shown_as_well() -> None:
    client = online(once=True)
    client.receive(frames.Goodbye(data=events.Goodbye("")))
    assert client.exit_statuses == [0]
    assert client.ui.notices[-1] == "Server disconnected"
