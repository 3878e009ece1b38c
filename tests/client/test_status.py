"""The client tells its screen how it stands, and asks for it what it wants to know."""

from chatd.chat import commands, events
from chatd.client import status
from chatd.wire import frames
from chatd.wire.frames import FromServer
from tests.client.service_harness import Client, online

PARTY = "party (10.35.11.111:7777)"


def test_each_state_is_told_from_the_beginning_to_the_end() -> None:
    client = online(once=False, jitter=0.5)
    assert client.ui.statuses == [status.Connecting(PARTY), status.Online("ice")]
    client.lose_connection()
    assert client.ui.statuses[2:] == [status.Waiting(4.5)]
    client.passes(4.5)
    client.connect()
    client.welcome()
    client.types("/quit")
    assert client.ui.statuses[3:] == [
        status.Connecting(PARTY),
        status.Online("ice"),
        status.Leaving(),
    ]


def test_a_person_who_has_to_say_another_name_is_not_connected() -> None:
    client = Client(can_ask=True)
    client.connect()
    client.refuse("nickname-taken", "The nickname ice is taken.")
    assert client.ui.statuses[-1] == status.Asking()
    client.service.stopService()


def test_the_nickname_offered_is_that_of_one_who_says_nothing() -> None:
    client = Client(nickname="", can_ask=True, offered="zoe")
    assert client.ui.default == "zoe"
    client.ui.answer("zoe")
    client.connect()
    [hello] = client.heard()
    assert hello["data"]["nickname"] == "zoe"


class Curious:
    """What the screen learns for itself."""

    def __init__(self, client: Client) -> None:
        self.answers: list[FromServer] = []
        self._session = client.service.session

    def asks(self) -> None:
        self._session.request(commands.ListUsers(), self.answers.append)


def test_what_the_screen_asks_is_not_shown_to_the_person() -> None:
    client = online(can_ask=True)
    curious = Curious(client)
    curious.asks()
    [request] = client.heard()
    assert request["type"] == "users"
    answer = frames.Users(
        id=request["id"], data=events.Users((events.User("ice", 0, ("#lobby",)),))
    )
    client.says(answer)
    assert curious.answers == [answer]
    assert client.ui.shown == []


def test_an_answer_in_parts_is_told_whole() -> None:
    client = online(can_ask=True)
    curious = Curious(client)
    curious.asks()
    [request] = client.heard()
    for more in (True, False):
        data = events.Users((), more=more)
        client.says(frames.Users(id=request["id"], data=data))
    assert len(curious.answers) == 2
    client.says(frames.Users(id=request["id"], data=events.Users(())))
    assert len(curious.answers) == 2


def test_it_is_asked_before_what_waits_to_be_sent() -> None:
    client = Client(can_ask=True)
    client.types("hello")
    client.connect()
    Curious(client).asks()
    client.welcome()
    assert client.heard_types() == ["hello", "users", "message"]


def test_a_refusal_of_it_is_nothing_to_the_person() -> None:
    client = online(can_ask=True)
    curious = Curious(client)
    curious.asks()
    [request] = client.heard()
    before = len(client.ui.notices)
    client.says(frames.Error(id=request["id"], data=frames.ErrorData("no-such-room", "No.")))
    assert client.ui.notices[before:] == []


def test_when_the_connection_breaks_it_is_forgotten() -> None:
    client = online(can_ask=True)
    Curious(client).asks()
    client.lose_connection()
    assert not client.was_told("may not have arrived")
    client.passes(4.5)
    client.connect()
    client.welcome()
    assert client.heard_types() == ["hello"]


def test_who_leaves_does_not_wait_for_it() -> None:
    client = online(can_ask=True)
    Curious(client).asks()
    client.types("/quit")
    assert client.heard_types() == ["users", "quit"]
