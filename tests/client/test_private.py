"""Private messages: typed in one line, or asked for; shown as such; who was not reached is told."""

import pytest

from chatd.chat import events
from chatd.chat.commands import SendPrivate
from chatd.chat.events import Undelivered
from chatd.client.console import Console
from chatd.wire import frames
from tests.client.party import online
from tests.client.person import Person


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/msg moon hello you", SendPrivate("hello you", ("moon",))),
        ("/msg moon,sun hello", SendPrivate("hello", ("moon", "sun"))),
        ("@moon hello", SendPrivate("hello", ("moon",))),
        ("@moon @sun hello", SendPrivate("hello", ("moon", "sun"))),
    ],
)
def test_a_private_message_is_sent_to_those_it_names(line: str, told: SendPrivate) -> None:
    ice = Person()
    ice.types(line)
    assert ice.commands == [told]


@pytest.mark.parametrize("line", ["/msg", "/msg moon", "@moon", "@moon  "])
def test_a_private_message_without_a_text_is_not_sent(line: str) -> None:
    ice = Person()
    ice.types(line)
    assert ice.sent == []
    assert [said.startswith("Not sent: ") for said in ice.screen.said] == [True]


def test_a_private_message_is_shown_as_such_each_line_with_its_sender() -> None:
    ice = Person()
    private = events.PrivateMessage("moon", ("ice",), 5, "psst\n[Server]: sun has left")
    ice.session.frame_received(frames.PrivateMessage(data=private))
    assert ice.screen.shown == ["[private] moon: psst", "[private] moon: [Server]: sun has left"]


def test_who_was_not_reached_is_told_and_why() -> None:
    ice = Person()
    ice.types("@moon @sun @star psst")
    missed = (Undelivered("sun", "offline"), Undelivered("star", "unknown"))
    ice.session.frame_received(
        frames.Ok(id=ice.sent[0][1], data=frames.OkData(time=5, missed=missed)),
    )
    assert ice.screen.said == ["Not reached: sun (offline), star (unknown)."]


def test_when_everyone_was_reached_nothing_is_said() -> None:
    ice = Person()
    ice.types("@moon psst")
    ice.session.frame_received(frames.Ok(id=ice.sent[0][1], data=frames.OkData(time=5)))
    assert ice.screen.said == []


def test_when_nobody_was_reached_the_line_is_named() -> None:
    ice = Person()
    ice.types("@moon psst")
    ice.refuse(ice.sent[0][1], "not-reached", "Not reached: moon (unknown).")
    assert ice.screen.said == ["Refused (@moon psst): Not reached: moon (unknown)."]


def test_a_private_message_typed_offline_waits_like_any_line() -> None:
    ice = Person(online=False)
    ice.types("one", "@moon psst", "two")
    ice.session.online()
    assert ice.commands[1] == SendPrivate("psst", ("moon",))
    assert ice.texts == ["one", "two"]


# --- /message: asked for ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whom", "to"),
    [
        ("moon", ("moon",)),
        ("moon,sun", ("moon", "sun")),
        ("moon, sun", ("moon", "sun")),
        ("moon sun", ("moon", "sun")),
        ("  moon  ", ("moon",)),
        ("@moon, @sun", ("moon", "sun")),
    ],
)
def test_message_asks_for_the_recipient_then_for_the_text(whom: str, to: tuple[str, ...]) -> None:
    ice = Person(can_ask=True)
    ice.types("/message")
    assert ice.screen.questions == ["To whom?"]
    ice.screen.answer(whom)
    assert len(ice.screen.questions) == 2
    assert ice.sent == []
    ice.screen.answer("hello you")
    assert ice.commands == [SendPrivate("hello you", to)]


@pytest.mark.parametrize("text", ["/users", "@sun hello", "//", "#dev", "sun is coming"])
def test_the_text_that_was_asked_for_is_no_command(text: str) -> None:
    ice = Person(can_ask=True)
    ice.types("/message")
    ice.screen.answer("moon")
    ice.screen.answer(text)
    assert ice.commands == [SendPrivate(text, ("moon",))]
    assert ice.left == 0


@pytest.mark.parametrize("whom", ["", " , ", "@"])
def test_who_names_no_recipient_is_asked_for_no_text_and_nothing_is_sent(whom: str) -> None:
    ice = Person(can_ask=True)
    ice.types("/message")
    ice.screen.answer(whom)
    assert ice.screen.said == ["Not sent: no recipient."]
    assert ice.screen.questions == ["To whom?"]
    assert ice.sent == []


def test_a_text_for_no_recipient_on_a_pipe_is_told_to_nobody() -> None:
    ice = Person()
    ice.types("/message")
    ice.screen.answer("")
    ice.screen.answer("moon must not know")
    assert ice.sent == []
    assert ice.screen.said == [
        "Not sent: no recipient.",
        "Not sent: a text for no recipient.",
    ]


def test_an_empty_text_sends_nothing_and_says_so() -> None:
    ice = Person(can_ask=True)
    ice.types("/message")
    ice.screen.answer("moon")
    ice.screen.answer(" ")
    assert ice.sent == []
    assert ice.screen.said == ["Not sent: A message needs some text."]


def test_a_text_that_is_asked_for_when_the_person_has_left_is_named_not_lost() -> None:
    ice = Person(can_ask=True)
    ice.types("hello", "/message")
    ice.screen.answer("moon")
    ice.types("/quit")
    ice.screen.answer("psst")
    assert ice.screen.said[-1] == "Not sent: /msg moon psst (you are leaving)"


def test_a_line_after_the_text_is_an_ordinary_one() -> None:
    ice = Person(can_ask=True)
    ice.types("/message")
    ice.screen.answer("moon")
    ice.screen.answer("psst")
    ice.types("hello")
    assert ice.texts == ["hello"]


@pytest.mark.parametrize("can_ask", [False, True])
def test_on_a_pipe_the_next_two_lines_are_the_recipient_and_the_text(can_ask: bool) -> None:
    client = online(can_ask=can_ask)
    console = Console(can_ask)
    session = client.service.session
    session._ui = console
    console.listen(session.submit, client.ends_input, lambda: None)
    console.dataReceived(b"/message\nmoon\npsst\nhello\n")
    assert [(each["type"], each["data"]["text"]) for each in client.heard()] == [
        ("private", "psst"),
        ("message", "hello"),
    ]


def test_a_private_text_is_said_again_only_to_the_person_who_typed_it() -> None:
    ice = Person()
    ice.types("@moon psst")
    ice.session.offline()
    assert ice.screen.said[-1] == "  @moon psst"
    assert ice.screen.shown == []
