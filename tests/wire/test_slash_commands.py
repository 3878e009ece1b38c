"""What the person types: lines, and the commands or sentences that they become."""

import contextlib
import sys
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.chat.commands import (
    JoinRoom,
    LeaveRoom,
    ListRooms,
    ListUsers,
    Quit,
    ReadHistory,
    Rename,
    SendMessage,
    SendPrivate,
)
from chatd.chat.errors import Refusal
from chatd.wire.slash_commands import SLASH_COMMANDS, help_lines, parse, private_recipients
from chatd.wire.user_inputs import Help, PromptPrivate, SwitchRoom, UserInput
from tests.slash_command_cases import CASES, RECIPIENTS, Case, assert_is


@pytest.mark.parametrize(
    ("line", "user_input"),
    [
        ("hello", SendMessage("hello")),
        (" hello ", SendMessage(" hello ")),
        ("a /quit in the middle", SendMessage("a /quit in the middle")),
        ("tab\there", SendMessage("tab\there")),
        ("//users", SendMessage("/users")),
        ("///", SendMessage("//")),
        ("/history", ReadHistory()),
        ("/history 20", ReadHistory(limit=20)),
        ("/history   20 ", ReadHistory(limit=20)),
        ("/users", ListUsers()),
        ("/users ", ListUsers()),
        ("/setname moon", Rename("moon")),
        ("/setname  moon ", Rename("moon")),
        ("/setname \uff2d\uff2f\uff2f\uff2e", Rename("MOON")),
        ("/help", Help()),
        ("/quit", Quit()),
        ("/exit", Quit()),
        ("exit()", Quit()),
        (" exit() ", Quit()),
        ("exit() now", SendMessage("exit() now")),
        ("/msg ice hello you", SendPrivate("hello you", ("ice",))),
        ("/msg ice,moon hello", SendPrivate("hello", ("ice", "moon"))),
        ("@ice hello", SendPrivate("hello", ("ice",))),
        ("@ice @moon hello", SendPrivate("hello", ("ice", "moon"))),
        (" @ice hello", SendPrivate("hello", ("ice",))),
        ("\t/msg ice hello you", SendPrivate("hello you", ("ice",))),
        ("  /users", ListUsers()),
        (" //users ", SendMessage("/users ")),
        ("/message", PromptPrivate()),
        ("/rooms", ListRooms()),
        ("/join #dev", JoinRoom("#dev")),
        ("/join dev", JoinRoom("#dev")),
        ("/leave", LeaveRoom("#lobby")),
        ("/leave #dev", LeaveRoom("#dev")),
        ("/room #dev", SwitchRoom("#dev")),
        ("", None),
        (" \t ", None),
    ],
)
def test_a_line_is_parsed(line: str, user_input: UserInput | None) -> None:
    assert parse(line) == user_input


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/dance", "There is no command /dance"),
        ("/", "There is no command /;"),
        ("/setname", "Usage: /setname NAME"),
        ("/setname two words", "may not contain"),
        ("/setname " + "x" * 26, "at most 25 characters"),
        ("/history many", "'many' is not a number of messages"),
        ("/history 0", "'0' is not a number"),
        ("/history -1", "'-1' is not a number"),
        ("/history \u0663", "is not a number"),
        ("/history 9999999999", "is not a number"),
        ("/msg ice", "Usage: /msg NAME[,NAME] TEXT"),
        ("/msg", "Usage: /msg NAME[,NAME] TEXT"),
        ("@ice", "Usage: @NAME [@NAME] TEXT"),
        ("@ice @moon", "Usage: @NAME [@NAME] TEXT"),
        ("/join", "Usage: /join #ROOM"),
        ("/join #a,b", "may not contain"),
        ("bell\x07", "control character U+0007"),
        ("//\x1b[2J", "control character U+001B"),
        ("x" * (limits.MESSAGE_CHARACTERS + 1), "at most 4096 characters"),
    ],
)
def test_an_invalid_line_is_refused_with_a_sentence(line: str, sentence: str) -> None:
    with pytest.raises(Refusal, match=r".") as refused:
        parse(line)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(case.line)[:40])
def test_a_slip_never_makes_a_private_message_public(case: Case) -> None:
    assert_is(case, parse)


@pytest.mark.parametrize(("target", "line", "to"), RECIPIENTS)
def test_it_is_known_while_one_types_to_whom_a_line_goes_privately(
    target: str, line: str, to: list[str]
) -> None:
    assert private_recipients(line, target) == tuple(to)


@given(st.text(), st.sampled_from(["#dev", "@ice", "@ice,moon"]))
def test_a_private_line_goes_to_those_that_were_named_before_it_was_sent(
    line: str, target: str
) -> None:
    try:
        user_input = parse(f"@{line}", target)
    except Refusal:
        return
    to = user_input.to if isinstance(user_input, SendPrivate) else ()
    assert private_recipients(f"@{line}", target) == to


@pytest.mark.parametrize(
    "line",
    ["/history " + "\U000e0041" * 60_000, "@" + "x" * 60_000, "@a " * 20_000, "/" + "x" * 60_000],
)
def test_an_error_is_short_however_long_the_line_is(line: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(line)
    assert len(str(refused.value)) < 1_000  # some characters are spelled out in ten


@given(st.text())
def test_any_line_is_parsed_or_refused(line: str) -> None:
    try:
        user_input = parse(line)
    except Refusal:
        return
    assert (user_input is None) == (not line.strip())


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1))
def test_text_after_a_second_slash_is_sent_unchanged(text: str) -> None:
    assert parse(f"//{text}") == SendMessage(f"/{text}")


def test_the_help_names_every_command() -> None:
    for spec in SLASH_COMMANDS:
        shown = "\n".join(help_lines(is_for_hosts=spec.is_for_hosts))
        for name in spec.names:
            assert name in shown
        assert spec.help in shown
    assert "//TEXT" in "\n".join(help_lines())


@pytest.mark.parametrize("is_for_hosts", [False, True])
def test_the_help_is_aligned_and_fits_a_terminal(is_for_hosts: bool) -> None:
    lines = help_lines(is_for_hosts=is_for_hosts)
    specs = [spec for spec in SLASH_COMMANDS if spec.is_for_hosts == is_for_hosts]
    assert (
        len({line.index(spec.help) for spec in specs for line in lines if spec.help in line}) == 1
    )
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    "line",
    [
        *("@a " * 21_000, "@a," * 21_000, "/msg " + "a," * 30_000, "@" + "\ufdfa" * 21_000 + " hi"),
        *("/send a" + " @a" * 21_000, "/ban " + "a " * 30_000, "/key " + "\ufdfa" * 21_000),
    ],
    ids=["names", "commas", "msg", "a long name", "files", "reason", "key"],
)
def test_work_for_recipients_ends_at_the_limit(line: str) -> None:
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        with contextlib.suppress(Refusal):
            parse(line)
    finally:
        sys.setprofile(None)
    assert calls < 2_000


def test_a_long_unknown_command_is_compared_with_none(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def typing_errors(one: str, other: str) -> int:
        compared.append(one)
        return 9

    monkeypatch.setattr("chatd.wire.command_names._typing_errors", typing_errors)
    for name in ("/x" * 20_000, "/" + "x" * limits.NICKNAME_CHARACTERS):
        with pytest.raises(Refusal, match="There is no command"):
            parse(f"{name} hello")
    assert compared == []
