"""Chatting at a real terminal: what is seen, what is typed, and that neither disturbs the other."""

import socket
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest

from tests.e2e.peers import ADDRESS, HOST, FalseServer, Peer, free_port
from tests.e2e.programs import CHATD, programs
from tests.e2e.window import DOWN, ENTER, TAB, UP, Window


def test_a_half_typed_line_stays_whole_while_messages_arrive_above_it(
    client: Callable[..., Window], peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    ice.type("half a l")
    ice.ends_with("#lobby> half a l", "party · #lobby · 2 members · online as ice")
    moon.says("message", {"text": "one"})
    ice.shows("moon: one")
    ice.type("ine, \N{SNOWFLAKE} 你好")
    for number in range(50):
        moon.says("message", {"text": f"message {number}"})
    ice.shows("moon: message 49")
    ice.ends_with("#lobby> half a line, \N{SNOWFLAKE} 你", "party")
    ice.type("\x01The other \x05.")  # to the beginning of the line, and to its end
    ice.enter("")
    assert moon.hears("message")["data"]["text"] == "The other half a line, \N{SNOWFLAKE} 你好."
    ice.shows("ice: The other half a line")


def test_commands_nicknames_and_rooms_are_completed(
    client: Callable[..., Window], peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moonlight"), client("ice")
    moon.says("join", {"room": "#devices"}, id=1)
    moon.hears("ok")
    ice.shows("2 members")
    ice.type("@moo" + TAB)
    ice.ends_with("#lobby> @moonlight", "party")
    ice.enter("psst")
    assert moon.hears("private")["data"]["text"] == "psst"
    ice.shows("[private to moonlight] psst")
    moon.says("private", {"text": "yes?", "to": ["ice"]})
    ice.shows("[private] moonlight: yes?")
    ice.type("/joi" + TAB)
    ice.ends_with("#lobby> /join", "party")
    ice.enter("#devices")
    ice.ends_with("#devices>", "party · #devices · 2 members")
    ice.type("/room #" + TAB)
    ice.shows("#devices #lobby")
    ice.type(TAB + TAB + ENTER)
    ice.ends_with("#lobby>", "party · #lobby")
    moon.says("message", {"text": "hello", "room": "#devices"})
    ice.ends_with("#lobby>", "party · #lobby · 2 members · unread: #devices 1 · online as ice")
    ice.type("/msg moon" + TAB)
    ice.ends_with("#lobby> /msg moonlight", "party")
    ice.type("\x15")  # which takes the line away
    ice.enter("/room #devices")
    ice.ends_with("#devices>", "party · #devices · 2 members · online as ice")


def test_what_was_typed_before_is_found_again(client: Callable[..., Window]) -> None:
    ice = client("ice")
    for line in ("the needle", "some hay", "/setname icicle"):
        ice.enter(line)
    ice.ends_with("#lobby>", "party · #lobby · 1 member · online as icicle")
    ice.type("\x12need")  # Ctrl-R
    ice.shows("#lobby> the needle")
    ice.type(ENTER + "s" + ENTER)
    ice.shows("icicle: the sneedle")


def test_after_a_broken_connection_it_counts_down_and_shows_what_was_said_meanwhile(
    window: Callable[..., Window], false_server: FalseServer
) -> None:
    ice = window("client", HOST, str(false_server.port), *ADDRESS, "-n", "ice", "--reconnect")
    server = false_server.accept()
    said = {"room": "#lobby", "source": "moon", "time": 0}
    server.says("message", {**said, "seq": 1, "text": "first"})
    ice.shows("moon: first")
    ice.type("half a li")
    server.close()
    ice.ends_with("#lobby> half a li", "reconnecting in 3 s")
    ice.ends_with("#lobby> half a li", "reconnecting in 2 s")
    ice.enter("ne")
    ice.shows("You are offline: what you type is kept, and sent on return.")
    ice.ends_with("#lobby>", "1 to be sent · reconnecting in 1 s")
    server = false_server.accept()
    number = server.hears("history")["id"]
    messages = [{**said, "seq": seq, "text": f"number {seq}"} for seq in (1, 2, 3)]
    server.says("history", {"room": "#lobby", "messages": messages}, id=number)
    frame = server.hears("message")
    assert frame["data"]["text"] == "half a line"
    ice.ends_with("#lobby>", "party · #lobby · 1 member · 1 to be sent · online as ice")
    assert "ice: half a line" not in ice.text, "nobody has it yet"
    server.says("ok", {"room": "#lobby", "seq": 4, "time": 0}, id=frame["id"])
    ice.shows("ice: half a line")
    ice.shows("end of said meanwhile in #lobby")
    begin = ice.lines.index("┌ said meanwhile in #lobby")
    assert [line[-14:] for line in ice.lines[begin + 1 : begin + 3]] == [
        "moon: number 2",
        "moon: number 3",
    ]
    ice.ends_with("#lobby>", "party · #lobby · 1 member · online as ice")


def test_ones_own_lines_stand_where_the_others_see_them_and_refused_ones_do_not(
    window: Callable[..., Window], false_server: FalseServer
) -> None:
    ice = window("client", HOST, str(false_server.port), *ADDRESS, "-n", "ice")
    server = false_server.accept()
    ice.shows("a line that begins with /")
    ice.enter("second")
    ice.enter("refused")
    second, refused = server.hears("message"), server.hears("message")
    said = {"room": "#lobby", "source": "moon", "seq": 1, "time": 0, "text": "first"}
    server.says("message", said)
    server.says("ok", {"room": "#lobby", "seq": 2, "time": 0}, id=second["id"])
    server.says("error", {"code": "odd", "message": "No."}, id=refused["id"])
    ice.shows("Refused (refused): No.")
    assert [line[6:] for line in ice.lines if line[6:] in ("moon: first", "ice: second")] == [
        "moon: first",
        "ice: second",
    ]
    assert "ice: refused" not in ice.text


def test_the_history_of_a_room_is_shown_on_entering_and_marked_as_history(
    client: Callable[..., Window], peer: Callable[[str], Peer]
) -> None:
    moon = peer("moon")
    moon.says("message", {"text": "before you came"}, id=1)
    moon.hears("ok")
    ice = client("ice")
    ice.shows("└ end of history of #lobby")
    [line] = [line for line in ice.lines if "before you came" in line]
    assert line.startswith("│ ")
    assert ice.lines.index("┌ history of #lobby") < ice.lines.index(line)


def test_a_window_may_become_narrow_with_wide_and_right_to_left_text_in_it(
    client: Callable[..., Window], peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    ice.type("half a line")
    ice.resize(40, 12)
    moon.says("message", {"text": "你好" * 20 + " שלום עולם \N{GRINNING FACE} " + "word " * 12})
    ice.shows("word word word")
    ice.ends_with("#lobby> half a line", "party · #lobby · 2 · online as ice")
    [first] = [line for line in ice.lines if "moon: 你好" in line]
    for line in ice.lines[ice.lines.index(first) + 1 : -2]:
        assert line.startswith("      "), "a line that goes on is indented"
    ice.resize(100, 12)
    ice.ends_with("#lobby> half a line", "party · #lobby · 2 members · online as ice")


def test_whoever_types_chatd_client_and_nothing_else_gets_in(
    window: Callable[..., Window], party: SimpleNamespace
) -> None:
    words = (*ADDRESS, "--discovery-port", str(party.udp))
    with programs() as start:
        port = str(free_port())
        other = start([*CHATD, "server", *words, "--id", "work", "--slots", "5", "--port", port])
        other.says("work answers discovery")
        zoe = window("client", *words)
        zoe.shows("Your nickname? [zoe]")
        zoe.enter("")
        zoe.shows("places free")
        zoe.shows("Which server? (number or name)")
        zoe.type(DOWN)
        zoe.shows("> 2  ")
        zoe.type(UP)
        zoe.shows("> 1  ")
        zoe.enter("dance")
        zoe.shows("dance is none of them.")
        zoe.type("wo" + TAB)
        zoe.enter("")
        zoe.shows(f"Connected to work ({HOST}:{port}) as zoe.")
        zoe.ends_with("#lobby>", "work · #lobby · 1 member · online as zoe")


def is_seen(window: Window, mark: str) -> bool:
    """Whether a row of the window begins with that now."""
    return any(row.startswith(mark) for row in window.screen.display)


@pytest.mark.parametrize("goodbye", ["/quit", "exit()"])
def test_who_is_to_choose_in_a_small_window_sees_what_is_marked_and_may_leave(
    goodbye: str, window: Callable[..., Window], party: SimpleNamespace
) -> None:
    words = (*ADDRESS, "--discovery-port", str(party.udp))
    with programs() as start:
        for number in range(4):
            port = str(free_port())
            other = start([*CHATD, "server", *words, "--id", f"work{number}", "--port", port])
            other.says("answers discovery")
        zoe = window("client", *words, "-n", "zoe")
        zoe.shows("5 found")
        zoe.resize(20, 5)
        for number in range(2, 6):
            zoe.type(DOWN)
            mark = f"> {number}"
            zoe.until(partial(is_seen, zoe, mark), mark)
        zoe.enter(goodbye)
        assert zoe.status() == 0


def test_who_finds_nothing_is_told_what_was_tried_and_what_to_do(
    window: Callable[..., Window],
) -> None:
    port = str(free_port(socket.SOCK_DGRAM))
    zoe = window("client", *ADDRESS, "--discovery-port", port, "-n", "zoe")
    zoe.ends_with("#lobby>", "searching a server on 1 subnet…")
    zoe.shows("chatd client ADDRESS [PORT]")
    for part in (f"lo ({HOST}/8)", "127.255.255.255", f"UDP port {port}", "Wi-Fi", "VPN"):
        assert part in zoe.text


def test_a_launch_has_the_screen_too(window: Callable[..., Window]) -> None:
    ports = ("--port", str(free_port()), "--discovery-port", str(free_port(socket.SOCK_DGRAM)))
    ice = window("launch", *ADDRESS, *ports, "--nickname", "ice")
    ice.ends_with("#lobby>", "party · #lobby · 2 members · online as ice")
    ice.enter("hello")
    ice.shows("[guest-2] ice: hello")
    ice.enter("/quit")
    assert ice.status() == 0
