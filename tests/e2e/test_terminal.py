"""Chatting at a real terminal: what is seen, what is typed, and that neither disturbs the other."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest

from tests.e2e.native_peer import FakeServer, Peer
from tests.e2e.programs import CHATD, programs
from tests.e2e.pty_terminal import DOWN, ENTER, TAB, UP, StartTerminal, Terminal
from tests.ports import HOST, IFADDRS, free_port, free_udp_port


@pytest.mark.smoke
def test_a_half_typed_line_stays_whole_while_messages_arrive_above_it(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    ice.send_keys("half a l")
    ice.expect_last_lines("#lobby> half a l", "party · #lobby · 2 members · online as ice")
    moon.send("message", {"text": "one"})
    ice.expect("moon: one")
    ice.send_keys("ine, \N{SNOWFLAKE} 你好")
    for number in range(50):
        moon.send("message", {"text": f"message {number}"})
    ice.expect("moon: message 49")
    ice.expect_last_lines("#lobby> half a line, \N{SNOWFLAKE} 你", "party")
    ice.send_keys("\x01The other \x05.")  # to the beginning of the line, and to its end
    ice.send_line("")
    assert moon.receive("message")["data"]["text"] == "The other half a line, \N{SNOWFLAKE} 你好."
    ice.expect("ice: The other half a line")


def test_commands_nicknames_and_rooms_are_completed(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moonlight"), client("ice", "--one-stream")
    moon.send("join", {"room": "#devices"}, id=1)
    moon.receive("ok")
    ice.expect("2 members")
    ice.send_keys("@moo" + TAB)
    ice.expect_last_lines("privately to moonlight> @moonlight", "party")
    ice.send_line("psst")
    assert moon.receive("private")["data"]["text"] == "psst"
    ice.expect("[private to moonlight] psst")
    moon.send("private", {"text": "yes?", "to": ["ice"]})
    ice.expect("[private] moonlight: yes?")
    ice.send_keys("/joi" + TAB)
    ice.expect_last_lines("#lobby> /join", "party")
    ice.send_line("#devices")
    ice.expect_last_lines("#devices>", "party · #devices · 2 members")
    ice.send_keys("/room #" + TAB)
    ice.expect("#devices #lobby")
    ice.send_keys(TAB + TAB + ENTER)
    ice.expect_last_lines("#lobby>", "party · #lobby")
    moon.send("message", {"text": "hello", "room": "#devices"})
    ice.expect_last_lines(
        "#lobby>", "party · #lobby · 2 members · unread: #devices 1 · online as ice"
    )
    ice.send_keys("/msg moon" + TAB)
    ice.expect_last_lines("privately to moonlight> /msg moonlight", "party")
    ice.send_keys("\x15")  # which takes the line away
    ice.send_line("/room #devices")
    ice.expect_last_lines("#devices>", "party · #devices · 2 members · online as ice")


def test_the_up_key_recalls_input(client: StartTerminal) -> None:
    ice = client("ice")
    for line in ("the needle", "some hay", "/setname icicle"):
        ice.send_line(line)
    ice.expect_last_lines("#lobby>", "party · #lobby · 1 member · online as icicle")
    ice.send_keys("\x12need")  # Ctrl-R
    ice.expect("#lobby> the needle")
    ice.send_keys(ENTER + "s" + ENTER)
    ice.expect("icicle: the sneedle")


def test_after_a_lost_connection_it_counts_down_and_shows_missed_messages(
    open_terminal: StartTerminal, fake_server: FakeServer
) -> None:
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice", "--reconnect")
    server = fake_server.accept_member()
    said = {"room": "#lobby", "source": "moon", "time": 0}
    server.send("message", {**said, "seq": 1, "text": "first"})
    ice.expect("moon: first")
    ice.send_keys("half a li")
    server.close()
    ice.expect_last_lines("#lobby> half a li", "reconnecting in 3 s")
    ice.expect_last_lines("#lobby> half a li", "reconnecting in 2 s")
    ice.send_line("ne")
    ice.expect("You are offline. What you type is sent when you are online again.")
    ice.expect_last_lines("#lobby>", "1 to be sent · reconnecting in 1 s")
    server = fake_server.accept_member()
    number = server.receive("history")["id"]
    messages = [{**said, "seq": seq, "text": f"number {seq}"} for seq in (1, 2, 3)]
    server.send("history", {"room": "#lobby", "messages": messages}, id=number)
    frame = server.receive("message")
    assert frame["data"]["text"] == "half a line"
    ice.expect_last_lines("#lobby>", "party · #lobby · 1 member · 1 to be sent · online as ice")
    assert "ice: half a line" not in ice.text, "nobody has it yet"
    server.send("ok", {"room": "#lobby", "seq": 4, "time": 0}, id=frame["id"])
    ice.expect("ice: half a line")
    ice.expect("end of messages missed in #lobby")
    begin = ice.lines.index("┌ messages missed in #lobby")
    assert [line[-14:] for line in ice.lines[begin + 1 : begin + 3]] == [
        "moon: number 2",
        "moon: number 3",
    ]
    ice.expect_last_lines("#lobby>", "party · #lobby · 1 member · online as ice")


def test_own_lines_are_shown_where_others_see_them_and_refused_lines_are_not(
    open_terminal: StartTerminal, fake_server: FakeServer
) -> None:
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice")
    server = fake_server.accept_member()
    ice.expect("/help shows the commands")
    ice.send_line("second")
    ice.send_line("refused")
    second, refused = server.receive("message"), server.receive("message")
    said = {"room": "#lobby", "source": "moon", "seq": 1, "time": 0, "text": "first"}
    server.send("message", said)
    server.send("ok", {"room": "#lobby", "seq": 2, "time": 0}, id=second["id"])
    server.send("error", {"code": "odd", "message": "No."}, id=refused["id"])
    ice.expect("Refused (refused): No.")
    assert [line[6:] for line in ice.lines if line[6:] in ("moon: first", "ice: second")] == [
        "moon: first",
        "ice: second",
    ]
    assert "ice: refused" not in ice.text


def test_the_history_of_a_room_is_shown_on_entering_and_marked_as_history(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon = peer("moon")
    moon.send("message", {"text": "before you came"}, id=1)
    moon.receive("ok")
    ice = client("ice")
    ice.expect("└ end of history of #lobby")
    [line] = [line for line in ice.lines if "before you came" in line]
    assert line.startswith("│ ")
    assert ice.lines.index("┌ history of #lobby") < ice.lines.index(line)


def test_a_terminal_can_become_narrow_with_wide_and_right_to_left_text(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    ice.send_keys("half a line")
    ice.resize(40, 12)
    moon.send("message", {"text": "你好" * 20 + " שלום עולם \N{GRINNING FACE} " + "word " * 12})
    ice.expect("word word word")
    ice.expect_last_lines("#lobby> half a line", "#lobby · 2 members · online as ice")
    [first] = [line for line in ice.lines if "moon: 你好" in line]
    for line in ice.lines[ice.lines.index(first) + 1 : -2]:
        assert line.startswith("      "), "a line that goes on is indented"
    ice.resize(100, 12)
    ice.expect_last_lines("#lobby> half a line", "party · #lobby · 2 members · online as ice")


def test_chatd_client_without_options_prompts_for_server_and_nickname(
    open_terminal: StartTerminal, server_ports: SimpleNamespace
) -> None:
    words = (*IFADDRS, "--discovery-port", str(server_ports.udp))
    with programs() as start:
        port = str(free_port())
        other = start([*CHATD, "server", *words, "--id", "work", "--slots", "5", "--port", port])
        other.expect_stderr("work answers discovery")
        zoe = open_terminal("client", *words)
        zoe.expect("Your nickname? [zoe]")
        zoe.send_line("")
        zoe.expect("slots free")
        zoe.expect("Which server? (number or name)")
        zoe.send_keys(DOWN)
        zoe.expect("> 2  ")
        zoe.send_keys(UP)
        zoe.expect("> 1  ")
        zoe.send_line("dance")
        zoe.expect("dance is not one of them.")
        zoe.send_keys("wo" + TAB)
        zoe.send_line("")
        zoe.expect(f"Connected to work ({HOST}:{port}) as zoe.")
        zoe.expect_last_lines("#lobby>", "work · #lobby · 1 member · online as zoe")


def is_seen(terminal: Terminal, mark: str) -> bool:
    """Whether a row of the screen begins with `mark` now."""
    return any(row.startswith(mark) for row in terminal.screen.display)


@pytest.mark.parametrize("goodbye", ["/quit", "exit()"])
def test_the_choice_of_servers_fits_in_a_small_terminal_and_can_be_left(
    goodbye: str, open_terminal: StartTerminal, server_ports: SimpleNamespace
) -> None:
    words = (*IFADDRS, "--discovery-port", str(server_ports.udp))
    with programs() as start:
        for number in range(4):
            port = str(free_port())
            other = start([*CHATD, "server", *words, "--id", f"work{number}", "--port", port])
            other.expect_stderr("answers discovery")
        zoe = open_terminal("client", *words, "-n", "zoe")
        zoe.expect("5 found")
        zoe.resize(20, 5)
        for number in range(2, 6):
            zoe.send_keys(DOWN)
            mark = f"> {number}"
            zoe.wait_until(partial(is_seen, zoe, mark), mark)
        zoe.send_line(goodbye)
        assert zoe.wait() == 0


def test_a_search_without_an_answer_shows_what_was_tried_and_what_to_do(
    open_terminal: StartTerminal,
) -> None:
    port = str(free_udp_port())
    zoe = open_terminal("client", *IFADDRS, "--discovery-port", port, "-n", "zoe")
    zoe.expect_last_lines("#lobby>", "searching a server on 1 subnet…")
    zoe.expect("chatd client ADDRESS [PORT]")
    for part in (f"lo ({HOST}/8)", "127.255.255.255", f"UDP port {port}", "Wi-Fi", "VPN"):
        assert part in zoe.text


def test_launch_has_the_full_screen_too(open_terminal: StartTerminal) -> None:
    ports = ("--port", str(free_port()), "--discovery-port", str(free_udp_port()))
    ice = open_terminal("launch", *IFADDRS, *ports, "--nickname", "ice")
    ice.expect_last_lines("#lobby>", "party · #lobby · 2 members · online as ice")
    ice.send_line("hello")
    ice.expect("[guest-2] ice: hello")
    ice.send_line("/quit")
    assert ice.wait() == 0
