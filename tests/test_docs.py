"""README and docs/ name files, options, commands and limits that exist."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.__main__ import parser as benchmarks_parser
from chatd import cli
from chatd.chat import limits
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import Refusal
from chatd.server import event_log
from chatd.taps.commands import COMMANDS
from chatd.wire import slash_commands
from chatd.wire.user_inputs import UserInput
from docs.generate import FILES, generated

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(each for each in DOCS.rglob("*.rst") if "_build" not in each.parts)
TEXTS = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (
        *PAGES,
        *(ROOT / f"{name}.rst" for name in ("README", "SECURITY", "CHANGELOG", "CONTRIBUTING")),
    )
}
FOLDERS = ("chatd", "tests", "docs", "benchmarks", "fuzz", "twisted")
FILES_HERE = [
    f"/{path.relative_to(ROOT)}"
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*")
    if not {"node_modules", "_build", "__pycache__"} & set(path.parts)
] + [f"/{path.name}" for path in ROOT.iterdir()]

#: How a path in the repository begins; how the name of a file in it ends.
PATH = rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w./-]*[\w/]"
NAME = r"``([\w./-]+\.(?:py|rst|json|js|css|c|svg|dot|txt))(?:``|::)"

#: The ends of names of files that may cite a page.
SOURCES = (".py", ".js", ".css", ".c", ".h", ".html", "pyproject.toml", "Makefile")

#: Files of other programs and of chatd's users, and the folder that `make docs` writes.
ELSEWHERE = {"server.py", "client.py", "accounts.txt", "docs/_build/html"}

#: Options of other programs: twistd, pip, npm, etcdctl, Debian's tools and the load tests.
OTHER_OPTIONS = {
    "pidfile",
    "logfile",
    "syslog",
    "wheel-dir",
    "no-index",
    "find-links",
    "trusted-host",
    "group",
    "minutes",
    "each",
    "seed",
    "prefix",
    "peer-urls",
    "now",
    "upgrade",
    "user",
    "system",
    "data-dir",
    "initial-cluster",
    "initial-cluster-token",
    "initial-advertise-peer-urls",
}


@pytest.mark.parametrize("page", TEXTS)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    named = {*re.findall(PATH, TEXTS[page]), *re.findall(NAME, TEXTS[page])} - ELSEWHERE
    ends = tuple(FILES_HERE)
    assert not [path for path in named if not any(e.endswith(f"/{path.rstrip('/')}") for e in ends)]


@pytest.mark.parametrize("page", TEXTS)
def test_every_link_to_a_file_leads_to_one(page: str) -> None:
    links = re.findall(r"<([^:<>\s]+)>`_", TEXTS[page])
    assert not [link for link in links if not (ROOT / page).parent.joinpath(link).exists()]


def test_every_page_that_the_code_cites_exists() -> None:
    sources = [ROOT / path[1:] for path in FILES_HERE if path.endswith(SOURCES)]
    cited = {
        (source, page)
        for source in sources
        for page in re.findall(r"\bdocs/[\w/-]+\.[\w.]*\w", source.read_text(encoding="utf-8"))
    }
    missing = [each for each in cited if not (ROOT / each[1]).exists()]
    assert not [(str(source), page) for source, page in missing if "/_build/" not in page]


@pytest.mark.parametrize("page", TEXTS)
def test_every_option_that_a_page_names_exists(page: str) -> None:
    commands = [import_module(module) for _, module, _ in COMMANDS]
    options = {
        name for command in commands for name in re.findall(r"--([\w-]+)", str(command.Options()))
    }
    options.update(re.findall(r"--([\w-]+)", benchmarks_parser().format_help()))
    named = set(re.findall(r"(?<![\w-])--([a-z][\w-]*)", TEXTS[page]))
    assert named <= options | OTHER_OPTIONS


@pytest.mark.parametrize("page", TEXTS)
def test_every_command_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"(?:``|^    (?:\$ )?)chatd ([a-z]+)", TEXTS[page], re.MULTILINE))
    assert named <= {name for name, *_ in cli.Options.subCommands}


@pytest.mark.parametrize("page", TEXTS)
def test_every_target_of_make_that_a_page_names_exists(page: str) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"(?:``|\| |: |^    )make ([a-z-]+)", TEXTS[page])) <= set(targets)


def test_every_typed_command_that_the_guide_names_exists() -> None:
    known = {name for command in slash_commands.SLASH_COMMANDS for name in command.names}
    for page in ("docs/howto/chat.rst", "docs/tutorial.rst", "README.rst"):
        named = set(re.findall(r"``(/[a-z]+)\b(?!/)", TEXTS[page]))
        assert named <= known | MISTYPED


def test_every_typed_line_that_the_guide_shows_is_one() -> None:
    shown = re.findall(r"``(/[a-z]+ [^`A-Z]+)``", TEXTS["docs/howto/order.rst"])
    assert len(shown) > 15
    refused = [line for line in shown if isinstance(parsed(line), Refusal)]
    assert refused == ["/hots k7xp-m2qa", "/key two words", "/ban ice 10 min", "/ban ice 10"]


def parsed(line: str) -> UserInput | Refusal | None:
    try:
        return slash_commands.parse(line)
    except Refusal as refusal:
        return refusal


#: What the guide shows as slips.
MISTYPED = {"/kye"}


def test_the_names_in_the_log_are_those_that_the_guide_lists() -> None:
    guide = " ".join(TEXTS["docs/howto/logging.rst"].split())
    events = [event_log._log_name(kind) for kind in event_log._FORMATS]
    assert not [name for name in events if f"``{name}``" not in guide]
    commands = {event_log._log_name(command) for command in ClientCommand.__args__}
    shown = re.findall(r"``ice ([a-z-]+): [a-z-]+``", guide)
    assert shown
    assert set(shown) <= commands


@pytest.mark.parametrize("name", FILES)
def test_a_generated_file_is_current(name: str) -> None:
    """If this fails, run ``make docs``."""
    assert (DOCS / name).read_text(encoding="utf-8") == generated()[name]


#: For each page: words that it must contain, and the limit whose value replaces {}.
FIGURES: dict[str, list[tuple[str, float]]] = {
    "explanation/client-life": [
        ("{} s for a connection", limits.CONNECT_SECONDS),
        ("{} s for a welcome", limits.WELCOME_SECONDS),
        ("({} s while the server checks a password)", limits.PASSWORD_SECONDS),
        ("{} s before the next attempt", limits.RETRY_SECONDS),
        ("waits at most {} s for the server's goodbye", limits.GOODBYE_SECONDS),
        ("queries every {} s", limits.DISCOVERY_PERIOD_SECONDS),
        ("keeps up to {} lines", limits.UNSENT_LINES),
        ("sends at most {} that", limits.UNCONFIRMED_LINES),
        ("After {} s it names", limits.OFFLINE_AT_END_SECONDS),
    ],
    "howto/accounts": [
        ("has 1 to {} printable characters", limits.PASSWORD_CHARACTERS),
        ("notices a change within {} s", limits.PASSWORD_FILE_SECONDS),
        ("may send {} wrong passwords in a burst", limits.ADDRESS_WRONG_PASSWORDS),
        ("then one every {} s. One account", limits.ADDRESS_ATTEMPT_SECONDS),
        ("One account allows {}", limits.ACCOUNT_WRONG_PASSWORDS),
        ("then one every {} s. Beyond", limits.ACCOUNT_ATTEMPT_SECONDS),
        ("at most {} wait", limits.WAITING_PASSWORDS),
        ("{} of them from one address", limits.ADDRESS_WAITING_PASSWORDS),
        ("A hash may cost at most {} MiB", limits.HASH_MEMORY_BYTES // 2**20),
        ("MiB, {} passes", limits.HASH_PASSES),
        ("passes and {} threads", limits.HASH_THREADS),
        ("the last {} removed accounts", limits.REMOVED_ACCOUNTS),
    ],
    "howto/chat": [
        ("collects answers for {} s after", limits.OFFER_COLLECT_SECONDS),
        ("(more than {} characters", limits.MESSAGE_CHARACTERS),
        ("its last {} messages", limits.ENTERING_HISTORY_MESSAGES),
        ("the last {} messages, with the number", limits.HISTORY_REPLY_MESSAGES),
        ("the last {} lines, readable", limits.INPUT_HISTORY_LINES),
        ("it waits up to {} s", limits.OFFLINE_AT_END_SECONDS),
        ("searches again after {} s", limits.RETRY_SECONDS),
        ("kept, up to {} lines", limits.UNSENT_LINES),
    ],
    "howto/server": [
        ("At most {} watchers", limits.WATCHERS),
        ("{} HTTP connections", limits.HTTP_CONNECTIONS),
        ("{} connections that have sent nothing", limits.UNREGISTERED_CONNECTIONS),
        ("for at most {} s, and ends", limits.SHUTDOWN_SECONDS),
    ],
    "howto/cluster": [
        ("must agree within {} s", limits.NODE_CLOCK_SECONDS),
        ("up to {}; clients", limits.FETCHED_MESSAGES),
        ("After {} s its members", limits.CUT_OFF_MILLISECONDS / 1_000),
        ("after {} s it ends their", limits.CUT_OFF_END_SECONDS),
    ],
    "explanation/cluster": [
        ("up to {} operations", limits.SHARED_ENTRY_OPERATIONS),
        ("for {} s offers no free slots", limits.CUT_OFF_MILLISECONDS / 1_000),
        ("After {} s it closes", limits.CUT_OFF_END_SECONDS),
        ("within {} s of the log's time", limits.NODE_CLOCK_SECONDS),
        ("after {} entries", limits.SNAPSHOT_ENTRIES),
        ("or {} MiB of them", limits.SNAPSHOT_LOG_BYTES // 2**20),
    ],
    "howto/keep": [
        ("waits {} s for the first of them", limits.EMPTY_ROOM_SECONDS),
        ("has written {} MiB of changes", limits.JOURNAL_BYTES // 2**20),
        ("tries again every {} s", limits.STORE_RETRY_SECONDS),
        ("at most the last {}. If", limits.UNARCHIVED_MESSAGES),
    ],
    "reference/chat": [
        ("up to {} connections wait", limits.REJECTED_CONNECTIONS),
        ("A nickname has 1 to {} characters", limits.NICKNAME_CHARACTERS),
        ("1 to {} characters of those", limits.ROOM_NAME_CHARACTERS - 1),
        ("may be in {} rooms", limits.JOINED_ROOMS),
        ("has at most {}.", limits.ROOMS),
        ("has 1 to {} characters, not only", limits.MESSAGE_CHARACTERS),
        ("in at most {} lines", limits.MESSAGE_LINES),
        ("members, at most {},", limits.RECIPIENTS),
        ("nickname: {} unless ``--history``", limits.HISTORY_MESSAGES),
        ("{} characters in all", limits.HISTORY_CHARACTERS),
        ("has at most {} KiB; a longer list", limits.REPLY_BYTES // 1024),
        ("a line of more than {} bytes", limits.LINE_BYTES),
        ("may send {} frames a second", limits.FLOOD_FRAMES_PER_SECOND),
        ("that {} MiB waits for it", limits.OUTBOUND_BYTES // 1_048_576),
    ],
    "reference/discovery": [
        ("of at most {} bytes", limits.DATAGRAM_BYTES),
        ("1 to {} printable characters", limits.SERVER_ID_CHARACTERS),
        ("repeats it every {} s", limits.DISCOVERY_PERIOD_SECONDS),
    ],
    "reference/jim": [
        ("send has at most {} bytes", limits.JIM_OBJECT_BYTES),
        ("sent has at most {} bytes", limits.JIM_SENT_BYTES),
        ("with {} ms before", limits.JIM_PAUSE_MILLISECONDS),
        ("Up to {} objects", limits.JIM_QUEUE_OBJECTS),
        ("at most {} characters. The server answers", limits.JIM_ACTION_CHARACTERS),
        ("A text has at most {} characters", limits.JIM_MESSAGE_CHARACTERS),
        ("nickname or room name {}.", limits.NICKNAME_CHARACTERS),
    ],
    "reference/plain": [("you have {} s", limits.REGISTRATION_SECONDS)],
    "reference/protocol": [
        ("line has at most {} bytes", limits.LINE_BYTES),
        ("at most {} characters, or an integer", limits.REQUEST_ID_CHARACTERS),
        ("due within {} s", limits.FIRST_LINE_TIMEOUT_SECONDS),
        ("welcome within {} s", limits.REGISTRATION_SECONDS),
        ("At most {} connections", limits.REJECTED_CONNECTIONS),
        ("faster than {} each second", limits.ACCEPT_CONNECTIONS_PER_SECOND),
        ("there are at most {}.", limits.WATCHERS),
        ("text has 1 to {} characters", limits.MESSAGE_CHARACTERS),
        ("in at most {} lines", limits.MESSAGE_LINES),
        ("``to``, 1 to {} of them", limits.RECIPIENTS),
        ("You may be in {} rooms", limits.JOINED_ROOMS),
        ("a server has {} at most", limits.ROOMS),
        ("``limit`` messages ({} unless given)", limits.HISTORY_REPLY_MESSAGES),
        ("the last {} messages", limits.HISTORY_MESSAGES),
        ("{} characters in all", limits.HISTORY_CHARACTERS),
        ("at most {} KiB each", limits.LIST_FRAME_BYTES // 1024),
        ("have at most {} KiB", limits.REPLY_BYTES // 1024),
        ("yours within {} s", limits.SHUTDOWN_SECONDS),
        ("{} bytes in a line", limits.LINE_BYTES),
        ("{} characters in a text", limits.MESSAGE_CHARACTERS),
        ("{} lines in a text", limits.MESSAGE_LINES),
        ("{} characters in a name", limits.NICKNAME_CHARACTERS),
        ("{} characters in an id", limits.REQUEST_ID_CHARACTERS),
        ("{} recipients", limits.RECIPIENTS),
        ("no recipient, or more than {}", limits.RECIPIENTS),
        ("{} rooms that you are in", limits.JOINED_ROOMS),
        ("{} rooms on a server", limits.ROOMS),
        ("{} frames each second", limits.FLOOD_FRAMES_PER_SECOND),
        ("{} bytes that wait", limits.OUTBOUND_BYTES),
    ],
    "reference/web": [
        ("take at most {} ms", limits.QUEUED_WORK_MILLISECONDS),
        ("has at most {} KiB", limits.REPLY_BYTES // 1_024),
        ("``limit`` is from 1 to {} (", limits.HISTORY_MESSAGES),
        ("({})", limits.HISTORY_REPLY_MESSAGES),
        ("complete within {} s", limits.FIRST_LINE_TIMEOUT_SECONDS),
        ("more than {} bytes", limits.HTTP_HEAD_BYTES),
        ("503 {} WebSockets", limits.UNREGISTERED_CONNECTIONS),
        ("silently: {} connections", limits.HTTP_CONNECTIONS),
        ("WebSockets; {} connections from one address", limits.ADDRESS_PAGE_CONNECTIONS),
        ("of their own: {} that have sent", limits.UNREGISTERED_CONNECTIONS),
        ("{} that watch", limits.WATCHERS),
        ("keep all {} HTTP", limits.HTTP_CONNECTIONS),
        ("not read within {} s", limits.DEAD_PEER_SECONDS),
        ("``watch``, within {} s", limits.FIRST_LINE_TIMEOUT_SECONDS),
        ("it has {} s from its beginning", limits.REGISTRATION_SECONDS),
        ("it has at most {} bytes", limits.LINE_BYTES),
        ("Within {} s it closes", limits.SHUTDOWN_SECONDS),
        ("{} MiB waits for it", limits.OUTBOUND_BYTES // 1_048_576),
    ],
}


@pytest.mark.parametrize("page", FIGURES)
def test_a_page_has_the_values_of_the_limits(page: str) -> None:
    text = " ".join(TEXTS[f"docs/{page}.rst"].split())
    expected = [words.format(f"{limit:,}") for words, limit in FIGURES[page]]
    assert not [each for each in expected if each not in text]


def test_the_pages_have_the_limits_in_milliseconds() -> None:
    assert limits.DIALECT_DETECTION_MILLISECONDS == 500
    assert "sent nothing after half a second" in " ".join(
        TEXTS["docs/reference/protocol.rst"].split()
    )
    assert limits.PLAIN_IDLE_LINE_MILLISECONDS == 200
    plain = " ".join(TEXTS["docs/reference/plain.rst"].split())
    assert "0.2 s of silence" in plain
    assert limits.PLAIN_NICKNAME_MILLISECONDS == 500
    assert "half a second after your nickname" in plain


def test_the_five_designs_have_a_table_each() -> None:
    origins = TEXTS["docs/explanation/origins.rst"]
    for design in (
        "Discovery by broadcast",
        "JSON chat client and server",
        "JIM messenger",
        "TCP group chat",
        "Multithreaded chat",
    ):
        assert f".. list-table:: {design}:" in origins


#: For each point of "What you can rely on" in README.rst, how it begins and the tests of it.
POINTS = {
    "All members of a room": (
        "server/test_whole_server.py::"
        "test_everyone_receives_exactly_what_is_meant_for_them_and_nothing_is_left_behind",
    ),
    "A private message": (
        "server/test_private.py::test_a_private_message_is_sent_to_its_recipient_alone",
        "server/test_private.py::test_the_sender_learns_which_recipients_were_not_reached_and_why",
    ),
    "``chatd host``": (
        "e2e/test_impostor.py::test_who_repeats_the_servers_offer_but_lacks_its_key_gets_nothing",
        "client/test_tls.py::test_a_server_that_was_met_is_not_spoken_to_without_tls",
        "browser/test_privacy.py::test_a_page_without_https_says_that_it_is_not_private",
    ),
    "A nickname": ("chat/test_names.py::test_names_that_differ_in_case_or_form_only_are_equal",),
    "The client keeps": (
        "client/test_session.py::test_lines_typed_offline_are_kept_and_sent_on_return_in_order",
        "client/test_session.py::"
        "test_unconfirmed_lines_are_named_when_the_connection_is_lost_and_not_sent_again",
    ),
    "A restart of the server": (
        "store/test_kill.py::"
        "test_nothing_that_was_confirmed_is_lost_and_messages_come_with_their_entries",
    ),
    "Hosts keep order": (
        "server/test_order_pairs.py::test_a_muted_member_reads_but_does_not_write",
        "server/test_order_pairs.py::"
        "test_a_member_that_is_banned_is_kept_out_under_a_look_alike_too",
        "server/test_kept_order.py::test_a_ban_and_a_mute_hold_after_a_restart",
    ),
    "A server listens": (
        "server/test_service.py::test_the_server_listens_on_each_given_address_and_nowhere_else",
        "discovery/test_responder.py::test_only_a_host_of_a_known_subnet_gets_a_reply",
    ),
    "Several servers": (
        "discovery/test_loopback.py::test_two_servers_that_share_the_port_both_reply",
    ),
    "Slow readers": (
        "server/test_endings.py::"
        "test_a_slow_reader_is_disconnected_and_the_others_are_told_and_lose_nothing",
        "server/test_inactivity.py::"
        "test_an_inactive_member_is_told_and_disconnected_and_the_others_are_told",
        "server/test_flood.py::test_a_client_that_floods_does_not_slow_down_the_others",
    ),
}


def test_each_point_of_the_readme_has_a_test() -> None:
    section = TEXTS["README.rst"].partition("What you can rely on\n")[2]
    points = re.findall(r"^- (.*)", section.partition("\nDocumentation\n")[0], re.MULTILINE)
    assert len(points) == len(POINTS)
    assert all(point.startswith(begin) for point, begin in zip(points, POINTS, strict=True))


@pytest.mark.parametrize("test", [test for tests in POINTS.values() for test in tests])
def test_every_test_of_a_point_of_the_readme_exists(test: str) -> None:
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, functions)}
