"""Private messages: typed in one line, or with prompts; unreached recipients are named."""

import pytest

from chatd.chat import events
from chatd.chat.commands import SendMessage, SendPrivate
from chatd.chat.events import Undelivered
from chatd.chat.names import LOBBY
from chatd.client.console import Console
from chatd.wire import frames
from tests.client.service_harness import online
from tests.client.session_harness import SessionHarness
from tests.slash_command_cases import CASES, Case, as_frame, assert_frame


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
    ice = SessionHarness()
    ice.type(line)
    assert ice.commands == [told]


@pytest.mark.parametrize("line", ["/msg", "/msg moon", "@moon", "@moon  "])
def test_a_private_message_without_a_text_is_not_sent(line: str) -> None:
    ice = SessionHarness()
    ice.type(line)
    assert ice.sent == []
    assert [said.startswith("Not sent: ") for said in ice.ui.notices] == [True]


def test_a_private_message_is_shown_as_such_each_line_with_its_sender() -> None:
    ice = SessionHarness()
    private = events.PrivateMessage("moon", ("ice",), 5, "psst\n[Server]: sun has left")
    ice.session.frame_received(frames.PrivateMessage(data=private))
    assert ice.ui.shown == ["[private] moon: psst", "[private] moon: [Server]: sun has left"]


def test_recipients_that_were_not_reached_are_named_with_the_reason() -> None:
    ice = SessionHarness()
    ice.type("@moon @sun @star psst")
    missed = (Undelivered("sun", "offline"), Undelivered("star", "unknown"))
    ice.session.frame_received(
        frames.Ok(id=ice.sent[0][1], data=frames.OkData(time=5, missed=missed)),
    )
    assert ice.ui.notices == ["Not reached: sun (offline), star (unknown)."]


def test_without_unreached_recipients_there_is_no_notice() -> None:
    ice = SessionHarness()
    ice.type("@moon psst")
    ice.session.frame_received(frames.Ok(id=ice.sent[0][1], data=frames.OkData(time=5)))
    assert ice.ui.notices == []


def test_a_message_that_reached_no_recipient_is_named() -> None:
    ice = SessionHarness()
    ice.type("@moon psst")
    ice.refuse(ice.sent[0][1], "not-reached", "Not reached: moon (unknown).")
    assert ice.ui.notices == ["Refused (@moon psst): Not reached: moon (unknown)."]


def test_a_private_message_typed_offline_waits_like_any_line() -> None:
    ice = SessionHarness(online=False)
    ice.type("one", "@moon psst", "two")
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
        ("\uff20moon\u3000\uff20sun", ("moon", "sun")),
        ("moon\u3001sun", ("moon", "sun")),
        ("\ufeffmoon\u200b: ", ("moon",)),
        ("127.0.0.1:5000 a:b", ("127.0.0.1:5000", "a:b")),
    ],
)
def test_message_asks_for_the_recipient_then_for_the_text(whom: str, to: tuple[str, ...]) -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("/message")
    assert ice.ui.prompts == ["Recipients?"]
    ice.ui.answer(whom)
    assert len(ice.ui.prompts) == 2
    assert ice.sent == []
    ice.ui.answer("hello you")
    assert ice.commands == [SendPrivate("hello you", to)]


@pytest.mark.parametrize("text", ["/users", "@sun hello", "//", "#dev", "sun is coming"])
def test_the_text_that_was_asked_for_is_never_a_command(text: str) -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("/message")
    ice.ui.answer("moon")
    ice.ui.answer(text)
    assert ice.commands == [SendPrivate(text, ("moon",))]
    assert ice.leave_calls == 0


@pytest.mark.parametrize("whom", ["", " , ", "@", "\uff20 \u3001", "\u200b"])
def test_without_a_recipient_there_is_no_prompt_for_the_text_and_nothing_is_sent(whom: str) -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("/message")
    ice.ui.answer(whom)
    assert ice.ui.notices == ["Not sent: no recipient."]
    assert ice.ui.prompts == ["Recipients?"]
    assert ice.sent == []


def test_on_a_pipe_a_text_without_a_recipient_is_not_sent_to_everyone() -> None:
    ice = SessionHarness()
    ice.type("/message")
    ice.ui.answer("")
    ice.ui.answer("moon must not know")
    assert ice.sent == []
    assert ice.ui.notices == [
        "Not sent: no recipient.",
        "Not sent: a text without a recipient.",
    ]


def test_an_empty_text_sends_nothing_and_says_so() -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("/message")
    ice.ui.answer("moon")
    ice.ui.answer(" ")
    assert ice.sent == []
    assert ice.ui.notices == ["Not sent: A message needs some text."]


def test_a_text_entered_after_quit_is_named_as_not_sent() -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("hello", "/message")
    ice.ui.answer("moon")
    ice.type("/quit")
    ice.ui.answer("psst")
    assert ice.ui.notices[-1] == "Not sent: /msg moon psst (you are leaving)"


def test_a_line_after_the_text_is_an_ordinary_one() -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("/message")
    ice.ui.answer("moon")
    ice.ui.answer("psst")
    ice.type("hello")
    assert ice.texts == ["hello"]


@pytest.mark.parametrize("is_interactive", [False, True])
def test_on_a_pipe_the_next_two_lines_are_the_recipient_and_the_text(is_interactive: bool) -> None:
    client = online(is_interactive=is_interactive)
    console = Console(is_interactive)
    session = client.service.session
    session._ui = console
    console.attach(session)
    console.dataReceived(b"/message\nmoon\npsst\nhello\n")
    assert [(each["type"], each["data"]["text"]) for each in client.sent()] == [
        ("private", "psst"),
        ("message", "hello"),
    ]


def test_an_unconfirmed_private_message_is_named_only_to_its_user() -> None:
    ice = SessionHarness()
    ice.type("@moon psst")
    ice.session.offline()
    assert ice.ui.notices[-1] == "  @moon psst"
    assert ice.ui.shown == []


@pytest.mark.parametrize(
    "case", [each for each in CASES if each.target == LOBBY], ids=lambda case: ascii(case.line)[:40]
)
def test_a_slip_never_makes_a_private_message_public(case: Case) -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type(case.line)
    if case.kind in ("private", "message"):
        [command] = ice.commands
        assert_frame(case, *as_frame(command))
    elif case.kind:
        assert not any(isinstance(each, SendMessage | SendPrivate) for each in ice.commands)
    else:
        [notice] = ice.ui.notices
        assert_frame(case, "", {"text": notice})
        assert ice.sent == []


def test_more_recipients_than_allowed_are_refused_before_the_text_is_asked_for() -> None:
    ice = SessionHarness()
    ice.type("/message")
    ice.ui.answer(" ".join(f"moon{number}" for number in range(33)))
    ice.ui.answer("nobody must know")
    assert ice.sent == []
    assert "1 to 32 recipients" in ice.ui.notices[0]
