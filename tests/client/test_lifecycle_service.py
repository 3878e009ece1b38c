"""The whole client, from its start until it is gone: found, welcomed, lost, back again, left."""

import pytest

from chatd.chat import events
from chatd.wire import frames
from chatd.wire.slash_commands import help_lines
from tests.client.service_harness import Client, online

HELLO = {"type": "hello", "data": {"nickname": "ice", "version": 1}}


def test_it_looks_for_its_server_connects_and_says_hello() -> None:
    client = Client()
    assert client.finder.seeks == 1
    client.connect()
    assert not client.finder.is_seeking
    assert client.heard() == [HELLO]
    client.welcome()
    assert client.ui.notices == ["Connected to party (10.35.11.111:7777) as ice."]
    assert client.service.when_online.called


def test_on_a_terminal_the_commands_are_listed_once_after_the_welcome() -> None:
    client = online(can_ask=True)
    assert client.ui.notices[-len(help_lines()) :] == help_lines()
    client.lose_connection()
    client.passes(4.5)
    before = len(client.ui.notices)
    client.connect()
    client.welcome()
    assert client.ui.notices[before:] == ["Connected to party (10.35.11.111:7777) as ice."]


def test_off_a_terminal_the_commands_are_not_listed() -> None:
    assert not online().was_told("/help")


def test_a_name_that_the_server_writes_otherwise_is_the_nickname() -> None:
    client = Client(nickname="\uff29ce")
    client.connect()
    client.welcome("Ice")
    assert client.service.session.nickname == "Ice"


def test_typed_lines_are_sent_with_ids_and_what_comes_is_shown() -> None:
    client = online()
    client.types("hello", "/users")
    first, second = client.heard()
    assert (first["type"], first["data"]["text"]) == ("message", "hello")
    assert second["type"] == "users"
    assert first["id"] != second["id"]
    client.says(frames.Message(data=events.Message("#lobby", 1, 0, "moon", "hi")))
    assert client.ui.shown == ["moon: hi"]


def test_what_comes_before_the_welcome_is_ignored() -> None:
    client = Client()
    client.connect()
    client.says(
        frames.Message(data=events.Message("#lobby", 1, 0, "moon", "hi")),
        frames.MemberEntered(data=events.MemberEntered("moon")),
        frames.Ok(id=1),
    )
    assert client.ui.shown == []
    client.welcome()
    assert client.was_told("Connected to")


def test_a_second_welcome_changes_nothing() -> None:
    client = online()
    client.welcome("somebody-else")
    assert client.service.session.nickname == "ice"


def test_lines_typed_before_the_welcome_are_sent_after_it() -> None:
    client = Client()
    client.types("one", "two")
    client.connect()
    assert client.heard() == [HELLO]
    client.welcome()
    assert [each["data"]["text"] for each in client.heard()] == ["one", "two"]


def test_a_lost_client_says_so_waits_and_comes_back_with_what_was_typed_meanwhile() -> None:
    client = online()
    client.types("before")
    client.confirm(*client.heard())
    client.lose_connection()
    assert client.was_told("Not connected: connection lost. Trying again in ")
    client.types("one", "two")
    assert client.was_told(
        "You are offline. What you type is kept, and sent when you are back online."
    )
    client.passes(4.49)
    assert client.finder.seeks == 1
    client.passes(0.01)
    assert client.finder.seeks == 2
    client.connect()
    client.types("three")
    client.welcome()
    assert [each["data"].get("text") for each in client.heard()] == [None, "one", "two", "three"]
    assert client.was_told("Sending the lines that you typed while offline.")


def test_lines_that_were_not_confirmed_are_told_to_the_person_and_not_said_twice() -> None:
    client = online()
    client.types("one", "two")
    one, _ = client.heard()
    client.confirm(one)
    client.lose_connection()
    assert client.was_told("they may not have arrived:")
    assert "  two" in client.ui.notices
    assert "  one" not in client.ui.notices
    client.passes(5)
    client.connect()
    client.welcome()
    assert client.heard() == [HELLO]
    client.ends_input()
    client.says(frames.Goodbye(data=events.Goodbye("quit")))
    assert client.ended == [1]


def test_after_a_renaming_the_new_nickname_comes_back() -> None:
    client = online()
    client.types("/setname moon")
    client.says(frames.MemberRenamed(data=events.MemberRenamed("ice", "moon")))
    client.confirm(*client.heard())
    client.lose_connection()
    client.passes(5)
    client.connect()
    [hello] = client.heard()
    assert hello["data"]["nickname"] == "moon"


@pytest.mark.parametrize("reason", ["inactive", "server is stopping", "too slow"])
def test_the_servers_reason_for_a_goodbye_is_told(reason: str) -> None:
    client = online()
    client.says(frames.Goodbye(data=events.Goodbye(reason)))
    assert client.transport.disconnecting
    assert client.was_told(f"Not connected: {reason}. Trying again in ")
    client.lose_connection(clean=True)
    client.passes(4.5)
    assert client.finder.seeks == 2


def test_a_refused_connection_is_tried_again_without_jitter() -> None:
    client = Client()
    client.refuse_connection()
    assert client.was_told("Trying again in 4 s.")
    client.passes(4)
    assert client.finder.seeks == 2


def test_a_connection_that_does_not_come_about_is_given_up_after_three_seconds() -> None:
    client = Client()
    client.finder.find_now()
    client.passes(3)
    assert client.was_told(
        "No connection to party (10.35.11.111:7777) within 3 s. Trying again in "
    )
    client.passes(4)
    assert client.finder.seeks == 2


def test_a_server_that_does_not_answer_is_hung_up_on_after_three_seconds() -> None:
    client = Client()
    client.connect()
    client.passes(3)
    assert client.transport.disconnecting
    assert client.was_told("did not answer within 3 s")


def test_a_full_server_is_tried_again() -> None:
    client = Client()
    client.connect()
    client.refuse("full", "The server is full; try again later.")
    assert client.was_told("The server is full")
    client.passes(4)
    client.connect()
    client.welcome()
    assert client.was_told("Connected to")


def test_a_person_is_asked_for_another_nickname_while_not_connected() -> None:
    client = Client(can_ask=True)
    client.connect()
    client.refuse("nickname-taken", "The nickname ice is taken; choose another one.")
    assert client.transport.disconnecting
    assert client.ui.prompts == ["The nickname ice is taken; choose another one. Your nickname?"]
    client.passes(1_000)
    client.ui.answer(" moon ")
    client.take_connection()
    [hello] = client.heard()
    assert hello["data"]["nickname"] == "moon"


def test_a_taken_nickname_with_nobody_to_ask_ends_it_with_status_2() -> None:
    client = Client()
    client.types("a line")
    client.connect()
    client.refuse("nickname-taken", "The nickname ice is taken; choose another one.")
    assert client.ended == [2]
    assert client.ui.notices[0].endswith("Use another nickname: --nickname NAME")
    assert "  a line" in client.ui.notices
    assert client.leftovers == []


def test_a_taken_nickname_later_on_is_its_own_ghost_and_tried_again() -> None:
    client = online()
    client.lose_connection()
    client.passes(5)
    client.connect()
    client.refuse("nickname-taken", "The nickname ice is taken; choose another one.")
    assert client.ended == []
    client.passes(4)
    client.connect()
    client.welcome()
    assert client.ui.notices[-1].startswith("Connected to")


def test_another_version_ends_it_with_status_2_and_the_servers_sentence() -> None:
    client = Client()
    client.connect()
    client.refuse("version", "This server speaks version 2.")
    assert client.ended == [2]
    assert client.was_told("This server speaks version 2.")


def test_several_servers_and_nobody_to_choose_end_it_with_status_2() -> None:
    client = Client()
    client.finder.fail("Several servers answered: party, work. Choose one with --server NAME.")
    assert client.ended == [2]
    assert client.was_told("Several servers answered: party, work.")


def test_a_person_without_a_nickname_is_asked_for_one_before_anything_else() -> None:
    client = Client(nickname="", can_ask=True)
    assert client.finder.seeks == 0
    client.ui.answer("  ")
    assert client.ui.prompts == ["Your nickname?"] * 2
    client.ui.answer("ice")
    client.connect()
    assert client.heard() == [HELLO]


def test_with_a_direct_address_it_ends_with_the_server_status_0_after_having_been_online() -> None:
    client = online(once=True)
    client.lose_connection()
    assert client.ended == [0]
    assert client.ui.notices[-1] == "Server disconnected"


def test_with_a_direct_address_that_nobody_answers_it_ends_with_a_reason_and_status_1() -> None:
    client = Client(once=True)
    client.refuse_connection()
    assert client.ended == [1]
    assert client.ui.notices[-1].startswith("no connection to party (10.35.11.111:7777): ")
    assert client.leftovers == []


def test_with_a_direct_address_lines_that_were_not_confirmed_make_it_status_1() -> None:
    client = online(once=True)
    client.types("one")
    client.lose_connection()
    assert client.ended == [1]
    assert "  one" in client.ui.notices


def test_with_a_direct_address_a_server_that_says_no_reason_is_told_of_all_the_same() -> None:
    client = online(once=True)
    client.says(frames.Goodbye(data=events.Goodbye("")))
    assert client.ended == [0]
    assert client.ui.notices[-1] == "Server disconnected"
