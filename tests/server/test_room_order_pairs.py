"""A host sets something in a room, in any dialect, and a pupil with any dialect meets it."""

from tests.server.test_order_pairs import make_host
from tests.server.users import Ability, JimUser, NativeUser, Pair, every_pair


@every_pair(ice=Ability.ORDERS)
def test_in_a_read_only_room_only_hosts_write(pair: Pair) -> None:
    make_host(pair)
    pair.ice.order("/readonly on")
    pair.settle()
    assert pair.moon.saw_notice("ice made #lobby read-only.")
    pair.clear_all()
    pair.moon.say("hello?")
    pair.settle()
    assert pair.moon.was_refused("#lobby is read-only")
    assert pair.ice.seen() == []
    pair.ice.say("Read this.")
    pair.settle()
    assert pair.moon.seen_messages() == [("ice", "Read this.")]
    pair.ice.order("/readonly off")
    pair.settle()
    assert pair.moon.saw_notice("#lobby is not read-only any more (ice).")
    pair.clear_all()
    pair.moon.say("thanks")
    pair.settle()
    assert pair.ice.seen_messages() == [("moon", "thanks")]


@every_pair(ice=Ability.ORDERS)
def test_in_a_slow_room_a_member_waits_between_two_messages(pair: Pair) -> None:
    make_host(pair)
    pair.ice.order("/slow 60")
    pair.harness.pass_time(61)
    pair.clear_all()
    pair.moon.say("one")
    pair.moon.say("two")
    pair.settle()
    assert pair.ice.seen_messages() == [("moon", "one")]
    assert pair.moon.was_refused("#lobby is slow: you can write again in ")


@every_pair(ice=Ability.ORDERS, moon=Ability.ROOMS)
def test_nobody_else_joins_a_closed_room(pair: Pair) -> None:
    make_host(pair)
    sun = pair.enter(NativeUser, "sun")
    sun.join("#dev")
    pair.ice.order("/close #dev")
    pair.settle()
    assert sun.saw_notice("ice closed #dev: nobody else may join it.")
    pair.moon.join("#dev")
    pair.settle()
    assert pair.moon.was_refused("#dev is closed")
    pair.ice.order("/open #dev")
    pair.moon.clear()
    pair.moon.join("#dev")
    pair.settle()
    assert not pair.moon.was_refused("#dev is closed")


@every_pair(ice=(Ability.ROOMS, Ability.ORDERS), moon=(Ability.ROOMS, Ability.ORDERS))
def test_a_room_with_a_word_is_joined_with_it_alone_and_hidden_from_others(pair: Pair) -> None:
    pair.ice.join("#exam")
    pair.ice.order("/key #exam sesame")
    pair.clear_all()
    pair.moon.join("#exam")
    pair.settle()
    assert pair.moon.was_refused("Joining #exam needs its word")
    pair.moon.clear()
    pair.moon.order("/join #exam sesame")
    pair.settle()
    assert not pair.moon.was_refused("needs its word")
    pair.clear_all()
    pair.ice.say("psst", "#exam")
    pair.settle()
    assert pair.moon.seen_messages("#exam") == [("ice", "psst")]
    assert b"sesame" not in pair.moon.received


@every_pair(ice=(Ability.LISTS, Ability.ORDERS))
def test_a_removed_message_is_gone_from_the_history(pair: Pair) -> None:
    make_host(pair)
    pair.moon.say("something bad")
    pair.settle()
    pair.ice.order("/remove 1")
    pair.settle()
    assert pair.ice.was_sent("ice removed message 1 of moon.")
    assert isinstance(pair.moon, JimUser) or pair.moon.was_sent("message 1")
    pair.ice.clear()
    pair.ice.request_history()
    pair.settle()
    assert b"something bad" not in pair.ice.received
    assert isinstance(pair.ice, NativeUser) or b"(removed by ice)" in pair.ice.received
