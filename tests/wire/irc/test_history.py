"""CHATHISTORY: a client reads what was said in its channels, page by page, nothing twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import commands, limits, order_commands
from chatd.wire.irc.tags import server_time
from tests.wire.irc.chat import IrcChat, IrcClient

ALL = ("batch", "draft/chathistory", "message-tags", "server-time")


class Talk:
    """A channel in which a number of messages were said, one a second.

    :ivar ids: of the messages, oldest first.
    :ivar times: of the messages, as tags have them.
    """

    def __init__(self, count: int, *capabilities: str) -> None:
        self.chat = IrcChat()
        self.ice = self.chat.come("ice", *capabilities)
        reader = self.chat.come("moon", "message-tags", "server-time")
        for client in (self.ice, reader):
            client.send("JOIN #dev")
        self.ids, self.times = list[str](), list[str]()
        for number in range(count):
            self.chat.now += 1_000
            self.ice.send(f"PRIVMSG #dev :{number}")
            tags = dict(each.split("=") for each in reader.read()[-1].split(" ")[0][1:].split(";"))
            self.ids.append(tags["msgid"])
            self.times.append(tags["time"])

    def read(self, parameters: str) -> list[int]:
        """The messages that CHATHISTORY with these parameters finds."""
        lines = self.ice.send(f"CHATHISTORY {parameters}")
        return [int(each.rpartition(":")[2]) for each in lines if " PRIVMSG " in each]


def failure(client: IrcClient, line: str) -> list[str]:
    """What a standard reply to `line` has before its sentence."""
    [reply] = client.send(line)
    head, _, sentence = reply.removeprefix(":work.chatd ").partition(" :")
    assert sentence
    return head.split(" ")


@pytest.fixture
def talk() -> Talk:
    return Talk(10, *ALL)


def test_the_latest_messages_come_in_one_batch_oldest_first(talk: Talk) -> None:
    assert talk.ice.send("CHATHISTORY LATEST #dev * 2") == [
        ":work.chatd BATCH +history chathistory #dev",
        f"@batch=history;time={talk.times[8]};msgid={talk.ids[8]} :ice!~user@chatd PRIVMSG #dev :8",
        f"@batch=history;time={talk.times[9]};msgid={talk.ids[9]} :ice!~user@chatd PRIVMSG #dev :9",
        ":work.chatd BATCH -history",
    ]


def test_without_batches_and_tags_the_messages_come_by_themselves() -> None:
    talk = Talk(3)
    assert talk.ice.send("chathistory latest #dev * 2") == [
        ":ice!~user@chatd PRIVMSG #dev :1",
        ":ice!~user@chatd PRIVMSG #dev :2",
    ]


def test_each_line_of_a_message_is_in_the_batch_and_the_first_one_has_its_id(talk: Talk) -> None:
    said = commands.SendMessage("one\n\ntwo", "#dev")
    talk.chat.hub.handle(talk.ice.member, said, talk.chat.now)
    _, first, second, _ = talk.ice.send("CHATHISTORY LATEST #dev * 1")
    assert first.startswith(f"@batch=history;time={server_time(talk.chat.now)};msgid=")
    assert first.endswith(" PRIVMSG #dev :one")
    assert (
        second
        == f"@batch=history;time={server_time(talk.chat.now)} :ice!~user@chatd PRIVMSG #dev :two"
    )


def test_a_message_of_several_lines_is_a_batch_of_its_own_inside(talk: Talk) -> None:
    """For a client that knows these; blank lines are in it as well."""
    talk.ice.send("CAP REQ draft/multiline")
    for text in ("one\n\ntwo", "three\nfour"):
        said = commands.SendMessage(text, "#dev")
        talk.chat.hub.handle(talk.ice.member, said, talk.chat.now)
    lines = talk.ice.send("CHATHISTORY LATEST #dev * 3")
    assert [tuple(each.split(" ")[-2:]) for each in lines if " BATCH " in each] == [
        ("chathistory", "#dev"),
        ("draft/multiline", "#dev"),
        ("BATCH", "-message"),
        ("draft/multiline", "#dev"),
        ("BATCH", "-message"),
        ("BATCH", "-history"),
    ]
    openings = [each for each in lines if " BATCH +message " in each]
    assert all(each.startswith("@batch=history;time=") and ";msgid=" in each for each in openings)
    assert [each for each in lines if each.startswith("@batch=message ")] == [
        f"@batch=message :ice!~user@chatd PRIVMSG #dev :{text}"
        for text in ("one", "", "two", "three", "four")
    ]


@pytest.mark.parametrize("kind", ["msgid", "timestamp"])
@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ("LATEST #dev {4} 50", [5, 6, 7, 8, 9]),
        ("LATEST #dev {4} 2", [8, 9]),
        ("BEFORE #dev {6} 50", [0, 1, 2, 3, 4, 5]),
        ("BEFORE #dev {6} 2", [4, 5]),
        ("AFTER #dev {3} 50", [4, 5, 6, 7, 8, 9]),
        ("AFTER #dev {3} 3", [4, 5, 6]),
        ("BETWEEN #dev {1} {8} 50", [2, 3, 4, 5, 6, 7]),
        ("BETWEEN #dev {1} {8} 3", [2, 3, 4]),
        ("BETWEEN #dev {8} {1} 3", [5, 6, 7]),
        ("BETWEEN #dev {4} {4} 3", []),
        ("AROUND #dev {7} 1", [7]),
        ("AROUND #dev {7} 3", [6, 7, 8]),
        ("AROUND #dev {7} 4", [5, 6, 7, 8]),
        ("AROUND #dev {0} 4", [0, 1, 2, 3]),
        ("AROUND #dev {9} 4", [7, 8, 9]),
        ("BEFORE #dev {0} 50", []),
        ("AFTER #dev {9} 50", []),
        ("BEFORE #DEV {2} 50", [0, 1]),
    ],
)
def test_messages_are_found_by_id_and_by_time(
    talk: Talk, kind: str, parameters: str, found: list[int]
) -> None:
    values = talk.ids if kind == "msgid" else talk.times
    assert talk.read(parameters.format(*(f"{kind}={each}" for each in values))) == found


def test_one_end_may_be_an_id_and_the_other_a_time(talk: Talk) -> None:
    ends = f"msgid={talk.ids[2]} timestamp={talk.times[5]}"
    assert talk.read(f"BETWEEN #dev {ends} 9") == [3, 4]
    assert talk.read("BETWEEN #dev {1} {0} 1".format(*ends.split())) == [4]


def test_a_time_between_messages_and_one_without_milliseconds_are_times(talk: Talk) -> None:
    between = server_time(talk.chat.now - 1_500)
    assert talk.read(f"AFTER #dev timestamp={between} 9") == [8, 9]
    assert talk.read(f"BEFORE #dev timestamp={between} 1") == [7]
    assert talk.read(f"AFTER #dev timestamp={talk.times[7][:19]}Z 9") == [8, 9]


def test_reading_backwards_page_by_page_finds_everything_once() -> None:
    """Also of messages that were said in the same moment."""
    talk = Talk(20, *ALL)
    talk.chat.now += 1_000
    ids = []
    for number in range(20, 30):
        talk.ice.send(f"PRIVMSG #dev :{number}")
    found, end = list[int](), "*"
    while True:
        lines = talk.ice.send(f"CHATHISTORY {'LATEST' if end == '*' else 'BEFORE'} #dev {end} 7")
        messages = [each for each in lines if " PRIVMSG " in each]
        if not messages:
            break
        found[:0] = [int(each.rpartition(":")[2]) for each in messages]
        ids = [each.partition("msgid=")[2].split(" ")[0] for each in messages]
        end = f"msgid={ids[0]}"
    assert found == list(range(30))


def test_no_more_than_the_limit_in_005_come() -> None:
    talk = Talk(60, *ALL)
    features = " ".join(each for each in talk.ice.send("VERSION") if " 005 " in each)
    assert f" CHATHISTORY={limits.HISTORY_REPLY_MESSAGES} " in features
    assert " MSGREFTYPES=msgid,timestamp " in features
    assert talk.read("LATEST #dev * 1000") == list(range(10, 60))
    assert talk.read("LATEST #dev * 999999999") == list(range(10, 60))


@pytest.mark.parametrize(
    ("step", "place"),
    [("BEFORE", "timestamp=9999-01-01T00:00:00.000Z"), ("AFTER", "timestamp=1970-01-01T00:00:00Z")],
)
def test_what_an_answer_has_no_bytes_for_comes_with_the_next_page(step: str, place: str) -> None:
    talk = Talk(0, *ALL)
    for number in range(40):
        talk.chat.now += 1_000
        said = commands.SendMessage(f"{number:02} " + "€" * 4_000, "#dev")
        talk.chat.hub.handle(talk.ice.member, said, talk.chat.now)
    talk.ice.read()
    found, pages = list[int](), 0
    while True:
        lines = talk.ice.send(f"CHATHISTORY {step} #dev {place} 50")
        assert sum(len(each.encode()) + 2 for each in lines) <= limits.REPLY_BYTES
        assert (lines[0].split()[1], lines[-1].split()[1]) == ("BATCH", "BATCH")
        messages = [each for each in lines if "msgid=" in each]
        if not messages:
            break
        numbers = [
            int(each.partition(" :")[2].partition(" ")[2].partition(":")[2][:2])
            for each in messages
        ]
        nearest = messages[0 if step == "BEFORE" else -1]
        place = "msgid=" + nearest.partition("msgid=")[2].partition(" ")[0]
        found = [*numbers, *found] if step == "BEFORE" else [*found, *numbers]
        pages += 1
    assert found == list(range(40))
    assert pages == 3


def test_a_labelled_answer_is_the_batch_with_its_label(talk: Talk) -> None:
    talk.ice.send("CAP REQ labeled-response")
    opening, message, closing = talk.ice.send("@label=x CHATHISTORY LATEST #dev * 1")
    assert opening == "@label=x :work.chatd BATCH +history chathistory #dev"
    assert message.startswith("@batch=history;")
    assert closing == ":work.chatd BATCH -history"


def test_a_removed_message_is_left_out_and_is_still_a_place(talk: Talk) -> None:
    for seq in (10, 5):
        found = order_commands.RemoveFound("#dev", seq, "ice", talk.chat.now)
        talk.chat.hub.handle(talk.ice.member, found, talk.chat.now)
    assert talk.read("LATEST #dev * 1") == [8]
    assert talk.read(f"AFTER #dev msgid={talk.ids[4]} 2") == [5, 6]
    assert talk.read(f"BEFORE #dev msgid={talk.ids[5]} 1") == [3]


def test_topics_and_who_comes_and_goes_are_no_part_of_it(talk: Talk) -> None:
    talk.ice.send("TOPIC #dev :tea", "PART #dev", "JOIN #dev")
    lines = talk.ice.send("CHATHISTORY LATEST #dev * 50")
    assert {each.split(" ")[2] for each in lines[1:-1]} == {"PRIVMSG"}


@pytest.mark.parametrize(
    "channel", ["#nowhere", "#public", "#secret", "#bad name", "#", "#" + "x" * 400]
)
def test_a_channel_in_which_one_is_not_looks_like_one_that_there_is_not(channel: str) -> None:
    chat = IrcChat()
    moon = chat.come("moon", *ALL)
    moon.send("JOIN #public", "JOIN #secret", "MODE #secret +k word", "PRIVMSG #secret :psst")
    ice = chat.come("ice", *ALL)
    name = channel.partition(" ")[0]
    ends = "timestamp=1970-01-01T00:00:00.000Z timestamp=2030-01-01T00:00:00.000Z"
    for parameters in (
        f"LATEST {name} * 9",
        f"BETWEEN {name} {ends} 9",
        f"AROUND {name} {ends[:34]} 9",
    ):
        subcommand = parameters.split(" ")[0]
        [reply] = ice.send(f"CHATHISTORY {parameters}")
        assert reply == (
            f":work.chatd FAIL CHATHISTORY INVALID_TARGET {subcommand} {name} "
            ":There is no such channel, or you are not in it, so join it first"
        )


def test_what_was_said_with_a_user_is_empty(talk: Talk) -> None:
    talk.ice.send("PRIVMSG moon :psst")
    for nickname in ("moon", "nobody"):
        assert talk.ice.send(f"CHATHISTORY LATEST {nickname} * 9") == [
            f":work.chatd BATCH +history chathistory {nickname}",
            ":work.chatd BATCH -history",
        ]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ("", "INVALID_PARAMS"),
        ("OLDEST #dev * 9", "INVALID_PARAMS"),
        ("LATEST", "INVALID_PARAMS"),
        ("LATEST #dev *", "INVALID_PARAMS"),
        ("LATEST #dev * 9 9", "INVALID_PARAMS"),
        ("LATEST #dev * 0", "INVALID_PARAMS"),
        ("LATEST #dev * -1", "INVALID_PARAMS"),
        ("LATEST #dev * ٣", "INVALID_PARAMS"),
        ("LATEST #dev * 9999999999", "INVALID_PARAMS"),
        ("LATEST #dev tea 9", "INVALID_PARAMS"),
        ("BEFORE #dev * 9", "INVALID_PARAMS"),
        ("BETWEEN #dev timestamp=2026-01-01T00:00:00.000Z 9", "INVALID_PARAMS"),
        ("BEFORE #dev timestamp=yesterday 9", "INVALID_PARAMS"),
        ("BEFORE #dev timestamp=2026-02-31T00:00:00.000Z 9", "INVALID_PARAMS"),
        ("BEFORE #dev timestamp=2026-01-01T00:00:00.000+02:00 9", "INVALID_PARAMS"),
        ("BEFORE #dev tea=9 9", "INVALID_MSGREFTYPE"),
        ("BEFORE #dev msgid=tea 9", "MESSAGE_ERROR"),
        ("BEFORE #dev msgid=1-1#music 9", "MESSAGE_ERROR"),
        ("BEFORE #dev msgid=ffffffffffffffff-1#dev 9", "MESSAGE_ERROR"),
        ("TARGETS timestamp=2026-01-01T00:00:00.000Z 9", "INVALID_PARAMS"),
        ("TARGETS msgid=1-1#dev timestamp=2026-01-01T00:00:00.000Z 9", "INVALID_MSGREFTYPE"),
        ("TARGETS * * 9", "INVALID_PARAMS"),
    ],
)
def test_a_mistake_is_named_by_its_code(talk: Talk, parameters: str, code: str) -> None:
    named = failure(talk.ice, f"CHATHISTORY {parameters}")
    assert named[:4] == ["FAIL", "CHATHISTORY", code, parameters.split(" ")[0] or "*"]


@given(st.text(alphabet="0123456789abcdef-#dv=msgi*: timestampTZ.", max_size=60))
def test_no_parameters_are_more_than_a_mistake(parameters: str) -> None:
    talk = Talk(1, *ALL)
    for line in (f"CHATHISTORY {parameters}", f"CHATHISTORY BEFORE #dev msgid={parameters} 9"):
        assert talk.ice.send(line)


def test_an_id_that_is_forged_finds_nothing_but_what_its_place_says(talk: Talk) -> None:
    number, time = talk.ids[4].partition("#")[0].split("-")
    later = f"{int(time, 16) + 1:x}"
    assert talk.read(f"AFTER #dev msgid={number}-{later}#dev 9") == [5, 6, 7, 8, 9]
    assert talk.read(f"AFTER #dev msgid=fffffffffffff-{time}#dev 9") == [5, 6, 7, 8, 9]
    assert talk.read("AFTER #dev msgid=0-0#dev 2") == [0, 1]


def test_an_id_of_a_former_life_of_a_room_is_before_all_of_this_one() -> None:
    """Without a kept chat its numbers begin again."""
    talk = Talk(3, *ALL)
    for client in talk.chat.outbox.clients.values():
        client.send("PART #dev")
    talk.chat.now += 1_000
    talk.ice.send("JOIN #dev", "PRIVMSG #dev :7", "PRIVMSG #dev :8")
    assert talk.read(f"LATEST #dev msgid={talk.ids[2]} 9") == [7, 8]
    assert talk.read(f"BEFORE #dev msgid={talk.ids[2]} 9") == []


# --- TARGETS ------------------------------------------------------------------------------------


class Channels:
    """A client in some channels in which something was said, and in some others."""

    def __init__(self, *capabilities: str) -> None:
        self.chat = IrcChat()
        self.ice = self.chat.come("ice", *capabilities)
        moon = self.chat.come("moon")
        self.times = {}
        for channel in ("#one", "#two", "#three", "#elsewhere"):
            self.chat.now += 1_000
            moon.send(f"JOIN {channel}", f"PRIVMSG {channel} :before", f"PRIVMSG {channel} :hi")
            self.times[channel] = server_time(self.chat.now)
        self.ice.send("JOIN #three,#one,#silent,#two")

    def targets(self, start: str, end: str, limit: int = 9) -> list[str]:
        lines = self.ice.send(f"CHATHISTORY TARGETS timestamp={start} timestamp={end} {limit}")
        return [each.split(" ")[4] for each in lines if " CHATHISTORY TARGETS " in each]


BEGINNING, END = "1970-01-01T00:00:00.000Z", "2100-01-01T00:00:00.000Z"


def test_the_channels_of_a_client_are_listed_by_their_last_message() -> None:
    channels = Channels(*ALL)
    assert channels.ice.send(f"CHATHISTORY TARGETS timestamp={BEGINNING} timestamp={END} 9") == [
        ":work.chatd BATCH +history draft/chathistory-targets",
        f"@batch=history :work.chatd CHATHISTORY TARGETS #one {channels.times['#one']}",
        f"@batch=history :work.chatd CHATHISTORY TARGETS #two {channels.times['#two']}",
        f"@batch=history :work.chatd CHATHISTORY TARGETS #three {channels.times['#three']}",
        ":work.chatd BATCH -history",
    ]


def test_the_last_message_must_lie_between_the_times() -> None:
    channels = Channels(*ALL)
    one, three = channels.times["#one"], channels.times["#three"]
    assert channels.targets(one, END) == ["#two", "#three"]
    assert channels.targets(one, three) == ["#two"]
    assert channels.targets(three, one) == ["#two"]
    assert channels.targets(BEGINNING, END, 2) == ["#one", "#two"]
    assert channels.targets(END, BEGINNING, 2) == ["#two", "#three"]
    channels.chat.now += 1_000
    channels.ice.send("PRIVMSG #two :later")
    assert channels.targets(one, three) == []


def test_a_client_in_no_channel_has_no_targets() -> None:
    chat = IrcChat()
    ice = chat.come("ice", *ALL)
    assert ice.send(f"CHATHISTORY TARGETS timestamp={BEGINNING} timestamp={END} 9") == [
        ":work.chatd BATCH +history draft/chathistory-targets",
        ":work.chatd BATCH -history",
    ]
