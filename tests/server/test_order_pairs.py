"""A host and a pupil, each with any dialect: what the host does, the pupil and others see."""

from tests.server.users import Ability, JimUser, NativeUser, Pair, PlainUser, every_pair


def make_host(pair: Pair) -> None:
    """Ice is a host from now on."""
    pair.ice.order(f"/host {pair.harness.chat.host_code.code}")
    pair.clear_all()


@every_pair(ice=Ability.ORDERS)
def test_whoever_gives_the_host_code_is_a_host_and_all_are_told(pair: Pair) -> None:
    code = pair.harness.chat.host_code.code
    pair.ice.order(f"/host {code.upper().replace('-', ' ')}")
    pair.settle()
    assert pair.moon.saw_notice("ice is a host now.")
    confirmation = "OK" if isinstance(pair.ice, JimUser) else "ice is a host now."
    assert pair.ice.was_sent(confirmation)
    assert code.encode() not in pair.moon.received


@every_pair(ice=Ability.ORDERS)
def test_a_wrong_host_code_is_refused_and_nobody_hears_of_it(pair: Pair) -> None:
    pair.ice.order("/host k7xp-m2qb")
    pair.settle()
    assert pair.ice.was_refused("That is not the host code")
    assert pair.moon.seen() == []


@every_pair(ice=Ability.ORDERS)
def test_who_is_no_host_keeps_no_order(pair: Pair) -> None:
    for line in ("/kick moon", "/ban moon 10m", "/mute moon", "/bans"):
        pair.ice.clear()
        pair.ice.order(line)
        pair.settle()
        assert pair.ice.was_refused("Only a host may do this; /host CODE makes you a host."), line
    assert pair.moon.seen() == []


@every_pair(ice=Ability.ORDERS)
def test_a_member_that_is_kicked_is_told_why_and_may_come_back(pair: Pair) -> None:
    make_host(pair)
    pair.ice.order("/kick moon spam")
    pair.settle()
    assert pair.moon.was_sent("You were removed from the chat by ice: spam. You may come back.")
    assert pair.moon.was_sent("kicked")
    assert pair.moon.is_dropped()
    assert pair.ice.saw_notice("moon has left the chat (kicked)")
    pair.enter(NativeUser, "moon")
    assert pair.ice.saw_notice("moon has entered the chat")


@every_pair(ice=Ability.ORDERS)
def test_others_see_who_was_kicked_but_not_why(pair: Pair) -> None:
    make_host(pair)
    pair.enter(NativeUser, "sun")
    pair.clear_all()
    pair.ice.order("/kick sun spam")
    pair.settle()
    assert pair.moon.saw_notice("ice removed sun from the chat.")
    assert b"spam" not in pair.moon.received


@every_pair(ice=Ability.ORDERS)
def test_a_member_that_is_banned_is_kept_out_under_a_look_alike_too(pair: Pair) -> None:
    make_host(pair)
    pair.ice.order("/ban moon 2h spam")
    pair.settle()
    assert pair.moon.was_sent("You are banned from the chat for ")
    assert pair.moon.was_sent(": spam.")
    assert pair.moon.is_dropped()
    for nickname in ("Moon", "m\u043e\u043en"):
        again = pair.enter(PlainUser, nickname)
        assert again.was_sent("You are banned from the chat for 1 h 59 min: spam.")
        assert again.is_dropped()


@every_pair(ice=Ability.ORDERS)
def test_a_muted_member_reads_but_does_not_write(pair: Pair) -> None:
    make_host(pair)
    pair.ice.order("/mute moon 10m spam")
    pair.settle()
    assert pair.moon.was_sent("You are muted for ")
    assert pair.moon.was_sent(": spam.")
    pair.clear_all()
    pair.moon.say("hello?")
    pair.settle()
    assert pair.moon.was_refused("You are muted for 9 min 5")
    assert pair.ice.seen() == []
    pair.ice.say("Be quiet.")
    pair.settle()
    assert pair.moon.seen_messages() == [("ice", "Be quiet.")]
    pair.clear_all()
    pair.ice.order("/unmute moon")
    pair.settle()
    assert pair.moon.was_sent("You are not muted any more.")
    pair.moon.say("sorry")
    pair.settle()
    assert pair.ice.seen_messages() == [("moon", "sorry")]


@every_pair(ice=Ability.ORDERS)
def test_bans_are_listed_for_hosts(pair: Pair) -> None:
    make_host(pair)
    pair.ice.order("/mute moon spam")
    pair.ice.order("/bans")
    pair.settle()
    assert pair.ice.was_sent("moon is muted")
    assert pair.ice.was_sent("(by ice): spam.")


@every_pair(ice=(Ability.ROOMS, Ability.ORDERS))
def test_whoever_makes_a_room_keeps_order_there(pair: Pair) -> None:
    pair.ice.join("#dev")
    sun = pair.enter(NativeUser, "sun")
    sun.join("#dev")
    pair.clear_all()
    pair.ice.order("/kick #dev sun spam")
    pair.settle()
    assert sun.saw_notice("You were removed from #dev by ice: spam. You may come back.")
    assert not sun.is_dropped()
    pair.ice.order("/kick #lobby moon")
    pair.settle()
    assert pair.ice.was_refused("Only a host")


@every_pair(ice=Ability.ORDERS)
def test_nobody_throws_out_a_host_or_themself(pair: Pair) -> None:
    make_host(pair)
    pair.ice.order("/kick ice")
    pair.settle()
    assert pair.ice.was_refused("/quit leaves the chat.")
    assert not pair.ice.is_dropped()


def test_a_jim_client_is_told_why_before_it_is_told_goodbye_and_before_what_waits() -> None:
    with Pair(NativeUser, JimUser) as pair:
        make_host(pair)
        for number in range(5):
            pair.ice.say(f"line {number}")  # one object at a time is sent
        pair.ice.order("/kick moon spam")
        pair.settle()
        first, *important = [seen.text for seen in pair.moon.seen()][:3]
        assert first == "line 0"
        reason = "You were removed from the chat by ice: spam. You may come back."
        assert important == [reason, "kicked"]
