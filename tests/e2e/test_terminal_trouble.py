"""A terminal in trouble: hostile text, impossible input, broken files, terminals like none."""

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.peers import ADDRESS, HOST, FalseServer, Peer
from tests.e2e.programs import TWISTD
from tests.e2e.window import CONTROL_D, TAB, UP, Window, pasted, windows

#: Title, bell, cursor home, clear, backspaces, C1, bidirectional override and isolate, zero width.
HOSTILE = "\x1b]0;owned\x07\x1b[H\x1b[2J\r\b\x9b31m\u202eevil\u2066\u200b\ufeff"


def test_names_of_a_false_server_are_not_completed_and_a_paste_is_spelled_out(
    window: Callable[..., Window], false_server: FalseServer
) -> None:
    ice = window("client", HOST, str(false_server.port), *ADDRESS, "-n", "ice")
    server = false_server.accept(rooms=["#lobby", f"#dev{HOSTILE}"])
    server.says("entered", {"nickname": f"mal{HOSTILE}"})
    ice.shows("has entered the chat")
    ice.type("/join #de" + TAB)
    ice.type("\x15@ma" + TAB + " ")
    ice.type(pasted("turned\u202e"))
    ice.ends_with("#lobby> @ma turned<U+202E>", "party")
    ice.shows("Some characters of that paste cannot be seen")
    for harmful in ("\x1b]0;", "\u202e", "\x1b[H"):
        assert harmful.encode() not in ice.raw


def test_what_others_wrote_is_never_obeyed(
    window: Callable[..., Window], false_server: FalseServer
) -> None:
    ice = window("client", HOST, str(false_server.port), *ADDRESS, "-n", "ice")
    server = false_server.accept(server=f"par{HOSTILE}ty", rooms=["#lobby", f"#r{HOSTILE}"])
    ice.shows("a line that begins with /")
    ice.type("half a line")
    name = f"mal{HOSTILE}lory"
    said = {"room": "#lobby", "source": name, "seq": 1, "time": 10**15, "text": HOSTILE}
    server.says("message", said)
    server.says("message", said | {"seq": 2, "room": f"#dev{HOSTILE}", "text": f"a\n{HOSTILE}"})
    server.says("private", {"source": name, "to": ["ice"], "time": -(10**15), "text": HOSTILE})
    server.says("entered", {"nickname": name})
    server.says("error", {"code": "x", "message": HOSTILE})
    server.says("joined", {"room": "#lobby", "nickname": name})
    server.says("message", said | {"seq": 3, "text": "\x1b[31mred <ansired>\N{WAVING HAND SIGN}"})
    ice.shows("<U+001B>[31mred <ansired>")
    for harmful in ("\x1b]0;", "\x07", "\x9b", "\u202e", "\u2066", "\u200b", "\ufeff", "\x1b[H"):
        assert harmful.encode() not in ice.raw
    assert ice.screen.title == ""
    ice.shows("<U+202E>evil<U+2066><U+200B><U+FEFF>")


def test_a_long_paste_is_one_message_after_a_question(
    client: Callable[..., Window], peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    ice.type(pasted("one\r\ntwo\nthree\r"))
    ice.enter("")
    assert moon.hears("message")["data"]["text"] == "one\ntwo\nthree"
    text = "\n".join(f"line {number}" for number in range(1, 31))
    ice.type(pasted(text))
    ice.enter("")
    ice.shows("Send 30 lines (230 characters) as one message? (y or n)")
    ice.enter("n")
    ice.shows("Not sent; it is in the input line again.")
    ice.shows("line 30")
    ice.enter("")
    ice.enter("y")
    assert moon.hears("message")["data"]["text"] == text
    ice.shows("ice: line 30")


@pytest.mark.parametrize(
    ("paste", "why"),
    [
        ("x" * 1_048_576, "Not pasted: that is 1,048,576 characters, and a message may have"),
        ("\x00\x01\x02\x7fELF\x03\x04", "Not pasted: that is no text"),
    ],
    ids=["1 MB", "binary"],
)
def test_a_paste_that_can_be_no_message_is_not_taken_and_says_why(
    paste: str, why: str, client: Callable[..., Window], peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    ice.type("hel")
    ice.type(pasted(paste))
    ice.shows(why)
    ice.enter("lo")
    assert moon.hears("message")["data"]["text"] == "hello"


def test_input_that_is_faster_than_the_server_is_kept_sent_in_order_and_said(
    window: Callable[..., Window], false_server: FalseServer
) -> None:
    ice = window("client", HOST, str(false_server.port), *ADDRESS, "-n", "ice")
    server = false_server.accept()
    ice.shows("a line that begins with /")
    for number in range(100):
        ice.enter(f"line {number}")
    for kind in ("users", "rooms", "history"):
        server.says("ok", id=server.hears(kind)["id"])
    ice.ends_with("#lobby>", "party · #lobby · 1 member · 100 to be sent · online as ice")
    for number in range(100):
        frame = server.hears("message")
        assert frame["data"]["text"] == f"line {number}"
        server.says("ok", id=frame["id"])
    ice.ends_with("#lobby>", "party · #lobby · 1 member · online as ice")


def test_a_password_is_not_shown_not_even_its_length(
    window: Callable[..., Window], false_server: FalseServer, state: Path
) -> None:
    ice = window("client", HOST, str(false_server.port), *ADDRESS, "-n", "ice")
    server = false_server.accept()
    ice.shows("a line that begins with /")
    ice.enter("/setname moon")
    request = server.hears("set-name")
    refused = {"code": "password-required", "message": "moon needs its password."}
    server.says("error", refused, id=request["id"])
    ice.ends_with("Password for moon?", "party")
    before = ice.lines[-2]
    ice.type("wintermute")
    ice.enter("")
    assert "wintermute" in server.hears("authenticate")["data"].values()
    ice.ends_with("#lobby>", "party")
    ice.type(UP)
    ice.ends_with("#lobby> /setname moon", "party")
    assert b"wintermute" not in ice.raw
    assert "*" not in before
    assert "wintermute" not in (state / "chatd" / "input-history").read_text()


def test_input_is_remembered_in_later_runs_but_for_what_is_private(
    client: Callable[..., Window], state: Path
) -> None:
    ice = client("ice")
    for line in ("hello all", "/msg moon secret", "@moon secret", "/mgs moon secret"):
        ice.enter(line)
    ice.enter("/message")
    ice.shows("To whom?")
    ice.enter("moon")
    ice.shows("What shall moon be told?")
    ice.enter("secret")
    ice.enter("the last")
    ice.type(CONTROL_D)
    assert ice.status() == 0
    file = state / "chatd" / "input-history"
    assert "secret" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = client("ice")
    again.type(UP)
    again.ends_with("#lobby> the last", "party")
    again.type(UP + UP)
    again.ends_with("#lobby> hello all", "party")


def test_a_broken_input_history_is_said_in_one_line_and_the_chat_goes_on(
    client: Callable[..., Window], state: Path
) -> None:
    (state / "chatd").mkdir(parents=True)
    (state / "chatd" / "input-history").write_bytes(b'"whole"\n\xff\xfe\x00broken\n{"x": 1}\n')
    ice = client("ice")
    ice.shows("history is damaged: 2 of its lines could not be read as input history")
    ice.type(UP)
    ice.ends_with("#lobby> whole", "party")


def test_an_unwritable_state_directory_is_said_in_one_line_and_the_chat_goes_on(
    client: Callable[..., Window], peer: Callable[[str], Peer], state: Path
) -> None:
    state.write_text("a file where the directory should be")  # root may write anywhere else
    moon, ice = peer("moon"), client("ice")
    for line in ("one", "two"):
        ice.enter(line)
        assert moon.hears("message")["data"]["text"] == line
    assert ice.text.count("The input history cannot be") == 1
    ice.until(lambda: ice.lines[-3].endswith("ice: two"), "the line as said")
    ice.type(UP)
    ice.ends_with("#lobby> two", "party")


def test_a_terminal_without_a_size_works(client: Callable[..., Window]) -> None:
    ice = client("ice", tells_size=False)
    ice.enter("hello")
    ice.shows("ice: hello")
    ice.ends_with("#lobby>", "party")


def test_no_colour_is_used_where_none_is_wanted(
    client: Callable[..., Window], peer: Callable[[str], Peer]
) -> None:
    moon = peer("moon")
    for env, is_coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        ice = client("ice", env=env)
        moon.says("message", {"text": "hello ice"})
        ice.shows("moon: hello ice")
        assert (b"38;5;" in ice.raw) is is_coloured
        ice.enter("/quit")
        ice.status()


@pytest.mark.parametrize(
    ("words", "term"), [(("--plain-terminal",), "xterm-256color"), ((), "dumb"), ((), "")]
)
def test_plain_lines_where_a_screen_is_not_wanted_or_not_possible(
    words: tuple[str, ...], term: str, window: Callable[..., Window], false_server: FalseServer
) -> None:
    ice = window(
        *("client", HOST, str(false_server.port), *ADDRESS, "-n", "ice", *words),
        env={"TERM": term},
    )
    server = false_server.accept()
    said = {"room": "#lobby", "source": "moon", "seq": 1, "time": 0, "text": "\x1b[2Jhello"}
    server.says("message", said)
    ice.shows("moon: <U+001B>[2Jhello")
    ice.enter("hello")
    heard = server.hears("message")
    assert heard["data"]["text"] == "hello"
    server.says("ok", id=heard["id"])
    assert b"\x1b" not in ice.raw
    server.close()
    assert ice.status() == 0
    assert ice.modes_now == ice.modes


def test_the_bell_rings_only_for_what_is_meant_for_the_person_and_only_if_wanted(
    client: Callable[..., Window], peer: Callable[[str], Peer]
) -> None:
    moon = peer("moon")
    ice, sun = client("ice", "--bell"), client("sun")
    moon.says("message", {"text": "nothing for anyone, not even for icebergs"})
    ice.shows("icebergs")
    assert b"\x07" not in ice.raw
    moon.says("message", {"text": "hello ICE, and sun!"})
    ice.shows("and sun!")
    ice.until(lambda: ice.raw.count(b"\x07") == 1, "the bell")
    moon.says("private", {"text": "psst", "to": ["ice"]})
    ice.until(lambda: ice.raw.count(b"\x07") == 2, "the bell")
    sun.shows("and sun!")
    assert b"\x07" not in sun.raw


@pytest.mark.parametrize(("reactor", "has_screen"), [("asyncio", True), ("epoll", False)])
def test_under_twistd_the_reactor_decides_and_the_person_is_told_of_the_better_screen(
    reactor: str, has_screen: bool, false_server: FalseServer, state: Path
) -> None:
    words = ["chatclient", HOST, str(false_server.port), *ADDRESS, "-n", "ice"]
    with windows() as open_one:
        ice = open_one([*TWISTD, "-r", reactor, "-n", *words], {"XDG_STATE_HOME": str(state)})
        server = false_server.accept()
        if has_screen:
            ice.ends_with("#lobby>", "party · #lobby · 1 member · online as ice")
        else:
            ice.shows("a line that begins with /")
        assert ("Line mode" in ice.text) is not has_screen
        assert ("online as ice" in ice.text) is has_screen
        ice.enter("hello")
        assert server.hears("message")["data"]["text"] == "hello"
        server.close()
        ice.status()
        assert ice.modes_now == ice.modes


#: Logs something as soon as somebody says "boom".
LOGGING = """
import sys
from twisted.logger import Logger
from chatd.client.terminal.roster import Company
said = Company.said
def logging(self, message, current):
    if message.text == "boom":
        Logger().warn("a line for the log")
    said(self, message, current)
Company.said = logging
from chatd.cli import main
main(sys.argv[1:])
"""


def test_the_log_does_not_disturb_the_screen(false_server: FalseServer, state: Path) -> None:
    words = ["client", HOST, str(false_server.port), *ADDRESS, "-n", "ice"]
    with windows() as open_one:
        ice = open_one([sys.executable, "-c", LOGGING, *words], {"XDG_STATE_HOME": str(state)})
        server = false_server.accept()
        ice.shows("a line that begins with /")
        ice.type("half a line")
        ice.ends_with("#lobby> half a line", "party")
        said = {"room": "#lobby", "source": "moon", "seq": 1, "time": 0, "text": "boom"}
        server.says("message", said)
        ice.shows("a line for the log")
        ice.ends_with("#lobby> half a line", "party")
        [line] = [line for line in ice.lines if "a line for the log" in line]
        assert line.startswith("20"), "it begins with its date, at the edge"
