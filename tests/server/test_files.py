"""Messages with files: what members, their sessions and a restart make of them."""

from typing import Any

import pytest

from chatd.chat.commands import SendFile
from chatd.chat.events import File, Ok, PrivateSent
from chatd.log import codec
from chatd.log.operations import Handle
from tests.server.harness import Client, Harness

FILE = File("kO3v", "worksheet.pdf", 1_200_000, "application/octet-stream")
SENT = {
    "id": "kO3v",
    "name": "worksheet.pdf",
    "bytes": 1_200_000,
    "media_type": "application/octet-stream",
}
URL = "http://10.0.0.1:8080/files/"


def enter(harness: Harness, nickname: str) -> tuple[Client, str]:
    """A member that can resume, and its token."""
    client = harness.connect()
    client.send("hello", {"nickname": nickname, "version": 1, "resume": {"session": ""}})
    [welcome] = client.heard_of("welcome")
    return client, welcome["session"]


def send(harness: Harness, nickname: str, room: str | None = None, *to: str) -> Any:
    """Send a file, as the page's port asks for it; the result."""
    [member] = [
        each
        for each in range(1, harness.chat.hub._connections.next_id)
        if harness.chat.hub.nickname(each) == nickname
    ]
    results: list[Any] = []
    command = SendFile(FILE, room, to)
    harness.chat.ordered_log.ask(Handle(member, command), results.append)
    harness.clock.advance(0)
    [result] = results
    return result


def test_a_welcome_says_where_files_are() -> None:
    with Harness() as harness:
        harness.chat.files_url = lambda address, is_encrypted: f"{URL}{is_encrypted}/"
        client = harness.connect()
        client.hello("ice")
        [welcome] = client.heard()
        assert welcome["data"]["files"] == f"{URL}False/"


def test_without_files_a_welcome_says_nothing_of_them() -> None:
    with Harness() as harness:
        client = harness.connect()
        client.hello("ice")
        [welcome] = client.heard()
        assert "files" not in welcome["data"]


def test_a_file_has_its_place_in_the_order_of_a_room() -> None:
    with Harness() as harness:
        ice, moon = harness.enter_all("ice", "moon")
        moon.say("before")
        result = send(harness, "ice", "#lobby")
        assert isinstance(result, Ok)
        assert (result.room, result.seq) == ("#lobby", 2)
        moon.say("after")
        for client in (ice, moon):
            said = client.heard_of("message")
            assert [each["seq"] for each in said if "file" in each] == [2]
        moon.send("history", {"room": "#lobby"})
        [history] = moon.heard_of("history")
        assert [each.get("file") for each in history["messages"]] == [None, SENT, None]


def test_a_member_that_comes_back_is_sent_its_own_file_too() -> None:
    """It did not come from the chat's connection, so nothing else told the client of it."""
    with Harness() as harness:
        ice, token = enter(harness, "ice")
        ice.say("hello", 1)
        send(harness, "ice", "#lobby")
        ice.hang_up()
        again = harness.connect()
        resume = {"session": token, "seen": {"#lobby": 1}}
        again.send("hello", {"nickname": "ice", "version": 1, "resume": resume})
        harness.clock.advance(0)
        [missed] = again.heard_of("missed")
        assert [each["file"] for each in missed["messages"]] == [SENT]


def test_a_private_file_waits_for_a_member_that_comes_back() -> None:
    with Harness() as harness:
        harness.enter("ice")
        moon, token = enter(harness, "moon")
        moon.hang_up()
        result = send(harness, "ice", None, "moon")
        assert isinstance(result, PrivateSent)
        again = harness.connect()
        again.send(
            "hello", {"nickname": "moon", "version": 1, "resume": {"session": token, "private": 0}}
        )
        harness.clock.advance(0)
        [private] = again.heard_of("private")
        assert (private["file"], private["text"], private["seq"]) == (SENT, "worksheet.pdf", 1)


@pytest.mark.parametrize(("room", "to"), [("#dev", ()), (None, ("ice", "moon"))])
def test_a_log_keeps_a_file(room: str | None, to: tuple[str, ...]) -> None:
    operation = Handle(7, SendFile(FILE, room, to))
    [again] = codec.decode_operations(codec.encode_operations([operation]))
    assert again == operation


def test_no_client_can_claim_to_have_sent_a_file() -> None:
    with Harness() as harness:
        ice, moon = harness.enter_all("ice", "moon")
        ice.send("send-file", {"file": SENT, "room": "#lobby"})
        assert ice.errors() == ["unknown-type"]
        ice.send("message", {"text": "x", "file": SENT})
        [said] = moon.heard_of("message")
        assert "file" not in said
