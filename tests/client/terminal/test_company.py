"""Who is here, what was not read, and which messages of the past are news."""

from chatd.chat import events
from chatd.client.terminal.company import Company
from chatd.wire.native_frames import OkData

WELCOME = events.Welcome("party", 7, "ice", ("#lobby",))


def said(seq: int, room: str = "#lobby") -> events.Said:
    return events.Said(room, seq, 0, "moon", f"number {seq}")


def user(nickname: str, *rooms: str) -> events.User:
    return events.User(nickname, 0, rooms)


def entered(*told: object) -> Company:
    company = Company()
    for each in (WELCOME, *told):
        company.told(each)
    return company


def test_who_enters_leaves_and_is_renamed_is_counted_in_the_rooms() -> None:
    company = entered(
        events.Users((user("ice", "#lobby"), user("moon", "#lobby", "#dev"), user("sun"))),
        events.Entered("star"),
        events.Joined("#dev", "ice"),
    )
    assert company.nicknames == ["ice", "moon", "star", "sun"]
    assert (company.members("#lobby"), company.members("#DEV")) == (3, 2)
    company.told(events.Renamed("moon", "Moonlight"))
    company.told(events.Left("star", "quit"))
    company.told(events.Parted("#dev", "ice"))
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
        company.said(message, "#lobby")
    assert company.unread == [("#dev", 2), ("#tea", 1)]
    company.looks_at("#dev")
    assert company.unread == [("#tea", 1)]


def heard(company: Company, *seqs: int) -> list[int]:
    return [each.seq for each in company.unheard([said(seq) for seq in seqs])]


def test_on_the_first_entering_the_whole_history_is_news() -> None:
    company = entered()
    assert heard(company, 1, 2, 3) == [1, 2, 3]
    assert not company.was_here("#lobby")


def test_what_came_in_before_its_history_did_is_not_shown_twice() -> None:
    company = entered()
    company.said(said(3), "#lobby")
    company.told(OkData("#lobby", 4, 0))
    assert heard(company, 1, 2, 3, 4) == [1, 2]


def test_on_the_return_only_what_was_said_meanwhile_is_news() -> None:
    company = entered()
    company.said(said(3), "#lobby")
    company.told(OkData("#lobby", 4, 0))  # one's own
    company.told(WELCOME)
    company.said(said(7), "#lobby")
    assert heard(company, 2, 3, 4, 5, 6, 7) == [5, 6]
    assert company.was_here("#lobby")


def test_after_a_new_start_of_the_server_its_numbers_begin_anew() -> None:
    company = entered()
    company.said(said(30), "#lobby")
    company.told(events.Welcome("party", 8, "ice", ("#lobby",)))
    assert heard(company, 1, 2) == [1, 2]
    assert company.nicknames == ["ice"], "who is here is asked anew"


def test_what_was_missed_before_the_first_message_read_is_counted() -> None:
    company = entered()
    company.said(said(3), "#lobby")
    company.told(WELCOME)
    assert (company.missed_before(said(4)), company.missed_before(said(54))) == (0, 50)


def test_whatever_a_server_says_of_what_was_missed_it_can_be_told() -> None:
    """Python does not write out numbers of more than 4,300 digits."""
    company = entered()
    company.said(said(0), "#dev")
    company.told(WELCOME)
    huge = events.Said("#lobby", 9 * 10**4300, 0, "moon", "hello")
    assert str(company.missed_before(huge))
