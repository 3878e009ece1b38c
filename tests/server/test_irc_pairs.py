"""What IRC says in its own way, between an IRC client and one of each dialect: nothing is lost."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import irc_limits, limits
from tests.server.users import (
    ABILITIES,
    BasicUser,
    IrcUser,
    JimUser,
    NativeUser,
    Pair,
    PlainUser,
    User,
)

OTHERS = [each for each in ABILITIES if each is not IrcUser]
FAMILY = "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"

#: Texts about as long as one may be.
LONG = {
    "words": "".join(f"word {number} of many, " for number in range(400))[
        : limits.MESSAGE_CHARACTERS
    ].strip(),
    "no spaces": "x" * limits.MESSAGE_CHARACTERS,
    "emoji": "\N{GRINNING FACE}" * limits.MESSAGE_CHARACTERS,
    "families": FAMILY * (limits.MESSAGE_CHARACTERS // len(FAMILY)),
}

every_other = pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.__name__)


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
@pytest.mark.parametrize(
    "other", [NativeUser, BasicUser, PlainUser], ids=lambda each: each.__name__
)
def test_the_longest_message_reaches_an_irc_client_whole(other: type[User], text: str) -> None:
    with Pair(other, IrcUser, flood=0) as pair:
        pair.ice.say(text)
        pair.settle()
        pieces = [each for _, each in pair.moon.seen_messages()]
        assert "".join(pieces) == text
        assert max(len(each.encode()) for each in pieces) <= irc_limits.IRC_TEXT_BYTES
        assert not any(each.startswith("\N{ZERO WIDTH JOINER}") for each in pieces)


LINES = st.lists(
    st.text(
        st.sampled_from("ab :,#@\N{GRINNING FACE}\N{COMBINING ACUTE ACCENT}\xe9"), max_size=300
    ),
    max_size=4,
)


@given(LINES, st.booleans())
def test_every_line_of_a_message_reaches_an_irc_client(lines: list[str], is_private: bool) -> None:
    text = "\n".join(lines).strip()
    with Pair(NativeUser, IrcUser, flood=0) as pair:
        if is_private:
            pair.ice.send_private(text, "moon")
        else:
            pair.ice.say(text)
        pair.settle()
        seen = pair.moon.seen_private() if is_private else pair.moon.seen_messages()
        if pair.ice.was_refused(""):
            assert seen == []
        else:
            said = [line for line in text.split("\n") if line.strip()]
            assert "".join(each for _, each in seen) == "".join(said)


@every_other
def test_the_longest_line_of_an_irc_client_reaches_the_others_whole(other: type[User]) -> None:
    text = ("\N{GRINNING FACE} word " * 60).encode()[: 510 - len("PRIVMSG #lobby :")]
    line = text.decode(errors="ignore").strip()
    with Pair(IrcUser, other) as pair:
        pair.ice.say(line)
        pair.settle()
        assert "".join(each for _, each in pair.moon.seen_messages()) == line


@pytest.mark.parametrize("line", [":)", ": x", "a  b", "@moon hi", "/me waves", "#dev", "x y"])
@every_other
def test_a_line_is_seen_as_it_was_typed(other: type[User], line: str) -> None:
    with Pair(IrcUser, other) as pair:
        pair.ice.say(line)
        pair.settle()
        assert pair.moon.seen_messages() == [("ice", line)]


def _act_native(user: NativeUser) -> None:
    user._request("message", text="waves", action=True)


def _act_plain(user: PlainUser) -> None:
    user.say("/me waves")


@pytest.mark.parametrize(
    ("other", "act"), [(NativeUser, _act_native), (PlainUser, _act_plain)], ids=["native", "plain"]
)
def test_an_action_is_one_for_irc_clients(other: type[User], act: Callable[[User], None]) -> None:
    with Pair(other, IrcUser) as pair:
        act(pair.ice)
        pair.settle()
        assert pair.moon.seen_messages() == [("ice", "\x01ACTION waves\x01")]


@every_other
def test_an_action_of_an_irc_client_is_one_for_the_others(other: type[User]) -> None:
    with Pair(IrcUser, other) as pair:
        pair.ice.say("\x01ACTION waves\x01")
        pair.settle()
        received = pair.moon.received.decode()
        assert "\x01" not in received
        assert "ACTION" not in received
        if other is NativeUser:
            [frame] = pair.moon._frames()
            assert (frame["data"]["text"], frame["data"]["action"]) == ("waves", True)
        else:
            assert "* ice waves" in received


@every_other
def test_a_message_to_several_and_a_room_reaches_each_once(other: type[User]) -> None:
    with Pair(IrcUser, other) as pair:
        sun = pair.enter(other, "sun")
        pair.clear_all()
        pair.ice.send_private("psst", "moon", "sun", "#lobby")
        pair.settle()
        for each in (pair.moon, sun):
            assert each.seen_messages() == [("ice", "psst")]
            if other is not BasicUser:
                assert each.seen_private() == [("ice", "psst")]
        assert not pair.ice.was_refused("")


@every_other
def test_a_topic_of_an_irc_client_is_told_to_the_others(other: type[User]) -> None:
    with Pair(IrcUser, other) as pair:
        pair.ice._type("TOPIC #lobby :Today: parsers")
        pair.settle()
        assert "Today: parsers" in pair.moon.received.decode()


@pytest.mark.parametrize("other", [JimUser, NativeUser], ids=lambda each: each.__name__)
def test_colours_of_an_irc_client_are_no_characters_of_its_message(other: type[User]) -> None:
    with Pair(IrcUser, other) as pair:
        pair.ice.say("\x02bold\x02 and \x0304red\x03")
        pair.settle()
        assert pair.moon.seen_messages() == [("ice", "bold and red")]


@every_other
def test_a_notice_of_an_irc_client_is_a_message_for_the_others(other: type[User]) -> None:
    with Pair(IrcUser, other) as pair:
        pair.ice._type("NOTICE #lobby :the build is green")
        pair.settle()
        assert pair.moon.seen_messages() == [("ice", "the build is green")]


@every_other
def test_an_irc_client_keeps_order_with_its_own_commands(other: type[User]) -> None:
    with Pair(IrcUser, other) as pair:
        pair.ice._type(f"OPER ice {pair.harness.chat.host_code.code}")
        pair.settle()
        assert pair.moon.saw_notice("ice is a host now.")
        pair.clear_all()
        pair.ice._type("MODE #lobby +m")
        pair.moon.say("hello?")
        pair.settle()
        assert pair.moon.saw_notice("ice made #lobby read-only.")
        assert pair.moon.was_refused("#lobby is read-only")
        assert pair.ice.seen_messages() == []
        pair.ice._type("KICK #lobby moon :be nice")
        pair.settle()
        assert pair.moon.was_sent("You were removed from #lobby by ice: be nice.")
