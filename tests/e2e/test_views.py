"""Rooms and private talks as views at a real terminal: switching, drafts, what is unread."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.native_peer import FakeServer, Peer
from tests.e2e.pty_terminal import CONTROL_C, StartTerminal, Terminal, bracketed_paste
from tests.ports import HOST, IFADDRS

PAGE_UP = "\x1b[5~"
PAGE_DOWN = "\x1b[6~"
ALT_UP = "\x1b[1;3A"
ALT_DOWN = "\x1b[1;3B"
ALT_LEFT = "\x1b[1;3D"
ALT_RIGHT = "\x1b[1;3C"
ALT_A = "\x1ba"


def alt(number: int) -> str:
    return f"\x1b{number}"


def window(terminal: Terminal) -> str:
    """The text in the window, without the rows that have scrolled off its top."""
    return "\n".join(row.rstrip() for row in terminal.screen.display)


def expect_window(terminal: Terminal, *texts: str, but_not: str = "\0") -> None:
    """Wait until all these are in the window, and `but_not` is not."""

    def is_so() -> bool:
        shown = window(terminal)
        return all(text in shown for text in texts) and but_not not in shown

    terminal.wait_until(is_so, " and ".join(texts))


def join(terminal: Terminal, peer: Peer, room: str) -> None:
    """Let both into a room."""
    peer.send("join", {"room": room}, id=1)
    peer.receive("ok")
    terminal.send_line(f"/join {room}")
    terminal.expect_last_lines(f"{room}>", "")
    terminal.expect(f"{room} · 2 members")


@pytest.mark.smoke
def test_switching_shows_the_lines_of_that_room_only_and_drafts_stay(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    join(ice, moon, "#dev")
    moon.send("message", {"text": "about code", "room": "#dev"})
    expect_window(ice, "moon: about code")
    ice.send_keys("a draft for dev alone")
    moon.send("message", {"text": "good morning"})
    ice.expect_last_lines("#dev> a draft for dev alone", "party · #dev · 2 members · 1:#lobby 1")
    ice.send_keys(alt(1))
    expect_window(ice, "moon: good morning", "#lobby>", but_not="about code")
    assert "a draft for dev" not in window(ice)
    ice.send_keys("and for the lobby")
    for keys in (ALT_DOWN, ALT_RIGHT, ALT_LEFT):
        ice.send_keys(keys)
    expect_window(ice, "#dev> a draft for dev alone", but_not="good morning")
    ice.send_line("!")
    assert moon.receive("message")["data"] | {"seq": 0, "time": 0} == {
        "room": "#dev",
        "source": "ice",
        "text": "a draft for dev alone!",
        "seq": 0,
        "time": 0,
    }
    ice.send_keys(ALT_UP)
    expect_window(ice, "#lobby> and for the lobby")
    ice.send_line("")
    assert moon.receive("message")["data"]["room"] == "#lobby"


def test_a_private_message_waits_in_a_view_of_its_own(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moonlight"), client("ice")
    ice.send_keys("half a li")
    moon.send("private", {"text": "psst", "to": ["ice"]})
    ice.expect_last_lines("#lobby> half a li", "party · #lobby · 2 members · 2:@moonlight 1!")
    expect_window(ice, "moonlight writes to you privately: Alt-2", but_not="psst")
    ice.send_keys(alt(2))
    expect_window(ice, "──── new ────", "moonlight: psst", "privately to moonlight>")
    assert "half a li" not in window(ice)
    ice.send_line("yes?")
    assert moon.receive("private")["data"]["text"] == "yes?"
    expect_window(ice, "ice: yes?")
    ice.send_line("/room #lobby")
    ice.expect_last_lines("#lobby> half a li", "party")
    ice.send_keys("ne\r")
    assert moon.receive("message")["data"]["text"] == "half a line"


def test_the_prompt_says_to_whom_a_line_goes_before_it_is_sent(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moonlight"), client("ice")
    ice.expect("2 members")
    ice.send_keys("@moo\t")
    ice.expect_last_lines("privately to moonlight> @moonlight", "party")
    ice.send_keys("\x15hello @moonlight")
    ice.expect_last_lines("#lobby> hello @moonlight", "party")
    ice.send_keys("\x15@moonlight a secret\r")
    assert moon.receive("private")["data"]["text"] == "a secret"
    expect_window(ice, "Sent privately to moonlight: Alt-2", but_not="a secret")


def test_a_class_that_enters_is_one_line_and_a_key_shows_all(
    open_terminal: StartTerminal, fake_server: FakeServer
) -> None:
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice", columns=40)
    server = fake_server.accept_member()
    ice.expect("/help shows the commands")
    for number in range(30):
        server.send("entered", {"nickname": f"s{number}"})
    expect_window(ice, "s0, s1 and 28 others came in")
    assert window(ice).count("came in") == 1
    ice.send_keys("half a line")
    ice.send_keys(ALT_A)
    expect_window(ice, "s29 has entered the chat", "#lobby> half a line")
    ice.send_keys(PAGE_UP)
    expect_window(ice, "s2 has entered the chat", "PageDown")
    ice.send_keys(PAGE_DOWN + ALT_A)
    expect_window(ice, "s0, s1 and 28 others came in", but_not="has entered")
    ice.expect_last_lines("#lobby> half a line", "")


def test_after_a_resize_the_view_is_whole_and_the_editor_is_there_once(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    moon.send("message", {"text": "你好 " * 30 + "the end"})
    expect_window(ice, "the end")
    ice.send_keys("half a line")
    for columns, rows in ((40, 10), (25, 6), (100, 30)):
        ice.resize(columns, rows)
        ice.send_keys("\x0c")  # Ctrl-L draws it once more
        expect_window(ice, "the end", "#lobby> half a line", "ice")
        ice.wait_until(lambda: window(ice).count("#lobby>") == 1, "one input line")


def test_a_long_url_is_whole_for_the_terminal_in_every_view(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice", columns=40)
    url = "https://example.org/" + "path/" * 20
    moon.send("message", {"text": f"see {url}"})
    for keys in ("", "/query moon\r", alt(1)):
        ice.send_keys(keys)
        if "query" in keys:
            expect_window(ice, "privately to moon>", but_not="https")
        else:
            # The terminal goes on in the next row by itself, so that it knows that this is one URL.
            ice.wait_until(lambda: url in "".join(ice.screen.display), url)
            assert url.encode() in ice.raw


def test_what_was_typed_in_all_views_is_named_at_the_end(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    join(ice, moon, "#dev")
    ice.send_keys("begun in dev")
    ice.send_keys(alt(1))
    expect_window(ice, "#lobby>", but_not="begun")
    ice.send_keys("begun in the lobby")
    expect_window(ice, "begun in the lobby")
    ice.send_keys(CONTROL_C)
    assert ice.wait() == 0
    assert ice.lines[-2:] == ["Not sent: begun in the lobby", "Not sent to #dev: begun in dev"]


def test_text_of_others_never_controls_the_terminal_in_any_view(
    open_terminal: StartTerminal, fake_server: FakeServer
) -> None:
    hostile = "\x1b]0;owned\x07\x1b[H\x1b[2J\r\b\x9b31m\u202eevil\u2066\u200b\ufeff"
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice")
    server = fake_server.accept_member(rooms=["#lobby", f"#r{hostile}"])
    ice.expect("/help shows the commands")
    said: dict[str, Any] = {"source": f"mal{hostile}", "time": 0, "text": hostile}
    server.send("message", said | {"room": f"#dev{hostile}", "seq": 1})
    server.send("private", said | {"to": ["ice", f"x{hostile}"]})
    server.send("renamed", {"old": f"mal{hostile}", "new": f"mel{hostile}"})
    server.send("left", {"nickname": f"mel{hostile}", "reason": hostile})
    ice.expect("writes to you privately")
    for keys, prompt in ((alt(2), "#dev<U+001B>"), (alt(3), "privately to"), (alt(1), "#lobby>")):
        ice.send_keys(keys)
        expect_window(ice, prompt)
        ice.send_keys("x")
        ice.expect("x")
    server.send("message", said | {"room": "#lobby", "seq": 2, "text": "the last"})
    ice.expect("the last")
    raw = ice.raw.replace(b"\x1b[2J", b"", 3)  # which clears the window for another view
    for harmful in (b"\x1b]0;", b"\x07", "\u202e".encode(), "\u200b".encode(), b"\x1b[H"):
        assert harmful not in raw
    assert ice.screen.title == ""


def test_no_color_leaves_the_counts_and_the_mark_readable(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice", env={"NO_COLOR": "1"}, columns=40)
    join_line = "#dev>"
    moon.send("join", {"room": "#dev"}, id=1)
    moon.receive("ok")
    ice.send_line("/join #dev")
    ice.expect_last_lines(join_line, "")
    moon.send("message", {"text": "one"})
    moon.send("private", {"text": "psst", "to": ["ice"]})
    ice.expect_last_lines(join_line, "1:#lobby 1  2:@moon 1!".replace("2:@", "3:@"))
    ice.send_keys(alt(1))
    expect_window(ice, "──── new since", "moon: one")
    assert b"38;5;" not in ice.raw


def test_after_a_stop_the_arrivals_are_renewed_below_what_the_shell_has_written(
    open_terminal: StartTerminal, fake_server: FakeServer
) -> None:
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice")
    server = fake_server.accept_member()
    ice.expect("/help shows the commands")
    for name in ("ana", "ben"):
        server.send("entered", {"nickname": name})
    expect_window(ice, "ana and ben came in")
    ice.send_signal(signal.SIGSTOP)
    ice.screen.draw("from the shell")
    ice.screen.linefeed()
    ice.send_signal(signal.SIGCONT)
    ice.expect_last_lines("#lobby>", "party")
    server.send("entered", {"nickname": "cem"})
    expect_window(ice, "ana, ben and cem came in", "#lobby>", but_not="ana and ben came in")
    assert "from the shell" in ice.text


def test_a_key_for_a_view_changes_nothing_in_the_answer_of_a_question(
    client: StartTerminal, peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    text = "\n".join(f"line {number}" for number in range(20))
    ice.send_line(bracketed_paste(text))
    ice.expect("Send 20 lines")
    ice.send_keys(alt(2))
    ice.send_line("y")
    assert moon.receive("message")["data"]["text"] == text
