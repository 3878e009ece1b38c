"""Keys of the input line: what a reader sees as one character is one."""

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.shortcuts import PromptSession

from chatd.client.terminal import graphemes

FLAG = "\U0001f1e9\U0001f1ea"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
SYLLABLE = "\u0915\u094d\u0937\u093f"
LEFT, RIGHT, DELETE, BACKSPACE = "\x1b[D", "\x1b[C", "\x1b[3~", "\x7f"


@pytest.fixture
def keys() -> KeyBindings:
    bindings = KeyBindings()
    graphemes.add_keys(bindings)
    return bindings


@pytest.mark.parametrize(
    "cluster", [FLAG, FAMILY, SYLLABLE, "e\u0301", "\U0001f44b\U0001f3fd", "x"]
)
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("a{}" + BACKSPACE, "a"),
        ("{}b" + LEFT + BACKSPACE, "b"),
        ("{}b" + LEFT * 2 + DELETE, "b"),
        ("{}b" + LEFT * 2 + RIGHT + "-", "{}-b"),
        ("a{}" + LEFT + "-", "a-{}"),
        ("a" + BACKSPACE * 3 + LEFT + RIGHT + DELETE + "{}", "{}"),
    ],
)
def test_a_key_moves_by_or_deletes_one(
    keys: KeyBindings, cluster: str, typed: str, expected: str
) -> None:
    with create_pipe_input() as keyboard, create_app_session(keyboard, DummyOutput()):
        keyboard.send_text(typed.format(cluster) + "\r")
        session: PromptSession[str] = PromptSession(key_bindings=keys)
        assert session.prompt(in_thread=True) == expected.format(cluster)
