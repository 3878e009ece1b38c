"""What the page says of hosts, and of files, is what the other dialects say."""

import json
from itertools import product
from typing import Any, Final

from msgspec import to_builtins

from chatd.chat.durations import duration
from chatd.chat.moderation_events import BanEntry, Bans, Invited, Moderation, Restricted
from chatd.wire.moderation_sentences import describe
from chatd.wire.rendering import describe as render_describe
from chatd.wire.rendering import format_size
from tests.browser.chat_page import ChatPage
from tests.browser.test_parity import call

NOW: Final = 1_000_000
MEMBER: Final = ("kick", "ban", "unban", "mute", "unmute", "host", "unhost")
ROLES: Final = ("invite", "operator", "unoperator", "voice", "unvoice")
SETTINGS: Final = (
    *("read-only", "slow", "closed", "key", "topic-lock"),
    *("limit", "private"),
)


def describe_on_page(page: ChatPage, function: str, events: list[Any]) -> list[list[str]]:
    """The sentences of the page for each event: one, or one for each line of a list."""
    sentences: list[list[str]] = json.loads(
        page.run(
            """async (name, all, now) => {
              const {[name]: describe, joinWords} = await import('/static/moderation_messages.js')
              return JSON.stringify(all.map((data) => {
                const words = describe(data, now)
                return (Array.isArray(words[0]) ? words : [words]).map(joinWords)
              }))
            }""",
            function,
            [to_builtins(each) for each in events],
            NOW,
        )
    )
    return sentences


def test_what_hosts_do_is_said_in_the_same_words(module_page: ChatPage) -> None:
    events = [
        Moderation(what, "ana", "ice", room) for what, room in product(MEMBER, (None, "#dev"))
    ]
    events += [Moderation(what, "ana", "ice", "#dev") for what in ROLES]
    events += [
        Moderation(what, "ana", "", room, value=value)
        for what, room, value in product(SETTINGS, ("#lobby", "#dev"), (0, 1, 90))
    ]
    expected = [describe(each, NOW) for each in events]
    assert describe_on_page(module_page, "describeModeration", events) == expected


def test_an_invitation_is_said_in_the_same_words(module_page: ChatPage) -> None:
    invited = Invited("#dev", "ana")
    assert describe_on_page(module_page, "describeInvited", [invited]) == [render_describe(invited)]


def test_what_concerns_the_member_is_said_in_the_same_words(module_page: ChatPage) -> None:
    kinds = ("kick", "ban", "mute", "unmute", "remove")
    untils = (0, NOW + 600_000, NOW + 7_500_000, NOW - 5)
    events = [
        Restricted(what, by, room, reason, until, 7)
        for what, by, room, reason, until in product(
            kinds, ("ana", ""), (None, "#dev"), ("", "spam.", "why?"), untils
        )
    ]
    expected = [describe(each, NOW) for each in events]
    assert describe_on_page(module_page, "describeRestricted", events) == expected


def test_bans_are_listed_in_the_same_words(module_page: ChatPage) -> None:
    entries = tuple(
        BanEntry(what, "ice", "ana", reason, until, address)
        for what, reason, until, address in product(
            ("ban", "mute"), ("", "spam"), (0, NOW + 60_000), (True, False)
        )
    )
    lists = [Bans(entries), Bans(entries, "#dev"), Bans(()), Bans((), "#dev")]
    expected = [describe(each, NOW) for each in lists]
    assert describe_on_page(module_page, "describeBans", lists) == expected


def test_durations_and_sizes_are_the_same(module_page: ChatPage) -> None:
    lengths = [0, 1, 999, 1_000, 59_001, 60_000, 3_599_999, 3_600_000, 90_061_000, 31_622_400_000]
    durations = [[duration(each)] for each in lengths]
    assert call(module_page, "durations", "duration", [[each] for each in lengths]) == durations
    sizes = [0, 1, 2, 999, 1_000, 1_049, 99_949, 100_000, 1_234_567, 20_000_000]
    expected = [[format_size(each)] for each in sizes]
    assert call(module_page, "files", "formatSize", [[each] for each in sizes]) == expected
