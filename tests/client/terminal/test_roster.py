"""Who is here, what was not read, and which messages of the past are news."""

from chatd.chat import events
from chatd.client.terminal.roster import Roster
from chatd.wire.frames import OkData

WELCOME = events.Welcome("party", 7, "ice", ("#lobby",))


def said(seq: int, room: str = "#lobby") -> events.Message:
    return events.Message(room, seq, 0, "moon", f"number {seq}")


def user(nickname: str, *rooms: str) -> events.User:
    return events.User(nickname, 0, rooms)


def entered(*told: object) -> Roster:
    company = Roster()
    for each in (WELCOME, *told):
        company.update(each)
    return company


def test_who_enters_leaves_and_is_renamed_is_counted_in_the_rooms() -> None:
    company = entered(
        events.Users((user("ice", "#lobby"), user("moon", "#lobby", "#dev"), user("sun"))),
        events.MemberEntered("star"),
        events.RoomJoined("#dev", "ice"),
    )
    assert company.nicknames == ["ice", "moon", "star", "sun"]
    assert (company.members("#lobby"), company.members("#DEV")) == (3, 2)
    company.update(events.MemberRenamed("moon", "Moonlight"))
    company.update(events.MemberLeft("star", "quit"))
    company.update(events.RoomLeft("#dev", "ice"))
    assert company.nicknames == ["ice", "Moonlight", "sun"]
    assert (company.members("#lobby"), company.members("#dev")) == (2, 1)


def test_rooms_are_known_from_the_list_and_from_whoever_is_in_one() -> None:
    company = entered(
        events.Rooms((events.RoomEntry("#lobby", 2), events.RoomEntry("#dev", 1))),
        events.Users((user("moon", "#tea"),)),
    )
    assert company.rooms == ["#dev", "#lobby", "#tea"]


def test_messages_in_other_rooms_are_unread_until_the_person_goes_there() -> None:
    company = entered()
    for message in (said(1), said(1, "#dev"), said(2, "#DEV"), said(1, "#tea")):
        company.message_received(message, "#lobby")
    assert company.unread == [("#dev", 2), ("#tea", 1)]
    company.mark_read("#dev")
    assert company.unread == [("#tea", 1)]


def heard(company: Roster, *seqs: int) -> list[int]:
    return [each.seq for each in company.unseen([said(seq) for seq in seqs])]


def test_on_the_first_entering_the_whole_history_is_news() -> None:
    company = entered()
    assert heard(company, 1, 2, 3) == [1, 2, 3]
    assert not company.is_known_room("#lobby")


def test_what_came_in_before_its_history_did_is_not_shown_twice() -> None:
    company = entered()
    company.message_received(said(3), "#lobby")
    company.update(OkData("#lobby", 4, 0))
    assert heard(company, 1, 2, 3, 4) == [1, 2]


def test_on_the_return_only_what_was_said_meanwhile_is_news() -> None:
    company = entered()
    company.message_received(said(3), "#lobby")
    company.update(OkData("#lobby", 4, 0))  # one's own
    company.update(WELCOME)
    company.message_received(said(7), "#lobby")
    assert heard(company, 2, 3, 4, 5, 6, 7) == [5, 6]
    assert company.is_known_room("#lobby")


def test_after_a_new_start_of_the_server_its_numbers_begin_anew() -> None:
    company = entered()
    company.message_received(said(30), "#lobby")
    company.update(events.Welcome("party", 8, "ice", ("#lobby",)))
    assert heard(company, 1, 2) == [1, 2]
    assert company.nicknames == ["ice"], "who is here is asked anew"


def test_what_was_missed_before_the_first_message_read_is_counted() -> None:
    company = entered()
    company.message_received(said(3), "#lobby")
    company.update(WELCOME)
    assert (company.count_missed_before(said(4)), company.count_missed_before(said(54))) == (0, 50)


def test_whatever_a_server_says_of_what_was_missed_it_can_be_told() -> None:
    """Python does not write out numbers of more than 4,300 digits."""
    company = entered()
    company.message_received(said(0), "#dev")
    company.update(WELCOME)
    huge = events.Message("#lobby", 9 * 10**4300, 0, "moon", "hello")
    assert str(company.count_missed_before(huge))
