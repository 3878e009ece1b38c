"""The rules that the page shares with the server and the terminal client: both give the same."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.chat.errors import Refusal
from chatd.chat.names import casefold
from chatd.wire import recipients, slash_commands
from chatd.wire.rendering import escape
from tests.browser.chat_page import ChatPage
from tests.slash_command_cases import CASES, RECIPIENTS, as_frame, assert_frame

MENTIONS = json.loads(Path(__file__).parents[1].joinpath("mentions.json").read_text())


def call(page: ChatPage, module: str, function: str, calls: Sequence[Sequence[Any]]) -> Any:
    """Call a function of a module of the page with each of several lists of arguments.

    The result of a call is ``[value]``, or the message of the error that the function throws.
    """
    results = page.run(
        """async (module, name, calls) => {
          const {[name]: tested} = await import(`/static/${module}.js`)
          return JSON.stringify(calls.map((args) => {
            try { return [tested(...args)] } catch (error) { return error.message }
          }))
        }""",
        module,
        function,
        calls,
    )
    return json.loads(results)


#: Characters at the edges of the rules of `escape`.
TRICKY = [
    *map(chr, range(0x500)),
    *map(chr, range(0x2000, 0x2070)),
    *"\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\ufeff\uffa0\ufe00\ufe0f\u20e3",
    *"\U000e0001\U000e0100\U0001f600\U0001f3fd\u0488\u0301\u093f\u0940\u200c\u200d",
]


@pytest.mark.smoke
def test_escape_agrees_with_the_terminal_in_special_cases(module_page: ChatPage) -> None:
    texts = [f"{before}{each}b" for before in ("", "a", "1", "\u0915", "\u2764") for each in TRICKY]
    texts += [
        "\u2764\ufe0f\u200d\U0001f525",
        "a" + "\u0301" * 30,
        "\u0915\u200d\u200d",
        "1\ufe0f\u20e3",
    ]
    expected = [[escape(text)] for text in texts]
    assert call(module_page, "escape", "escape", [[text] for text in texts]) == expected


@pytest.mark.smoke
def test_escape_agrees_with_the_terminal_for_every_character(module_page: ChatPage) -> None:
    for before in "a\u0915\u6f22\u1820":
        ranges = json.loads(
            module_page.run(
                """async (before) => {
                  const {escape} = await import("/static/escape.js")
                  const ranges = []
                  let previous = false
                  for (let each = 0; each <= 0x110000; each++) {
                    const text = each > 0x10ffff ? "" : before + String.fromCodePoint(each)
                    const isEscaped = escape(text) !== text
                    if (isEscaped !== previous) ranges.push(each)
                    previous = isEscaped
                  }
                  return JSON.stringify(ranges)
                }""",
                before,
            )
        )
        escaped = [escape(before + chr(each)) != before + chr(each) for each in range(0x110000)]
        changes = zip([False, *escaped], [*escaped, False], strict=True)
        assert ranges == [each for each, (old, new) in enumerate(changes) if old != new]


@pytest.mark.smoke
def test_the_page_and_the_terminal_skip_the_same_invisible_characters(
    module_page: ChatPage,
) -> None:
    skipped = module_page.run(
        """async () => {
          const {withoutInvisibles} = await import("/static/recipients.js")
          const isSkipped = (each) => withoutInvisibles(String.fromCodePoint(each)) === ""
          return JSON.stringify([...Array(0x110000).keys()].filter(isSkipped))
        }"""
    )
    expected = [each for each in range(0x110000) if not recipients.without_invisibles(chr(each))]
    assert json.loads(skipped) == expected


#: Characters that Python's Unicode database has; the browser's may be newer.
ASSIGNED = st.characters(exclude_categories=["Cn"])


@given(texts=st.lists(st.text(ASSIGNED), min_size=20, max_size=60))
def test_escape_agrees_with_the_terminal_for_any_text(
    texts: list[str], module_page: ChatPage
) -> None:
    expected = [[escape(text)] for text in texts]
    assert call(module_page, "escape", "escape", [[text] for text in texts]) == expected


def parse(line: str) -> Any:
    """The frame for `line` at the terminal, in a list, or the text of the refusal."""
    try:
        command = slash_commands.parse(line, "#dev")
    except Refusal as refusal:
        return escape(str(refusal))
    return [None if command is None else as_frame(command)]


def parse_both(module_page: ChatPage, lines: Sequence[str]) -> Iterator[tuple[str, Any, Any]]:
    """Each line, what the page makes of it, and what the terminal does."""
    results = call(module_page, "commands", "parse", [[line, "#dev"] for line in lines])
    return zip(lines, results, map(parse, lines), strict=True)


def comparable(result: Any) -> Any:
    """The result of the page's function, in the same form."""
    if isinstance(result, str):
        return escape(result)
    if result == [None]:
        return result
    [frame] = result
    data = frame.get("data")
    if data and "room" in data:
        data["room"] = normalize("NFKC", data["room"])  # for the page, the server does this
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


@pytest.mark.smoke
def test_parse_agrees_with_the_terminal_in_special_cases(module_page: ChatPage) -> None:
    for line, result, expected in parse_both(module_page, LINES):
        assert comparable(result) == expected, line


@pytest.mark.smoke
def test_a_slip_never_makes_a_private_message_public(module_page: ChatPage) -> None:
    results = call(module_page, "commands", "parse", [[each.line, each.target] for each in CASES])
    for case, result in zip(CASES, results, strict=True):
        frame: Any = (
            {"type": "", "data": {"text": result}} if isinstance(result, str) else result[0]
        )
        assert_frame(case, str(frame["type"]), frame.get("data"))


@pytest.mark.smoke
def test_the_page_knows_while_one_types_to_whom_a_line_goes_privately(
    module_page: ChatPage,
) -> None:
    calls = [[line, target] for target, line, _ in RECIPIENTS]
    results = call(module_page, "commands", "privateRecipients", calls)
    assert results == [[to] for _, _, to in RECIPIENTS]


@pytest.mark.smoke
def test_the_page_and_the_terminal_find_the_same_mentions(module_page: ChatPage) -> None:
    calls = [[text, nickname] for text, nickname, _ in MENTIONS]
    results = call(module_page, "mentions", "mentionSpans", calls)
    for (text, _, expected), [spans] in zip(MENTIONS, results, strict=True):
        units = text.encode("utf-16-le")
        found = [units[2 * begin : 2 * end].decode("utf-16-le") for begin, end in spans]
        assert found == expected, text


#: What lines begin with, or have between their words, if they were typed with care or without.
PIECES = [
    *("@", "\uff20", "/", "\uff0f", "\u2215", "//", "/msg ", "/MSG ", "moon", "sun", ":", "\uff1a"),
    *(
        ",",
        "\uff0c",
        "\u3001",
        " ",
        "\t",
        "\u3000",
        "\u200b",
        "\ufeff",
        "\ufe0f",
        "hi",
        "127.0.0.1:80",
    ),
    *(
        "\n",
        "#",
        "\uff03",
        "/join ",
        "msg",
        ".",
        "\u00e9",
        "\U0001f600",
        "exit()",
        "/mgs",
        *("/ban ", "/kick ", "/key ", "/slow ", "/send ", "/host", "#a", "10", "m", "min", "'"),
        "\x85",
        "S",
    ),
]


@given(
    lines=st.lists(
        st.lists(st.sampled_from(PIECES), max_size=12).map("".join), min_size=40, max_size=80
    )
)
def test_parse_agrees_with_the_terminal_for_carelessly_typed_lines(
    lines: list[str], module_page: ChatPage
) -> None:
    for line, result, expected in parse_both(module_page, lines):
        if " name " not in expected:  # whether a name is valid, the page leaves to the server
            assert comparable(result) == expected, line


@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "",
                    "/msg ",
                    "@",
                    "/join ",
                    "//",
                    "/history ",
                    "/",
                    " ",
                    "/leave ",
                    "/me ",
                    "/topic ",
                    "/kick ",
                    "/ban ice ",
                    "/mute #a ice 10",
                    "/slow ",
                    "/key ",
                    "/remove ",
                    "/host ",
                    "/send ",
                    "/get 3 ",
                ]
            ),
            st.text(st.characters(exclude_categories=["Cn", "Cs"])),
        ).map("".join),
        min_size=20,
        max_size=60,
    )
)
def test_parse_agrees_with_the_terminal_for_any_line(
    lines: list[str], module_page: ChatPage
) -> None:
    for line, result, expected in parse_both(module_page, lines):
        if not isinstance(expected, str):
            assert comparable(result) == expected, line
        elif "name" not in expected:  # whether a name is valid, the page leaves to the server
            assert isinstance(result, str), line


@pytest.mark.parametrize("is_for_hosts", [False, True])
def test_help_agrees_with_the_terminal(module_page: ChatPage, is_for_hosts: bool) -> None:
    [[rows]] = call(module_page, "commands", "help", [[is_for_hosts]])
    lines = slash_commands.help_lines(is_for_hosts=is_for_hosts)
    assert len(rows) == len(lines)
    for (usage, _), line in zip(rows, lines, strict=True):
        assert line.startswith(f"{usage} ")


def test_a_lone_surrogate_is_refused_and_not_replaced(module_page: ChatPage) -> None:
    lines = ["half \ud83d", "@ice \ude00"]
    results = call(module_page, "commands", "parse", [[line, "#dev"] for line in lines])
    assert all("incomplete character" in result for result in results)


def test_casefold_agrees_with_the_server(module_page: ChatPage) -> None:
    names = [
        "STRA\u1e9eE",
        "Stra\xdfe",
        "STRASSE",
        "\u0130ce",
        "\u0131ce",
        "\u03a3\u03c2",
        "\u212a",
    ]
    expected = [[casefold(name)] for name in names]
    assert call(module_page, "names", "casefold", [[name] for name in names]) == expected
