"""What the terminal client knows of the rooms: who keeps order there, and what is set."""

from chatd.chat import events
from chatd.chat.moderation_events import RoomSettings
from chatd.client.terminal.room_states import RoomStates

WELCOME = events.Welcome("party", 7, "ice", ("#lobby",))


def test_a_room_that_the_user_leaves_is_forgotten_and_others_are_not() -> None:
    states = RoomStates()
    moon = events.User("moon", 0, ("#dev", "#lobby"), operator=("#dev", "#lobby"))
    for event in (
        WELCOME,
        events.Users((moon,)),
        RoomSettings("#dev", read_only=True),
        RoomSettings("#lobby", slow=10),
        events.MemberRenamed("ice", "Eis"),
        events.RoomLeft("#dev", "moon"),
        events.Users((moon,)),
    ):
        states.update(event)
    assert (states.role("moon", "#dev"), states.describe("#dev")) == ("operator", "read-only")
    states.update(events.RoomLeft("#DEV", "eis"))
    assert (states.role("moon", "#dev"), states.describe("#dev")) == ("", "")
    assert (states.role("moon", "#lobby"), states.describe("#lobby")) == ("operator", "slow 10 s")
