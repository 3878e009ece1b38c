"""The roster: members, unread messages, and which messages of a history are unseen."""

from dataclasses import replace

from chatd.chat import events
from chatd.client.terminal.roster import Roster
from chatd.wire.frames import OkData

WELCOME = events.Welcome("party", 7, "ice", ("#lobby",))


def message(seq: int, room: str = "#lobby") -> events.Message:
    return events.Message(room, seq, 0, "moon", f"number {seq}")


def user(nickname: str, *rooms: str) -> events.User:
    return events.User(nickname, 0, rooms)


def after_welcome(*events_received: object) -> Roster:
    roster = Roster()
    for event in (WELCOME, *events_received):
        roster.update(event)
    return roster


def test_members_of_rooms_are_counted_as_they_enter_leave_and_rename() -> None:
    roster = after_welcome(
        events.Users((user("ice", "#lobby"), user("moon", "#lobby", "#dev"), user("sun"))),
        events.MemberEntered("star"),
        events.RoomJoined("#dev", "ice"),
    )
    assert roster.nicknames == ["ice", "moon", "star", "sun"]
    assert (roster.members("#lobby"), roster.members("#DEV")) == (3, 2)
    roster.update(events.MemberRenamed("moon", "Moonlight"))
    roster.update(events.MemberLeft("star", "quit"))
    roster.update(events.RoomLeft("#dev", "ice"))
    assert roster.nicknames == ["ice", "Moonlight", "sun"]
    assert (roster.members("#lobby"), roster.members("#dev")) == (2, 1)


def test_after_resuming_those_who_left_meanwhile_are_gone_and_unread_messages_stay_so() -> None:
    roster = after_welcome(events.Users((user("ice", "#lobby"), user("moon", "#lobby"))))
    roster.message_received(message(3, "#dev"), "#lobby")
    roster.update(replace(WELCOME, resumed=True))
    roster.update(events.Users((user("ice", "#lobby"), user("sun", "#lobby"))))
    assert roster.nicknames == ["ice", "sun"]
    assert roster.members("#lobby") == 2
    assert roster.unread == [("#dev", 1)]


def test_rooms_are_known_from_the_list_and_from_their_members() -> None:
    roster = after_welcome(
        events.Rooms((events.RoomEntry("#lobby", 2), events.RoomEntry("#dev", 1))),
        events.Users((user("moon", "#tea"),)),
    )
    assert roster.rooms == ["#dev", "#lobby", "#tea"]


def test_messages_in_other_rooms_are_unread_until_the_user_switches_there() -> None:
    roster = after_welcome()
    for received in (message(1), message(1, "#dev"), message(2, "#DEV"), message(1, "#tea")):
        roster.message_received(received, "#lobby")
    assert roster.unread == [("#dev", 2), ("#tea", 1)]
    roster.mark_read("#dev")
    assert roster.unread == [("#tea", 1)]


def unseen(roster: Roster, *seqs: int) -> list[int]:
    return [each.seq for each in roster.unseen([message(seq) for seq in seqs])]


def test_on_the_first_entering_the_whole_history_is_unseen() -> None:
    roster = after_welcome()
    assert unseen(roster, 1, 2, 3) == [1, 2, 3]
    assert not roster.is_known_room("#lobby")


def test_messages_that_arrive_before_the_history_are_not_shown_twice() -> None:
    roster = after_welcome()
    roster.message_received(message(3), "#lobby")
    roster.update(OkData("#lobby", 4, 0))
    assert unseen(roster, 1, 2, 3, 4) == [1, 2]


def test_after_a_reconnect_only_missed_messages_are_unseen() -> None:
    roster = after_welcome()
    roster.message_received(message(3), "#lobby")
    roster.update(OkData("#lobby", 4, 0))  # the user's own
    roster.update(WELCOME)
    roster.message_received(message(7), "#lobby")
    assert unseen(roster, 2, 3, 4, 5, 6, 7) == [5, 6]
    assert roster.is_known_room("#lobby")


def test_after_a_restart_of_the_server_nothing_is_remembered() -> None:
    roster = after_welcome()
    roster.message_received(message(30), "#lobby")
    roster.update(events.Welcome("party", 8, "ice", ("#lobby",)))
    assert unseen(roster, 1, 2) == [1, 2]
    assert roster.nicknames == ["ice"], "the users are requested again"


def test_missed_messages_before_the_history_are_counted() -> None:
    roster = after_welcome()
    roster.message_received(message(3), "#lobby")
    roster.update(WELCOME)
    assert (roster.count_missed_before(message(4)), roster.count_missed_before(message(54))) == (
        0,
        50,
    )


def test_the_count_of_missed_messages_can_always_be_shown() -> None:
    """Python does not write out numbers of more than 4,300 digits."""
    roster = after_welcome()
    roster.message_received(message(0), "#dev")
    roster.update(WELCOME)
    huge = events.Message("#lobby", 9 * 10**4300, 0, "moon", "hello")
    assert str(roster.count_missed_before(huge))
