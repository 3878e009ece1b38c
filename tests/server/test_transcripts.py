"""The conversations in docs/reference/ come out as they are written there."""

import json
import re
from collections.abc import Iterable

import pytest

from chatd.chat import events
from chatd.chat.errors import ServerFailed
from chatd.chat.moderation_events import Moderation
from chatd.wire.basic import Basic
from chatd.wire.jim import Jim
from chatd.wire.jim_moderation import MODERATION_PARSERS
from chatd.wire.jim_vocabulary import (
    CONTACT_CHANGES,
    CONTACT_LIST,
    EVERYBODY,
    USER_LISTS,
    ClientObject,
)
from chatd.wire.native import Native
from chatd.wire.plain import Plain
from tests.server.transcripts import HOST_CODE, PAGES, USERS, Step, TranscriptHarness, transcripts
from tests.server.users import ABILITIES, Ability, NativeUser, User

KINDS = list(USERS)


@pytest.mark.parametrize("kind", KINDS)
def test_each_documented_conversation_comes_out_as_written(kind: str) -> None:
    with TranscriptHarness(kind) as harness:
        for step in transcripts(kind):
            assert harness.run(step) == [harness.read(line) for line in step.received], step.action


def rows(heading: str) -> dict[str, list[str]]:
    """The table with that word above its first column: what each row says."""
    table = re.search(
        rf"^{heading} +native .*\n=[= ]+\n((?:.*\n)+?)=", PAGES["protocol"], re.MULTILINE
    )
    assert table is not None
    return {
        name.strip(): words.split()
        for name, words in re.findall(r"^(\S.*?)  +(\S.*)$", table[1], re.MULTILINE)
    }


def yes_or_no(found: Iterable[bool]) -> list[str]:
    return ["yes" if each else "no" for each in found]


def test_the_page_lists_what_each_dialect_can_do() -> None:
    users: list[type[User]] = [NativeUser, *USERS.values()]
    columns = [ABILITIES[user] for user in users]
    abilities = {
        "private messages": Ability.PRIVATE,
        "change the nickname": Ability.RENAME,
        "read the history": Ability.LISTS,
        "join and leave rooms": Ability.ROOMS,
        "say goodbye": Ability.QUIT,
    }
    table = rows(r"\\")
    assert table["keep order as a host or operator"] == ["yes"] * 4
    assert table["give an account's password"] == ["yes", "no", "yes", "yes"]
    assert table["read a file that was sent"] == ["yes", "link", "link", "link"]
    for row, ability in abilities.items():
        assert table[row] == yes_or_no(ability in column for column in columns)
    assert table["messages in the lobby"] == ["yes"] * 4
    assert table["list users"] == ["yes"] * 4
    assert table["search"] == ["yes", "no", "no", "yes"]
    assert table["set a topic, be away, say ``/me``"] == ["yes", "no", "no", "yes"]
    assert len(table) == len(abilities) + 7


def test_the_page_lists_the_echoes_of_each_dialect() -> None:
    doings = {
        "message": events.Message,
        "entering": events.MemberEntered,
        "renaming": events.MemberRenamed,
        "joining a room": events.RoomJoined,
        "leaving a room": events.RoomLeft,
        "setting a topic": events.Topic,
        "being away": events.AwayChanged,
        "doing something as a host": Moderation,
    }
    assert rows("own") == {
        row: yes_or_no(kind in dialect.echoes for dialect in (Native, Basic, Jim, Plain))
        for row, kind in doings.items()
    }


# --- JIM ----------------------------------------------------------------------------------------

MSG = '{"action": "msg", "to": "%s", "message": "psst"}'
ENTER = '{"action": "presence", "user": {"account_name": "ice"}}'
JOIN = '{"action": "join", "room": "#dev"}'

HOST = json.dumps({"action": "host", "code": HOST_CODE})

#: For each code of the table: what is sent, and what comes last.
SITUATIONS = [
    (100, [ENTER, JOIN, "(moon renames to sun)"]),
    (101, [ENTER, "(the server stops)"]),
    (101, ['{"action"', "(nothing happens for 6 s)"]),
    (200, [ENTER]),
    (200, [ENTER.replace("presence", "PRESENCE")]),
    (200, [ENTER, MSG % "moon"]),
    (200, [ENTER, MSG % "for_all"]),
    (200, [ENTER, MSG % "Everyone"]),
    (200, [ENTER, JOIN, MSG % "#dev"]),
    (200, [ENTER, MSG % "#lobby"]),
    (200, [ENTER, JOIN, '{"action": "leave", "room": "#dev"}']),
    (200, [ENTER, '{"action": "join", "room": "#"}', MSG % "#"]),
    (200, [ENTER, '{"action": "quit"}']),
    (201, [ENTER, JOIN]),
    (202, [ENTER, MSG % "moon,sun"]),
    (202, [ENTER, MSG % "moon,star"]),
    (400, ['{"action": "dance"}', ENTER, '{"action": "dance"}']),
    (400, ["{}"]),
    (400, ["hello"]),
    (400, ['{"action": "presence"}']),
    (400, ['{"action": "presence", "user": {"account_name": "i c e"}}']),
    (400, [ENTER, '{"action": "presence", "user": {"account_name": "snow"}}']),
    (400, [ENTER, JOIN, JOIN]),
    (400, [ENTER, '{"action": "join", "room": "dev"}']),
    (400, [ENTER, '{"action": "msg", "to": "moon", "message": "%s"}' % ("x" * 501)]),
    (400, ['{"action": "%s' % ("x" * 4_096)]),
    (401, [MSG % "moon"]),
    (401, [JOIN]),
    (401, ['{"action": "presence", "user": {"account_name": "star"}}']),
    (402, ['{"action": "authenticate", "account_name": "star", "password": "0000"}']),
    (403, ['{"action": "authenticate", "account_name": "nova", "password": "0000"}']),
    (403, ['{"action": "presence", "user": {"account_name": "nova"}}']),
    (403, [ENTER, '{"action": "kick", "nickname": "moon"}']),
    (403, [ENTER, '{"action": "host", "code": "guess"}']),
    (404, [ENTER, MSG % "sun"]),
    (404, [ENTER, MSG % "#dev"]),
    (404, [ENTER, '{"action": "leave", "room": "#dev"}']),
    (404, [ENTER, HOST, '{"action": "kick", "nickname": "sun"}']),
    (404, [ENTER, HOST, '{"action": "unban", "nickname": "sun"}']),
    (409, ['{"action": "presence", "user": {"account_name": "MOON"}}']),
    (410, [ENTER, MSG % "star"]),
]


@pytest.mark.parametrize(("code", "happenings"), SITUATIONS)
def test_each_response_code_is_sent_in_its_situation(code: int, happenings: list[str]) -> None:
    with TranscriptHarness("jim") as harness:
        harness.run(Step("(you connect)"))
        came: list[dict[str, object]] = []
        for action in happenings:
            came = harness.run(Step(action if action.startswith("(") else f"> {action}"))
        assert [each["response"] for each in came] == [code]
        # The client that does not enter in time gets a refusal, which is an important notice, too.
        assert (code >= 400 or '{"action"' in happenings) == ("error" in came[0])
        assert (code < 400) == ("alert" in came[0])


def test_a_server_failure_is_a_500() -> None:
    assert json.loads(Jim().encode_reply(ServerFailed()))["response"] == 500


def test_the_table_of_response_codes_is_complete() -> None:
    table = [int(code) for code in re.findall(r"^(\d{3})    \S", PAGES["jim"], re.MULTILINE)]
    assert table == sorted({code for code, _ in SITUATIONS} | {500})


def test_the_page_shows_every_action_of_jim() -> None:
    verbs = {"presence", "authenticate", "msg", "message", "join", "leave", "quit", "exit"}
    table = re.findall(r"^((?:``[\w-]+``(?:, )?)+)  +\S", PAGES["jim"], re.MULTILINE)
    lists = {"get_users", "get_contacts", "add", "remove"}
    of_hosts = set(MODERATION_PARSERS)
    shown = {verb for row in table for verb in re.findall(r"``([\w-]+)``", row)}
    assert shown == verbs | lists | of_hosts
    said = [json.loads(step.action[1:]) for step in transcripts("jim") if step.action[0] == ">"]
    assert {each.get("action", each.get("event")) for each in said} <= verbs | of_hosts


def test_the_page_shows_every_word_that_jim_clients_may_use() -> None:
    requests = {*USER_LISTS, CONTACT_LIST, *CONTACT_CHANGES}
    keys = ClientObject.__struct_fields__
    shown = set(re.findall(r"``([^`]+)``", PAGES["jim"]))
    assert {*EVERYBODY, *requests, *keys} <= shown
