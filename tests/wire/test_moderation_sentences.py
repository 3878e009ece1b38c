"""What hosts do, in words: the same sentences for the terminal, nc, JIM and basic."""

import json

import pytest

from chatd.chat import events
from chatd.chat.moderation_events import BanEntry, Bans, Moderation, Restricted
from chatd.wire.basic import Basic
from chatd.wire.jim import Jim
from chatd.wire.plain import Plain, Prompt
from chatd.wire.rendering import render
from tests.wire import formats

NOW = 1_763_700_000_000


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (Moderation("kick", "ana", "ice", "#dev"), "ana removed ice from #dev."),
        (Moderation("kick", "ana", "ice"), "ana removed ice from the chat."),
        (
            Moderation("remove", "ana", "ice", "#dev", 3, reason="spam"),
            "ana removed message 3 of ice in #dev: spam.",
        ),
        (Moderation("ban", "ana", "ice", "#dev"), "ana banned ice from #dev."),
        (Moderation("ban", "ana", "ice"), "ana banned ice from the chat."),
        (Moderation("invite", "ana", "ice", "#dev"), "ana invited ice to #dev."),
        (Moderation("operator", "ana", "ice", "#dev"), "ana made ice an operator of #dev."),
        (
            Moderation("unoperator", "ana", "ice", "#dev"),
            "ice is not an operator of #dev any more (ana).",
        ),
        (Moderation("limit", "ana", room="#dev"), "#dev has no limit any more (ana)."),
        (Moderation("unban", "ana", "ice"), "ana lifted the ban on ice."),
        (Moderation("unban", "ana", "ice", "#dev"), "ana lifted the ban on ice in #dev."),
        (Moderation("mute", "ana", "ice", "#dev"), "ana muted ice in #dev."),
        (Moderation("mute", "ana", "ice"), "ana muted ice."),
        (Moderation("unmute", "ana", "ice"), "ana unmuted ice."),
        (Moderation("host", "ana", "ana"), "ana is a host now."),
        (Moderation("unhost", "", "ana"), "ana is not a host any more."),
        (
            Moderation("remove", "ana", "ice", "#lobby", seq=12),
            "ana removed message 12 of ice.",
        ),
        (
            Moderation("remove", "ana", "ice", "#dev", seq=12),
            "ana removed message 12 of ice in #dev.",
        ),
        (Moderation("remove", "ice", "ice", "#lobby", seq=12), "ice removed message 12."),
        (
            Moderation("read-only", "ana", room="#lobby", value=1),
            "ana made #lobby read-only.",
        ),
        (
            Moderation("read-only", "ana", room="#lobby"),
            "#lobby is not read-only any more (ana).",
        ),
        (
            Moderation("slow", "ana", room="#dev", value=90),
            "ana made #dev slow: 1 min 30 s between two messages of one member.",
        ),
        (Moderation("slow", "ana", room="#dev"), "#dev is not slow any more (ana)."),
        (
            Moderation("closed", "ana", room="#dev", value=1),
            "ana closed #dev: nobody else may join it.",
        ),
        (Moderation("closed", "ana", room="#dev"), "#dev is open again (ana)."),
        (
            Moderation("key", "ana", room="#dev", value=1),
            "ana gave #dev a key: joining needs the word, and the room is for its members alone.",
        ),
        (
            Moderation("key", "ana", room="#dev"),
            "Joining #dev needs no word any more (ana); the room stays for its members alone.",
        ),
        (
            Moderation("topic-lock", "ana", room="#dev", value=1),
            "ana locked the topic of #dev.",
        ),
        (
            Moderation("topic-lock", "ana", room="#dev"),
            "The topic of #dev is not locked any more (ana).",
        ),
        (
            Restricted("mute", "ana", "#dev", "spam", NOW + 600_000),
            "You are muted in #dev for 10 min: spam.",
        ),
        (Restricted("mute", "ana"), "You are muted."),
        (Restricted("unmute", "ana", "#dev"), "You are not muted in #dev any more."),
        (
            Restricted("kick", "ana", None, "spam."),
            "You were removed from the chat by ana: spam. You may come back.",
        ),
        (
            Restricted("ban", "ana", None, "spam", NOW + 7_200_000),
            "You are banned from the chat for 2 h: spam.",
        ),
        (Restricted("ban", "ana", "#dev"), "You are banned from #dev."),
        (
            Restricted("remove", "ana", "#dev", seq=12),
            "Your message 12 in #dev was removed by ana.",
        ),
    ],
)
def test_a_deed_is_told_in_the_same_words_everywhere(
    event: Moderation | Restricted, sentence: str
) -> None:
    assert render(event, NOW) == [f"[Server]: {sentence}"]
    plain = Plain(prompt=Prompt.NOTHING).encode_event(event, NOW)
    assert plain.decode() == f"[Server]: {sentence}\n"
    [basic] = formats.read_basic(Basic().encode_event(event, NOW))
    assert basic["data"] == {"source": "[Server]", "message": sentence}
    [jim] = formats.read_jim(Jim(nickname="ice", hears_notices=True).encode_event(event, NOW))
    assert jim["alert"] == sentence
    assert jim["response"] == (101 if isinstance(event, Restricted) else 100)


def test_a_jim_client_without_rooms_is_told_what_was_done_to_itself_alone() -> None:
    client = Jim(nickname="ice")
    assert client.encode_event(Moderation("kick", "ana", "moon")) == b""
    told = json.loads(client.encode_event(Restricted("kick", "ana")))
    assert told["response"] == 101


def test_a_deed_of_a_later_version_is_not_shown() -> None:
    assert render(Moderation("promote", "ana", "ice")) == []
    assert render(Restricted("praise", "ana")) == []


def test_bans_and_mutes_are_listed_with_what_is_left_of_them() -> None:
    bans = (
        BanEntry("ban", "ice", "ana", "spam", NOW + 90_000, address=True),
        BanEntry("mute", "moon", "ana"),
    )
    assert render(Bans(bans, "#dev"), NOW) == [
        "[Server]: ice is banned for 1 min 30 s, with the address (by ana): spam.",
        "[Server]: moon is muted (by ana).",
    ]
    assert render(Bans(())) == ["[Server]: Nobody is banned from the chat or muted there."]
    assert render(Bans((), "#dev")) == ["[Server]: Nobody is banned from #dev or muted there."]


def test_a_ban_that_ends_at_this_moment_has_a_second_left() -> None:
    assert render(Restricted("mute", "ana", until=NOW), NOW) == ["[Server]: You are muted for 1 s."]


def test_a_host_and_an_operator_are_marked_in_the_list_of_users() -> None:
    users = (
        events.User("ana", 0, ("#lobby",), host=True),
        events.User("ice", 0, ("#dev",), operator=("#dev",)),
    )
    ana, ice = render(events.Users(users))
    assert ana.endswith(" (host)")
    assert ice.endswith(" (operator of #dev)")
    jim = json.loads(Jim(nickname="ice").encode_reply(events.Users(users), "get_users"))
    assert (jim["data_list"], jim["alert"]) == (["ana", "ice"], "Hosts: ana")


def test_many_hosts_leave_space_for_the_users() -> None:
    users = tuple(events.User(f"{n:025}", 0, (), host=True) for n in range(100))
    [jim] = formats.read_jim(Jim(nickname="ice").encode_reply(events.Users(users), "get_users"))
    assert len(jim["data_list"]) > 20


FILE = events.File("Tm9ib2R5", "work sheet.pdf", 1_234_567, "application/octet-stream")
URL = "http://10.0.0.1:8080/files/"
SENT = events.Message("#lobby", 1, 0, "ana", "work sheet.pdf", file=FILE)
LINE = f"work sheet.pdf (1.2 MB): {URL}Tm9ib2R5/work%20sheet.pdf"


def test_a_file_is_a_line_with_its_name_size_and_link() -> None:
    welcome = events.Welcome("party", 0, "ice", ("#lobby",), files=URL)
    plain, basic, jim = (
        dialect.updated(formats.NOTHING_ASKED, welcome) for dialect in (Plain(), Basic(), Jim())
    )
    assert plain.encode_event(SENT).decode() == f"ana: {LINE}\n"
    [said] = formats.read_basic(basic.encode_event(SENT))
    assert said["data"] == {"source": "ana", "message": LINE}
    [said] = formats.read_jim(jim.encode_event(SENT))
    assert said["message"] == LINE
    private = events.PrivateMessage("ana", ("ice",), 0, "work sheet.pdf", file=FILE)
    assert plain.encode_event(private).decode() == f"[private] ana: {LINE}\n"
    history = events.History("#lobby", (SENT,))
    for dialect in (plain, basic):
        assert LINE.encode() in dialect.encode_reply(history)
    assert LINE.encode() in plain.encode_reply(events.SearchResult((SENT,)))


def test_members_who_reach_the_server_by_other_addresses_get_other_links() -> None:
    near = events.Welcome("party", 0, "ice", ("#lobby",), files=URL)
    far = events.Welcome("party", 0, "ice", ("#lobby",), files="http://192.168.1.2:8080/files/")
    for kind in (Plain(), Basic()):
        updated = [kind.updated(formats.NOTHING_ASKED, each) for each in (near, far)]
        assert updated[0].variant != updated[1].variant
        assert updated[0].encode_event(SENT) != updated[1].encode_event(SENT)


@pytest.mark.parametrize(
    ("size", "words"),
    [(1, "1 byte"), (999, "999 bytes"), (20_480, "20.5 kB"), (20_000_000, "20.0 MB")],
)
def test_without_a_link_a_file_has_its_name_and_size(size: int, words: str) -> None:
    file = events.File("x", "a.png", size, "image/png")
    assert render(events.Message("#dev", 1, 0, "ana", "a.png", file=file)) == [
        f"#dev ana: a.png ({words})"
    ]


def test_of_a_removed_message_one_sees_who_removed_it() -> None:
    removed = events.Message("#lobby", 1, 0, "ice", "", removed="ana")
    assert render(removed) == ["ice: (removed by ana)"]
    [basic] = formats.read_basic(Basic().encode_event(removed))
    assert basic["data"]["message"] == "(removed by ana)"
