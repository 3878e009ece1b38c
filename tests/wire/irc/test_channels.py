"""Rooms as channels: who is there is told, and what hosts decide is shown as modes."""

import pytest

from chatd.chat import commands, irc_limits
from tests.wire.irc.chat import HOST_CODE, IrcChat, IrcClient


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


def come(chat: IrcChat, *nicknames: str, capabilities: tuple[str, ...] = ()) -> list[IrcClient]:
    """Clients that are in #dev, and have read everything."""
    clients = [chat.come(nickname, *capabilities) for nickname in nicknames]
    for client in clients:
        client.send("JOIN #dev")
    for client in clients:
        client.read()
    return clients


def numbers(lines: list[str]) -> list[str]:
    return [line.split(" ")[1] for line in lines]


def test_joining_is_told_to_both_with_topic_and_members(chat: IrcChat) -> None:
    [ice] = come(chat, "ice")
    ice.send("TOPIC #dev :the new parser")
    moon = chat.come("moon")
    assert moon.send("JOIN #DEV") == [
        ":moon!~user@chatd JOIN #dev",
        ":work.chatd 332 moon #dev :the new parser",
        ":work.chatd 333 moon #dev ice!~user@chatd 1000",
        ":work.chatd 353 moon = #dev :@ice moon",
        ":work.chatd 366 moon #dev :End of NAMES list",
    ]
    assert ice.read() == [":moon!~user@chatd JOIN #dev"]


def test_several_rooms_are_joined_each_with_its_own_answer(chat: IrcChat) -> None:
    ice = chat.come("ice")
    lines = ice.send("JOIN #a,b,#c word")
    assert numbers(lines) == ["JOIN", "353", "366", "403", "JOIN", "353", "366"]
    assert ice.send("JOIN #a") == [], "it is there already"
    assert numbers(ice.send("JOIN")) == ["461"]
    assert numbers(ice.send("JOIN 0")) == ["PART", "PART"]
    assert numbers(ice.send("JOIN " + ",".join(f"#{n}" for n in range(33)))).count("405") == 1


def test_leaving_is_told_to_both(chat: IrcChat) -> None:
    ice, moon = come(chat, "ice", "moon")
    assert moon.send("PART #dev") == [":moon!~user@chatd PART #dev"]
    assert ice.read() == [":moon!~user@chatd PART #dev"]
    assert numbers(moon.send("PART #dev,#none")) == ["442", "403"]
    assert numbers(moon.send("PART")) == ["461"]


def test_a_member_that_leaves_the_chat_quits(chat: IrcChat) -> None:
    ice, moon = come(chat, "ice", "moon")
    moon.send("QUIT")
    assert ice.read() == [":moon!~user@chatd QUIT :quit"]


def test_a_topic_is_set_and_read(chat: IrcChat) -> None:
    ice, moon = come(chat, "ice", "moon")
    assert numbers(ice.send("TOPIC #dev")) == ["331"]
    told = ":ice!~user@chatd TOPIC #dev :the new parser"
    assert ice.send("TOPIC #dev :the new parser ") == [told]
    assert moon.read() == [told]
    assert numbers(moon.send("TOPIC #dev")) == ["332", "333"]
    assert ice.send("TOPIC #dev :") == [":ice!~user@chatd TOPIC #dev :"]
    assert numbers(ice.send("TOPIC", "TOPIC #none", "TOPIC #none :x")) == ["461", "403", "403"]


def test_of_a_topic_that_is_too_long_for_a_line_the_beginning_is_shown(chat: IrcChat) -> None:
    ice, _ = come(chat, "ice", "moon")
    chat.hub.handle(ice.member, commands.SetTopic("#dev", "\u8336" * 300), chat.now)
    [told, _] = ice.send("TOPIC #dev")
    text = told.rpartition(":")[2]
    assert text.endswith("\u8336…")
    assert len(text.encode()) <= irc_limits.IRC_TEXT_BYTES


def test_topics_reasons_and_absences_lose_their_colours(chat: IrcChat) -> None:
    ice, moon = come(chat, "ice", "moon")
    told = ":ice!~user@chatd TOPIC #dev :all red"
    assert ice.send("TOPIC #dev :\x02all\x02 \x0304red\x03") == [told]
    assert moon.read() == [told]
    assert numbers(moon.send("AWAY :\x02lunch\x02")) == ["306"]
    assert ":work.chatd 301 ice moon :lunch" in ice.send("WHOIS moon")
    ice.send("KICK #dev moon :\x1dspam\x1d")
    assert ":ice!~user@chatd KICK #dev moon :spam" in moon.read()


def test_names_lists_members_with_their_marks(chat: IrcChat) -> None:
    come(chat, "ice", "moon")
    asker = chat.come("sun", "userhost-in-names")
    assert asker.send("NAMES #dev") == [
        ":work.chatd 353 sun = #dev :@ice!~user@chatd moon!~user@chatd",
        ":work.chatd 366 sun #dev :End of NAMES list",
    ]
    assert numbers(asker.send("NAMES", "NAMES #none")) == ["366", "366"]


def test_a_long_list_of_names_has_several_lines(chat: IrcChat) -> None:
    chat = IrcChat(slots=50)
    nicknames = [f"{'x' * 20}{number}" for number in range(40)]
    clients = come(chat, *nicknames)
    lines = clients[0].send("NAMES #dev")
    assert all(len(line) < 510 for line in lines)
    shown = " ".join(line.partition(" :")[2] for line in lines[:-1]).replace("@", "")
    assert shown.split() == nicknames


def test_the_list_of_channels_has_those_with_members(chat: IrcChat) -> None:
    ice, moon = come(chat, "ice", "moon")
    ice.send("JOIN #music", "TOPIC #dev :code")
    assert moon.read() == [":ice!~user@chatd TOPIC #dev :code"]
    assert moon.send("LIST") == [
        ":work.chatd 321 moon Channel :Users  Name",
        ":work.chatd 322 moon #dev 2 :code",
        ":work.chatd 322 moon #music 1 :",
        ":work.chatd 323 moon :End of LIST",
    ]
    for condition, rooms in {
        "#dev": ["#dev"], "#m*": ["#music"], "!#m*": ["#dev"], ">1": ["#dev"], "<2": ["#music"],
        "#none": [], "#dev,#music": ["#dev", "#music"], "<": [],
    }.items():  # fmt: skip
        assert [line.split()[3] for line in moon.send(f"LIST {condition}")[1:-1]] == rooms


def test_the_operator_of_a_room_kicks_with_a_reason(chat: IrcChat) -> None:
    ice, moon, sun = come(chat, "ice", "moon", "sun")
    told = [":ice!~user@chatd KICK #dev moon :ice"]
    assert ice.send("KICK #dev moon :spam") == told
    assert sun.read() == told, "and no PART"
    kicked, why = moon.read()
    assert kicked == ":ice!~user@chatd KICK #dev moon :spam"
    assert why.startswith(":work.chatd NOTICE moon :You were removed from #dev by ice: spam.")
    assert numbers(sun.send("KICK #dev ice")) == ["482"]
    assert numbers(ice.send("KICK #dev", "KICK #none sun", "KICK #dev nobody")) == [
        *("461", "403", "441")
    ]


def test_several_are_kicked_at_once_each_with_a_line_of_its_own(chat: IrcChat) -> None:
    ice, moon, _, rain = come(chat, "ice", "moon", "sun", "rain")
    kicked = [f":ice!~user@chatd KICK #dev {each} :ice" for each in ("moon", "sun")]
    assert ice.send("KICK #dev,#DEV moon,sun,moon :spam") == kicked
    assert rain.read() == kicked
    moon.send("JOIN #a,#dev")
    moon.send("KICK #a,#dev moon,ice")
    ice.send("JOIN #music")
    rain.send("JOIN #music")
    ice.read()
    assert ice.send("KICK #music,#dev rain,moon") == [
        ":ice!~user@chatd KICK #music rain :ice",
        ":ice!~user@chatd KICK #dev moon :ice",
    ], "each channel with its nickname"


def test_whoever_is_banned_is_taken_out_by_a_kick(chat: IrcChat) -> None:
    ice, moon, sun = come(chat, "ice", "moon", "sun")
    banned = [
        ":ice!~user@chatd MODE #dev +b moon!*@*",
        ":ice!~user@chatd KICK #dev moon :ice",
    ]
    assert ice.send("MODE #dev +b moon") == banned
    assert sun.read() == banned
    assert [line.split(" :")[0] for line in moon.read()] == [
        ":ice!~user@chatd MODE #dev +b moon!*@*",
        ":ice!~user@chatd KICK #dev moon",
        ":work.chatd NOTICE moon",
    ]


def test_a_nickname_is_banned_listed_and_let_in_again(chat: IrcChat) -> None:
    ice, moon, sun = come(chat, "ice", "moon", "sun")
    assert ":ice!~user@chatd MODE #dev +b moon!*@*" in ice.send("MODE #dev +b moon")
    moon.read()
    assert sun.read()[0] == ":ice!~user@chatd MODE #dev +b moon!*@*"
    assert numbers(moon.send("JOIN #dev")) == ["474"]
    listed = ice.send("MODE #dev b")
    assert numbers(listed) == ["367", "368"]
    assert listed[0].split()[3:6] == ["#dev", "moon!*@*", "ice!~user@chatd"]
    assert numbers(sun.send("MODE #dev +b")) == ["368"]
    ice.send("MODE #dev -b moon!*@*")
    assert "JOIN" in numbers(moon.send("JOIN #dev"))
    assert numbers(ice.send("MODE #dev +b *!*@10.0.0.1"))[-1] == "476"


def test_settings_of_a_room_are_modes(chat: IrcChat) -> None:
    ice, moon = come(chat, "ice", "moon")
    assert moon.send("MODE #dev") == [
        ":work.chatd 324 moon #dev +n",
        ":work.chatd 329 moon #dev 1000",
    ]
    assert ice.send("MODE #dev +m") == [":ice!~user@chatd MODE #dev +m"]
    assert moon.read() == [":ice!~user@chatd MODE #dev +m"]
    assert numbers(moon.send("PRIVMSG #dev :x")) == ["404"]
    assert numbers(moon.send("MODE #dev +m")) == ["482"]
    told = [":ice!~user@chatd MODE #dev -m+it"]
    assert ice.send("MODE #dev +it-m") == told
    assert moon.read() == told
    assert moon.send("MODE #DEV")[0] == ":work.chatd 324 moon #dev +nti"
    assert ice.send("MODE #dev +i") == [], "it is so already"
    assert numbers(moon.send("TOPIC #dev :x")) == ["482"]
    assert numbers(chat.come("sun").send("JOIN #dev")) == ["473"]


def test_a_key_is_never_shown(chat: IrcChat) -> None:
    ice, moon = come(chat, "ice", "moon")
    ice.send("MODE #dev +k pie")
    assert moon.read() == [":ice!~user@chatd MODE #dev +k *"]
    assert moon.send("MODE #dev")[0] == ":work.chatd 324 moon #dev +nsk *"
    for key in ("", " ", "two words", "x" * 65):
        [refused] = ice.send(f"MODE #dev +k :{key}")
        assert refused.startswith(":work.chatd 696 ice #dev k * :"), "without the word"
    sun = chat.come("sun")
    assert numbers(sun.send("JOIN #dev", "JOIN #dev no")) == ["475", "475"]
    assert "JOIN" in numbers(sun.send("JOIN #dev pie"))


def test_a_limit_keeps_others_out_until_somebody_leaves(chat: IrcChat) -> None:
    ice, moon = come(chat, "ice", "moon")
    told = [":ice!~user@chatd MODE #dev +l 2"]
    assert ice.send("MODE #dev +l 2") == told
    assert moon.read() == told
    assert ice.send("MODE #dev")[0] == ":work.chatd 324 ice #dev +nl 2"
    sun = chat.come("sun")
    [refused] = sun.send("JOIN #dev")
    assert refused.startswith(":work.chatd 471 sun #dev :")
    moon.send("PART #dev")
    ice.read()
    assert "JOIN" in numbers(sun.send("JOIN #dev"))
    assert ice.send("MODE #dev -l")[-1] == ":ice!~user@chatd MODE #dev -l"
    assert "JOIN" in numbers(moon.send("JOIN #dev"))


@pytest.mark.parametrize("limit", ["0", "-1", "many", "", "1.5", "9" * 300, "\u0663"])
def test_what_is_no_limit_is_refused(chat: IrcChat, limit: str) -> None:
    [ice] = come(chat, "ice")
    [refused] = ice.send(f"MODE #dev +l :{limit}")
    assert refused.startswith(":work.chatd 696 ice #dev l * :")
    assert ice.send("MODE #dev")[0] == ":work.chatd 324 ice #dev +n"


def test_a_secret_room_is_known_to_its_members_alone(chat: IrcChat) -> None:
    [ice] = come(chat, "ice")
    assert ice.send("MODE #dev +s") == [":ice!~user@chatd MODE #dev +s"]
    assert ice.send("NAMES #dev")[0] == ":work.chatd 353 ice @ #dev :@ice"
    moon = chat.come("moon")
    assert numbers(moon.send("LIST", "NAMES #dev", "MODE #dev")) == ["321", "323", "366", "403"]
    assert moon.send("JOIN #dev")[1] == ":work.chatd 353 moon @ #dev :@ice moon"
    assert numbers(moon.send("LIST")) == ["321", "322", "323"]


def test_others_than_its_members_never_write_to_a_room(chat: IrcChat) -> None:
    ice = chat.come("ice")
    ice.send("JOIN #dev")
    sun = chat.come("sun")
    assert numbers(sun.send("PRIVMSG #dev :hello")) == ["404"]
    assert ice.send("MODE #dev +n") == []
    assert numbers(ice.send("MODE #dev -n")) == ["482"]
    assert numbers(sun.send("PRIVMSG #dev :hello")) == ["404"]


def test_an_operator_makes_another_one(chat: IrcChat) -> None:
    ice, moon = come(chat, "ice", "moon")
    told = [":ice!~user@chatd MODE #dev +o moon"]
    assert ice.send("MODE #dev +o moon") == told
    assert moon.read() == told
    assert ice.send("NAMES #dev")[0] == ":work.chatd 353 ice = #dev :@ice @moon"
    chat.come("sun")
    assert numbers(ice.send("MODE #dev +o sun")) == ["441"]
    assert numbers(ice.send("MODE #dev +o nobody")) == ["401"]
    assert numbers(ice.send("MODE #none +o moon", "MODE #none +o nobody")) == ["403", "403"]
    assert moon.send("MODE #dev -o ice")[-1] == ":moon!~user@chatd MODE #dev -o ice"
    ice.read()
    assert numbers(ice.send("MODE #dev -o moon")) == ["482"]
    assert ice.send("MODE #dev +o ice") == [":ice!~user@chatd MODE #dev +o ice"], "its maker"


def test_a_voice_is_heard_in_a_moderated_room(chat: IrcChat) -> None:
    ice, moon = come(chat, "ice", "moon")
    ice.send("MODE #dev +m")
    assert numbers(moon.send("PRIVMSG #dev :hello"))[-1] == "404"
    ice.send("MODE #dev +v moon")
    assert moon.send("PRIVMSG #dev :hello") == [":ice!~user@chatd MODE #dev +v moon"]
    assert ice.read() == [":moon!~user@chatd PRIVMSG #dev :hello"]


def test_a_client_that_asks_for_all_prefixes_is_shown_them(chat: IrcChat) -> None:
    ice, moon = come(chat, "ice", "moon")
    ice.send("MODE #dev +vv ice moon")
    sun = chat.come("sun", "multi-prefix")
    for client, shown in ((ice, "@"), (sun, "@+")):
        assert client.send("NAMES #dev")[0].endswith(f" = #dev :{shown}ice +moon")
        assert client.send("WHO #dev")[0].split()[8] == f"H{shown}"
        assert client.send("WHOIS ice")[1].endswith(f":{shown}#dev")
    moon.read()
    assert moon.send("WHO #dev %nf")[1].split()[3:] == ["moon", "H+"]


def test_names_of_several_rooms_end_once(chat: IrcChat) -> None:
    [ice] = come(chat, "ice")
    ice.send("JOIN #music")
    assert ice.send("NAMES #dev,#none,#music") == [
        ":work.chatd 353 ice = #dev :@ice",
        ":work.chatd 353 ice = #music :@ice",
        ":work.chatd 366 ice #dev,#none,#music :End of NAMES list",
    ]


def test_what_cannot_be_changed_says_why(chat: IrcChat) -> None:
    [ice] = come(chat, "ice")
    ice.send("MODE #dev +s")
    assert numbers(ice.send("MODE #dev -s")) == ["482"]
    assert numbers(ice.send("MODE #dev +x")) == ["472"]
    assert numbers(ice.send("MODE #none +m", "MODE #none", "MODE")) == ["403", "403", "461"]


def test_the_modes_of_a_user_say_whether_it_is_a_host(chat: IrcChat) -> None:
    ice = chat.come("ice")
    assert ice.send("MODE ice") == [":work.chatd 221 ice +"]
    assert ice.send("MODE ice +i", "MODE ice +o") == []
    assert ice.send("MODE ice") == [":work.chatd 221 ice +"], "OPER makes a host"
    assert ice.send(f"OPER ice {HOST_CODE}")[-1] == ":work.chatd MODE ice +o"
    assert ice.send("MODE ice") == [":work.chatd 221 ice +o"]
    assert numbers(ice.send("MODE ice +z", "MODE moon")) == ["501", "502"]


def test_whoever_gives_the_host_code_is_a_host_in_every_room(chat: IrcChat) -> None:
    come(chat, "ice", "moon")
    ana = chat.come("ana")
    assert numbers(ana.send("OPER ana wrong", "OPER ana")) == ["464", "461"]
    lines = ana.send(f"OPER ana {HOST_CODE}")
    assert ":work.chatd 381 ana :You are now a host" in lines
    ana.send("JOIN #dev", "KICK #dev moon")
    assert [each.nickname for each in chat.hub.users("#dev").users] == ["ice", "ana"]


def test_an_invitation_is_told_to_the_other_one_and_to_who_asks_for_all(chat: IrcChat) -> None:
    ice, moon = come(chat, "ice", "moon")
    [rain] = come(chat, "rain", capabilities=("invite-notify",))
    ice.read()
    moon.read()
    sun = chat.come("sun")
    assert ice.send("INVITE sun #DEV") == [":work.chatd 341 ice sun #dev"]
    assert sun.read() == [":ice!~user@chatd INVITE sun #dev"]
    assert rain.read() == [":ice!~user@chatd INVITE sun #dev"]
    sun.send("AWAY :lunch")
    assert ice.send("INVITE sun #dev")[1:] == [":work.chatd 301 ice sun :lunch"]
    sun.read()
    assert numbers(sun.send("INVITE ice #dev")) == ["442"]
    assert numbers(
        ice.send("INVITE moon #dev", "INVITE nobody #dev", "INVITE sun #x", "INVITE sun")
    ) == [*("443", "401", "403", "461")]
    assert moon.read() == []


def test_an_invitation_lets_into_a_room_that_is_closed_or_full(chat: IrcChat) -> None:
    ice, moon = come(chat, "ice", "moon")
    sun = chat.come("sun")
    ice.send("MODE #dev +i", "MODE #dev +l 2")
    assert numbers(sun.send("JOIN #dev")) == ["473"]
    moon.read()
    assert numbers(moon.send("INVITE sun #dev")) == ["482"]
    ice.send("INVITE sun #dev")
    sun.read()
    end = ":work.chatd 337 sun :End of INVITE list"
    assert sun.send("INVITE") == [":work.chatd 336 sun #dev", end]
    assert numbers(sun.send("JOIN #dev"))[0] == "JOIN"
    assert sun.send("INVITE") == [end]


def test_members_of_other_dialects_are_in_the_same_room(chat: IrcChat) -> None:
    [ice] = come(chat, "ice")
    other = chat.connect()
    chat.hub.handle(other.member, commands.Enter("moon"), 0)
    chat.hub.handle(other.member, commands.JoinRoom("#dev"), 0)
    assert ":moon!~user@chatd JOIN #dev" in ice.read()
    chat.hub.handle(other.member, commands.SendMessage("a\n\nb", "#dev"), 0)
    assert ice.read() == [f":moon!~user@chatd PRIVMSG #dev :{text}" for text in ("a", "b")]
