"""The page's own rules are those of the server and the terminal client."""

import json
from typing import Any
from unicodedata import normalize

from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import commands, limits
from chatd.chat.errors import Refusal
from chatd.chat.names import casefold
from chatd.wire import slash_commands
from chatd.wire.rendering import escape
from tests.browser.page import Page


def imported(page: Page, module: str, function: str, *arguments: Any) -> Any:
    """What a function of a module of the page returns, for each of some values."""
    answer = page.run(
        """async (module, name, cases) => {
          const {[name]: ask} = await import(`/static/${module}.js`)
          return JSON.stringify(cases.map((arguments_) => {
            try { return [ask(...arguments_)] } catch (refused) { return refused.message }
          }))
        }""",
        module,
        function,
        arguments,
    )
    return json.loads(answer)


#: What is near the edges of the rules of `visible`.
TRICKY = [
    *map(chr, range(0x500)),
    *map(chr, range(0x2000, 0x2070)),
    *"\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\ufeff\uffa0\ufe00\ufe0f\u20e3",
    *"\U000e0001\U000e0100\U0001f600\U0001f3fd\u0488\u0301\u093f\u0940\u200c\u200d",
]


def test_a_name_is_shown_as_the_terminal_shows_it(modules: Page) -> None:
    texts = [f"{before}{each}b" for before in ("", "a", "1", "\u0915", "\u2764") for each in TRICKY]
    texts += [
        "\u2764\ufe0f\u200d\U0001f525",
        "a" + "\u0301" * 30,
        "\u0915\u200d\u200d",
        "1\ufe0f\u20e3",
    ]
    assert imported(modules, "visible", "visible", *([text] for text in texts)) == [
        [escape(text)] for text in texts
    ]


#: Characters that Python's Unicode knows; the browser's is newer.
KNOWN = st.characters(exclude_categories=["Cn"])


@given(texts=st.lists(st.text(KNOWN), min_size=20, max_size=60))
def test_any_text_is_shown_as_the_terminal_shows_it(texts: list[str], modules: Page) -> None:
    assert imported(modules, "visible", "visible", *([text] for text in texts)) == [
        [escape(text)] for text in texts
    ]


#: What each command is as a frame of the protocol.
_FRAMES: dict[type, Any] = {
    commands.SendMessage: lambda asked: ("message", {"text": asked.text, "room": asked.room}),
    commands.SendPrivate: lambda asked: ("private", {"text": asked.text, "to": list(asked.to)}),
    commands.Rename: lambda asked: ("set-name", {"nickname": asked.nickname}),
    commands.JoinRoom: lambda asked: ("join", {"room": asked.room}),
    commands.LeaveRoom: lambda asked: ("leave", {"room": asked.room}),
    commands.ListUsers: lambda asked: ("users", None),
    commands.ListRooms: lambda asked: ("rooms", None),
    commands.Quit: lambda asked: ("quit", None),
    commands.ReadHistory: lambda asked: ("history", {"room": asked.room, "limit": asked.limit}),
    slash_commands.SwitchRoom: lambda asked: ("go-to", {"room": asked.room}),
    slash_commands.Help: lambda asked: ("help", None),
    slash_commands.PromptPrivate: lambda asked: ("ask-whom", None),
}


def meant(line: str) -> Any:
    """What the terminal client makes of `line`: a frame, or the sentence why not."""
    try:
        asked = slash_commands.parse(line, "#dev")
    except Refusal as refused:
        return escape(str(refused))
    return [None if asked is None else _FRAMES[type(asked)](asked)]


def made(answer: Any) -> Any:
    """The same of what the page makes of it."""
    if isinstance(answer, str):
        return escape(answer)
    if answer == [None]:
        return answer
    [frame] = answer
    data = frame.get("data")
    if data and "room" in data:
        data["room"] = normalize("NFKC", data["room"])  # the server does it for the page
    if frame["type"] == "history":
        data = {"limit": limits.HISTORY_REPLY_MESSAGES, **data}
    return [(frame["type"], data)]


LINES = [
    *(
        "hello",
        " hello ",
        "a /quit in the middle",
        "tab\there",
        "two\nlines",
        "//users",
        "///",
        "//",
    ),
    *("/history", "/history 20", "/history   20 ", "/history 0", "/history many", "/history -1"),
    *("/history \u0663", "/history 9999999999", "/users", "/users ", "/setname moon", "/setname"),
    *("/setname  moon ", "/help", "/quit", "/exit", "exit()", " exit() ", "exit() now", "/dance"),
    *("/msg ice hello you", "/msg ice,moon hello", "/msg ice", "/msg", "/msg @ice,@moon hi"),
    *("@ice hello", "@ice @moon hello", "@ hello", " @ice hello", "@ice", "@ice @moon", "@"),
    *("\t/msg ice hello you", "  /users", " //users ", "/message", "/rooms", "/join #dev", "/join"),
    *("/join dev", "/leave", "/leave #dev", "/leave dev", "/room #dev", "/room", "", " \t ", "/"),
    *("/Users", "bell\x07", "//\x1b[2J", "x" * 4_096, "x" * 4_097, "\U0001f600" * 4_096),
    *(
        "\xa0/users",
        "\u3000hello",
        "\x85",
        "/msg ice \x07",
        "/msg ,, hello",
        "/msg ice,,moon  hi  ",
    ),
    *("\n".join(["line"] * limits.MESSAGE_LINES), "\n".join(["line"] * (limits.MESSAGE_LINES + 1))),
    *("@ice  @moon   hello", "@ice\thello", "/join  #dev ", "/users now", "\u2028", "/\u202e"),
]


def test_a_line_means_what_it_means_at_the_terminal(modules: Page) -> None:
    answers = imported(modules, "commands", "read", *([line, "#dev"] for line in LINES))
    for line, answer in zip(LINES, answers, strict=True):
        assert made(answer) == meant(line), line


@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from(["", "/msg ", "@", "/join ", "//", "/history ", "/", " ", "/leave "]),
            st.text(st.characters(exclude_categories=["Cn", "Cs"])),
        ).map("".join),
        min_size=20,
        max_size=60,
    )
)
def test_any_line_means_what_it_means_at_the_terminal(lines: list[str], modules: Page) -> None:
    answers = imported(modules, "commands", "read", *([line, "#dev"] for line in lines))
    for line, answer in zip(lines, answers, strict=True):
        expected = meant(line)
        if not isinstance(expected, str):
            assert made(answer) == expected, line
        elif "name" not in expected:  # which names are possible is for the server to say
            assert isinstance(answer, str), line


def test_the_help_is_the_terminal_s(modules: Page) -> None:
    [[rows]] = imported(modules, "commands", "help", [])
    lines = slash_commands.help_lines()
    assert len(rows) == len(lines)
    for (written, _), line in zip(rows, lines, strict=True):
        assert line.startswith(f"{written} ")


def test_half_a_character_is_refused_and_not_replaced(modules: Page) -> None:
    answers = imported(
        modules, "commands", "read", ["half \ud83d", "#dev"], ["@ice \ude00", "#dev"]
    )
    assert all("half a character" in answer for answer in answers)


def test_two_spellings_of_a_name_are_one_as_on_the_server(modules: Page) -> None:
    spellings = [
        "STRA\u1e9eE",
        "Stra\xdfe",
        "STRASSE",
        "\u0130ce",
        "\u0131ce",
        "\u03a3\u03c2",
        "\u212a",
    ]
    assert imported(modules, "names", "folded", *([name] for name in spellings)) == [
        [casefold(name)] for name in spellings
    ]
