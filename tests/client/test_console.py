"""Line mode: bytes of standard input become lines, and it can end in many ways."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.chat import events
from chatd.chat.commands import LeaveRoom, SendMessage
from chatd.chat.moderation_events import Restricted
from chatd.client.console import Console
from chatd.taps.launch import TaggedOutput
from tests.client.session_harness import RecordingSession

DONE = Failure(ConnectionDone())
LONG = 1_048_576


class Stdio:
    """A console on a transport in memory, and its session."""

    def __init__(
        self, attached: bool = True, is_interactive: bool = False, now: float = 0.0
    ) -> None:
        self.console = Console(is_interactive, now=lambda: now)
        self.transport: Any = StringTransport(lenient=True)
        self.session = RecordingSession()
        if attached:
            self.attach()
        self.console.makeConnection(self.transport)

    def attach(self) -> None:
        self.console.attach(self.session)

    @property
    def lines(self) -> list[str]:
        return self.session.lines

    def comes(self, *chunks: bytes) -> None:
        for chunk in chunks:
            self.console.dataReceived(chunk)

    def reads(self) -> bool:
        return bool(self.transport.producerState == "producing")


def test_a_file_is_a_line_with_its_size_and_its_link() -> None:
    stdio = Stdio()
    files = "http://10.0.0.1:8080/files/"
    stdio.console.show_event(events.Welcome("party", 0, "ice", ("#lobby",), files=files))
    sheet = events.File("k3", "work sheet.pdf", 1_234_567, "application/octet-stream")
    stdio.console.show_event(events.Message("#lobby", 12, 0, "moon", sheet.name, file=sheet))
    assert stdio.transport.value().decode() == (
        "moon: work sheet.pdf (1.2 MB): http://10.0.0.1:8080/files/k3/work%20sheet.pdf\n"
    )


def test_a_muted_user_is_told_for_how_long() -> None:
    stdio = Stdio(now=60.0)
    stdio.console.show_event(Restricted("mute", "ana", "#dev", "spam", 660_000))
    assert stdio.transport.value() == b"[Server]: You are muted in #dev for 10 min: spam.\n"


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([b"hello\n"], ["hello"]),
        ([b"hel", b"lo\nwor", b"ld\n"], ["hello", "world"]),
        ([b"one\ntwo\nthree\n"], ["one", "two", "three"]),
        ([b"one\r\ntwo\r", b"\n"], ["one", "two"]),
        ([b"\n\n"], ["", ""]),
        ([b"not yet"], []),
        (["שלום\n".encode()], ["שלום"]),
        ([b"\xc3", b"\xa9\n"], ["\u00e9"]),
    ],
)
def test_bytes_become_lines(chunks: list[bytes], lines: list[str]) -> None:
    stdio = Stdio()
    stdio.comes(*chunks)
    assert stdio.lines == lines


#: Text that is neither a command nor a private message.
MESSAGES = st.text(st.characters(exclude_categories=["C"], exclude_characters="/@"))


@given(st.lists(MESSAGES), st.lists(st.integers(0, 400)))
def test_the_input_may_come_in_pieces_of_any_size(typed: list[str], cuts: list[int]) -> None:
    stdio = Stdio()
    data = "".join(f"{line}\n" for line in typed).encode()
    starts = [0, *sorted(cuts)]
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        stdio.comes(data[start:end])
    assert stdio.lines == typed


def test_the_last_line_counts_without_a_line_end() -> None:
    stdio = Stdio()
    stdio.comes(b"one\ntwo")
    assert stdio.session.ends == 0
    stdio.console.readConnectionLost()
    assert (stdio.lines, stdio.session.ends) == (["one", "two"], 1)


def test_empty_input_is_the_end_of_input_without_a_line() -> None:
    stdio = Stdio()
    stdio.console.readConnectionLost()
    assert (stdio.lines, stdio.session.ends) == ([], 1)


def test_a_line_that_is_not_utf8_is_not_sent_and_the_user_is_told() -> None:
    stdio = Stdio()
    stdio.comes(b"one\n\xff\xfe\ntwo\n")
    assert stdio.lines == ["one", "two"]
    assert stdio.session.problems == ["a line that is not UTF-8 text."]


@pytest.mark.parametrize(
    "chunks",
    [
        [b"x" * (LONG + 1) + b"\ntwo\n"],
        [b"x" * LONG, b"x" * LONG, b"x", b"x\ntwo\n"],
        [b"x" * LONG, b"x", b"\ntwo\n"],
    ],
)
def test_an_over_long_line_is_not_sent_and_the_next_one_is(chunks: list[bytes]) -> None:
    stdio = Stdio()
    stdio.comes(*chunks)
    assert stdio.lines == ["two"]
    assert stdio.session.problems == ["a line of more than 1048576 bytes."]


def test_an_endless_line_does_not_fill_the_memory_and_is_reported() -> None:
    stdio = Stdio()
    for _ in range(10):
        stdio.comes(b"x" * LONG)
    assert len(stdio.console._buffer) <= LONG
    stdio.console.readConnectionLost()
    assert (stdio.lines, stdio.session.ends) == ([], 1)
    assert stdio.session.problems == ["a line of more than 1048576 bytes."]


def test_a_line_is_parsed_with_the_room_that_the_session_is_in() -> None:
    stdio = Stdio()
    stdio.session.target = "#dev"
    stdio.comes(b"hello\n/leave\n/dance\n")
    assert stdio.session.inputs == [SendMessage("hello", "#dev"), LeaveRoom("#dev")]
    [problem] = stdio.session.problems
    assert "/dance" in problem


def test_the_session_is_paused_while_the_output_is_read_too_slowly() -> None:
    stdio = Stdio()
    stdio.console.pauseProducing()
    stdio.console.resumeProducing()
    assert stdio.session.paused == [True, False]


def test_nothing_is_read_before_there_is_a_session() -> None:
    stdio = Stdio(attached=False)
    assert not stdio.reads()
    stdio.comes(b"early\n")
    assert stdio.lines == []
    stdio.attach()
    assert stdio.reads()
    assert stdio.lines == ["early"]


def test_lines_and_the_end_of_input_wait_while_input_is_paused() -> None:
    stdio = Stdio()
    stdio.console.pause_input()
    assert not stdio.reads()
    stdio.comes(b"one\ntwo\nthr")
    stdio.console.readConnectionLost()
    assert (stdio.lines, stdio.session.ends) == ([], 0)
    stdio.console.resume_input()
    assert (stdio.lines, stdio.session.ends) == (["one", "two", "thr"], 1)


def test_a_line_that_pauses_the_input_is_the_last_one_taken() -> None:
    stdio = Stdio()

    stdio.session.on_submit = stdio.console.pause_input
    stdio.comes(b"one\ntwo\n")
    assert stdio.lines == ["one"]
    stdio.console.resume_input()
    assert stdio.lines == ["one", "two"]


def test_the_next_line_answers_a_question(standard_error: list[str]) -> None:
    stdio = Stdio(is_interactive=True)
    answers: list[str] = []
    stdio.console.prompt("Your nickname?", answers.append)
    stdio.comes(b"ice\nhello\n")
    assert (answers, stdio.lines) == (["ice"], ["hello"])
    assert standard_error == ["Your nickname?"]


def test_a_prompt_reads_its_answer_although_input_is_paused(standard_error: list[str]) -> None:
    stdio = Stdio(is_interactive=True)
    stdio.console.pause_input()
    answers: list[str] = []
    stdio.console.prompt("Which server?", answers.append)
    assert stdio.reads()
    stdio.comes(b"party\n")
    assert answers == ["party"]


def test_a_prompt_that_is_repeated_takes_the_next_line() -> None:
    stdio = Stdio(is_interactive=True)
    answers: list[str] = []

    def answered(answer: str) -> None:
        answers.append(answer)
        if not answer:
            stdio.console.prompt("?", answered)

    stdio.console.prompt("?", answered)
    stdio.comes(b"\nice\nhello\n")
    assert (answers, stdio.lines) == (["", "ice"], ["hello"])


def test_the_chat_goes_to_standard_output_only(standard_error: list[str]) -> None:
    stdio = Stdio()
    stdio.console.show("ice: h\u00e9llo")
    stdio.console.notify("Connected.")
    assert stdio.transport.value() == "ice: h\u00e9llo\n".encode()
    assert standard_error == ["Connected."]


def test_a_missing_standard_error_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    stdio = Stdio()
    monkeypatch.setattr("sys.__stderr__", None)
    stdio.console.notify("Connected.")
    assert stdio.transport.value() == b""


def test_a_closed_standard_output_is_reported_once_and_nothing_more_is_written() -> None:
    stdio = Stdio()
    stdio.console.writeConnectionLost()
    assert stdio.session.losses == 1
    stdio.console.show("ice: hello")
    assert stdio.transport.value() == b""


def test_losing_input_and_output_is_reported() -> None:
    stdio = Stdio()
    stdio.console.connectionLost(DONE)
    assert stdio.session.losses == 1


def test_closing_waits_until_everything_is_written() -> None:
    stdio = Stdio()
    closed: list[object] = []
    stdio.console.close().addCallback(closed.append)
    assert stdio.transport.disconnecting
    assert not closed
    stdio.console.connectionLost(DONE)
    assert closed == [None]
    assert stdio.session.losses == 0


def test_a_console_that_was_never_opened_or_has_lost_its_output_closes_at_once() -> None:
    closed: list[object] = []
    Console(is_interactive=False).close().addCallback(closed.append)
    stdio = Stdio()
    stdio.console.writeConnectionLost()
    stdio.console.close().addCallback(closed.append)
    assert closed == [None, None]


def test_a_guest_shows_tagged_lines_and_nothing_else(standard_error: list[str]) -> None:
    stdio = Stdio()
    guest = TaggedOutput("guest-2", stdio.console)
    guest.show_event(events.Message("#lobby", 1, 0, "ice", "hello"))
    guest.notify("Connected.")
    guest.prompt("Your nickname?", stdio.lines.append)
    guest.pause_input()
    guest.resume_input()
    assert stdio.transport.value() == b"[guest-2] ice: hello\n"
    assert standard_error == []
    assert stdio.reads()


@pytest.fixture
def standard_error(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines written to what was standard error when the program started."""
    written: list[str] = []

    monkeypatch.setattr("chatd.client.console.write_line", written.append)
    return written
