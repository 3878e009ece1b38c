"""Whatever an IRC client sends: it is answered in whole lines, and nothing is raised."""

from base64 import b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.wire.irc import dialect, features
from chatd.wire.irc.client import Server
from tests.wire.irc.chat import HOST_CODE, IrcChat, IrcClient

ALL = tuple(features.offered(Server()))

WORDS = st.sampled_from(
    [
        *("#dev", "#DEV", "#tea", "#lobby", "#", "ice", "moon", "nobody", "*", "i*", "0", "", ":"),
        *(",", "#dev,#tea", "a,b,,c", "+b", "-b", "+k", "+imnstl", "+o", "-v", "+l", "5", "-1"),
        *("*!*@*", "ice!*@*", ">1", "<1", "!#d*", "%tcuihsnfdlaor,1", "LS", "302", "REQ", "END"),
        *("LIST", "sasl", "-sasl", "PLAIN", "EXTERNAL", "+", "-", "C", "L", "S", "index"),
        *("LATEST", "BETWEEN", "TARGETS", "timestamp=2026-01-01T00:00:00.000Z", "timestamp=9"),
        *("msgid=1-1#dev", "msgid=", "9" * 20, "A" * 400, "A" * 401, HOST_CODE, "10.0.0.1:4000"),
        *("\x01ACTION waves\x01", "\x01VERSION\x01", "\x0304,12red", "\u202e", "\u0301" * 9),
        b64encode(b"\0star\0secret").decode(),
    ]
) | st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=20)
TAGS = st.sampled_from(
    ["", "", "", "@label=1 ", "@label ", "@label=x;label=y ", "@batch=1;+x=\\ ", "@;;= ", "@ "]
)
COMMANDS = st.sampled_from([*sorted(dialect._COMMANDS), "BATCH", "NONE", ""])
LINES = st.builds(
    lambda tags, command, words, gap: f"{tags}{command} {gap.join(words)}".encode(),
    TAGS,
    COMMANDS,
    st.lists(WORDS, max_size=5),
    st.sampled_from([" ", " ", " :", "  "]),
)
NOISE = st.binary(max_size=40).filter(lambda data: b"\n" not in data)
FRAMES = st.lists(LINES | NOISE, max_size=15)


def check_answers(client: IrcClient, others: list[IrcClient], frames: list[bytes]) -> None:
    """Send `frames`, and check that all that comes of them are lines."""
    for frame in frames:
        if not client.chat.hub.is_connected(client.member):
            return
        answer = client.send(frame)
        assert sum(len(line.encode()) + 2 for line in answer) <= limits.REPLY_BYTES
        for line in [*answer, *(line for other in others for line in other.read())]:
            assert line
            assert not set(line) & set("\r\n\0"), line


@given(FRAMES)
@example([b"AUTHENTICATE PLAIN", b"AUTHENTICATE " + b"A" * 400, b"CAP END", b"NICK ice"])
def test_nothing_that_comes_before_entering_is_raised(frames: list[bytes]) -> None:
    chat = IrcChat({"star": "secret"})
    moon = chat.come("moon", *ALL)
    check_answers(chat.connect(), [moon], frames)
    check_answers(chat.connect(*ALL), [moon], [b"NICK ice", *frames, b"USER i 0 * :i", *frames])


@given(FRAMES, st.booleans(), st.booleans())
@example([b"NICK 10.0.0.1:4000"], False, False)
def test_nothing_that_a_member_sends_is_raised(
    frames: list[bytes], has_all: bool, is_host: bool
) -> None:
    chat = IrcChat({"star": "secret"})
    others = [chat.come("moon", *ALL), chat.come("sun")]
    client = chat.come("ice", *ALL * has_all)
    for each in (client, *others):
        each.send("JOIN #dev")
    if is_host:
        client.send(f"OPER admin {HOST_CODE}")
    check_answers(client, others, frames)


def test_nobody_is_called_by_an_address(chat: IrcChat) -> None:
    """Its own is for a connection that has no other nickname, and IRC clients have one."""
    ice = chat.come("ice")
    assert [line.split()[1] for line in ice.send("NICK 10.0.0.1:4000")] == ["432"]
    assert ice.send("PING 1") == [":work.chatd PONG work.chatd :1"]


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


def test_list_compares_a_few_forms_alone_with_each_room(chat: IrcChat) -> None:
    ice = chat.come("ice")
    ice.send("JOIN #dev,#tea,#music,#news,#zoo")
    forms = ",".join(f"#{letter}*" for letter in "dtmnz")
    listed = [line.split()[3] for line in ice.send(f"LIST {forms}")[1:-1]]
    assert listed == ["#dev", "#tea", "#music", "#news"]
    names = "#dev,#tea,#music,#news,#zoo"
    listed = [line.split()[3] for line in ice.send(f"LIST {names}")[1:-1]]
    assert listed == names.split(","), "names cost nothing"
