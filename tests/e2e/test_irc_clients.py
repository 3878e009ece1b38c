"""Real IRC clients in the lobby of a real server, with others in other dialects."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.e2e.irc_clients import CLIENTS, LOBBY, IrcClient, Irssi, TlsWeeChat, WeeChat
from tests.e2e.native_peer import Member, enter
from tests.e2e.programs import CHATD, Program, programs
from tests.ports import HOST, IFADDRS, free_port, free_udp_port
from tests.timeouts import TIMEOUT_SECONDS

#: Three people, joined by characters that show nothing: it must arrive whole.
FAMILY = "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"

Come = Callable[[type[IrcClient], str], IrcClient]


def choose_ports() -> SimpleNamespace:
    names = ("tcp", "irc", "plain", "tls")
    return SimpleNamespace(udp=free_udp_port(), **{name: free_port() for name in names})


def serve(start: Callable[[list[str]], Program], ports: SimpleNamespace) -> Program:
    """Start a server, and wait until it is there."""
    server = start(
        [
            *(*CHATD, "server", *IFADDRS, "--id", "party", "--store", "none", "--flood", "0"),
            *("--port", str(ports.tcp), "--discovery-port", str(ports.udp)),
            *("--irc", str(ports.irc), "--irc-tls", str(ports.tls), "--plain", str(ports.plain)),
        ]
    )
    server.expect_stderr("party answers discovery")
    return server


@pytest.fixture(scope="module")
def ports() -> Iterator[SimpleNamespace]:
    """The ports of a server."""
    ports = choose_ports()
    with programs() as start:
        server = serve(start, ports)
        yield ports
        assert not [line for line in server.stderr if "Traceback" in line]


@pytest.fixture
def come(ports: SimpleNamespace, tmp_path: Path) -> Iterator[Come]:
    """A function that starts a client, which joins the lobby."""
    with ExitStack() as clients:

        def start(kind: type[IrcClient], nickname: str) -> IrcClient:
            folder = tmp_path / nickname
            folder.mkdir()
            return clients.enter_context(closing(kind(folder, ports.irc, nickname)))

        yield start


@pytest.fixture
def moon(ports: SimpleNamespace) -> Iterator[Member]:
    """A member with chatd's own dialect, who has come before."""
    with closing(enter(ports.tcp, "moon")) as member:
        yield member


class Netcat:
    """A user with ``nc`` at the plain port."""

    def __init__(self, port: int, nickname: str) -> None:
        self._socket = socket.create_connection((HOST, port), TIMEOUT_SECONDS)
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self.type(nickname)
        self.shows("/help")

    def type(self, line: str) -> None:
        self._socket.sendall(f"{line}\n".encode())

    def shows(self, text: str) -> None:
        """Wait for a line with `text`."""
        assert any(text in line for line in self._lines)

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


def test_all_talk_with_each_other(come: Come, moon: Member, ports: SimpleNamespace) -> None:
    clients = [come(kind, kind.__name__.lower()) for kind in CLIENTS]
    with closing(Netcat(ports.plain, "sun")) as sun:
        for client in clients:
            client.say(f"hello from {client.nickname} \N{GRINNING FACE}")
            sun.shows(f"{client.nickname}: hello from {client.nickname} \N{GRINNING FACE}")
            said = moon.receive("message")["data"]
            assert said["text"] == f"hello from {client.nickname} \N{GRINNING FACE}"
            assert said["source"] == client.nickname
            for other in clients:
                other.shows(client.nickname, f"hello from {client.nickname} \N{GRINNING FACE}")
        sun.type("hello from nc")
        moon.send("message", {"text": f"one {FAMILY}\n  two\n\nthree"})
        for client in clients:
            client.shows("sun", "hello from nc")
            client.shows("moon", "three")


@pytest.fixture(params=CLIENTS, ids=lambda kind: kind.__name__)
def ice(request: pytest.FixtureRequest, moon: Member, come: Come) -> IrcClient:
    """A client in the lobby, which is in the chat with moon."""
    client = come(request.param, "ice")
    sees_join(moon, LOBBY)
    return client


def sees_join(moon: Member, room: str) -> None:
    """Wait until moon sees ice join `room`."""
    while (joined := moon.receive("joined")["data"])["nickname"] != "ice":
        pass
    assert joined["room"] == room


def test_a_message_of_several_lines_arrives_whole(ice: IrcClient, moon: Member) -> None:
    long = " ".join(f"word{number}" for number in range(150))
    moon.send("message", {"text": f"one {FAMILY}\n  two\n\n{long} end"})
    ice.shows("moon", "one")
    ice.shows("moon", "  two")
    ice.shows("word149 end")
    shown = " ".join(ice.lines())
    assert FAMILY in shown or isinstance(ice, Irssi), "whole, where it is not drawn in cells"
    for number in range(150):
        assert f"word{number} " in shown


def test_actions_are_seen_both_ways(ice: IrcClient, moon: Member) -> None:
    ice.act("waves \N{WAVING HAND SIGN}")
    said = moon.receive("message")["data"]
    assert (said["text"], said["action"]) == ("waves \N{WAVING HAND SIGN}", True)
    moon.send("message", {"text": "dances", "action": True})
    ice.shows("*", "moon", "dances")


def test_private_messages_reach_both(ice: IrcClient, moon: Member) -> None:
    ice.tell("moon", "psst, moon")
    said = moon.receive("private")["data"]
    assert (said["source"], said["text"]) == ("ice", "psst, moon")
    moon.send("private", {"to": ["ice"], "text": "psst, ice"})
    ice.shows("moon", "psst, ice")


def test_topics_and_nicknames_change_on_both_sides(ice: IrcClient, moon: Member) -> None:
    ice.set_topic("Today: parsers")
    assert moon.receive("topic")["data"]["text"] == "Today: parsers"
    moon.send("topic", {"room": LOBBY, "text": "Tomorrow: loops"})
    ice.shows("moon", "topic", "Tomorrow: loops")
    ice.rename("snow")
    renamed = moon.receive("renamed")["data"]
    assert (renamed["old"], renamed["new"]) == ("ice", "snow")
    moon.send("set-name", {"nickname": "star"})
    ice.shows("moon", "is now", "star")
    ice.say("it is me")
    assert moon.receive("message")["data"]["source"] == "snow"


def test_who_is_kicked_out_of_a_room_sees_by_whom_and_may_come_back(
    ice: IrcClient, moon: Member
) -> None:
    moon.send("join", {"room": "#dev"})
    assert moon.receive("joined")["data"]["nickname"] == "moon", "first, and so its operator"
    for reason in ("be nice", "be quiet"):
        ice.join("#dev")
        sees_join(moon, "#dev")
        moon.send("kick", {"room": "#dev", "nickname": "ice", "reason": reason})
        ice.shows("kicked", "moon", reason)
    ice.say("it was a joke")
    assert moon.receive("message")["data"]["text"] == "it was a joke"


def test_both_see_the_other_leave(ice: IrcClient, moon: Member, ports: SimpleNamespace) -> None:
    with closing(enter(ports.tcp, "sun")) as sun:
        ice.shows("sun", LOBBY)
        sun.send("quit")
        sun.receive("goodbye")
    ice.shows("sun", "quit")
    ice.leave_lobby()
    assert moon.receive("parted")["data"]["nickname"] == "ice"
    ice.quit()
    assert moon.receive("left")["data"]["nickname"] == "ice"


def test_a_client_talks_over_tls(moon: Member, ports: SimpleNamespace, tmp_path: Path) -> None:
    with closing(TlsWeeChat(tmp_path, ports.tls, "ice")) as ice:
        assert moon.receive("joined")["data"]["nickname"] == "ice"
        ice.say("hello")
        assert moon.receive("message")["data"]["text"] == "hello"
        moon.send("message", {"text": "hello yourself"})
        ice.shows("moon", "hello yourself")


def test_a_client_comes_back_when_the_server_has_been_started_again(tmp_path: Path) -> None:
    ports = choose_ports()
    with programs() as start:
        first = serve(start, ports)
        with closing(WeeChat(tmp_path, ports.irc, "ice")) as ice:
            first.close()
            ice.shows("server is stopping")
            shown = len(ice.lines())
            serve(start, ports)
            ice.shows(f"Channel {LOBBY}:", after=shown)
            with closing(enter(ports.tcp, "moon")) as moon:
                moon.send("message", {"text": "welcome back"})
                ice.shows("moon", "welcome back")
