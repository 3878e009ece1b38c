"""The status that the UI gets, and the requests that the UI sends."""

from chatd.chat import commands, events
from chatd.client import status
from chatd.wire import frames
from chatd.wire.frames import FromServer
from tests.client.service_harness import ClientHarness, online

PARTY = "party (10.35.11.111:7777)"


def test_the_ui_gets_each_status_from_the_beginning_to_the_end() -> None:
    client = online(once=False, jitter=0.5)
    assert client.ui.statuses == [status.Connecting(PARTY), status.Online("ice")]
    client.lose_connection()
    assert client.ui.statuses[2:] == [status.Waiting(4.5)]
    client.advance(4.5)
    client.connect()
    client.welcome()
    client.type("/quit")
    assert client.ui.statuses[3:] == [
        status.Connecting(PARTY),
        status.Online("ice"),
        status.Leaving(),
    ]


def test_while_the_user_is_asked_for_another_nickname_the_status_is_asking() -> None:
    client = ClientHarness(is_interactive=True)
    client.connect()
    client.refuse("nickname-taken", "The nickname ice is taken.")
    assert client.ui.statuses[-1] == status.Asking()
    client.service.stopService()


def test_the_default_nickname_is_offered_in_the_prompt() -> None:
    client = ClientHarness(nickname="", is_interactive=True, default_nickname="zoe")
    assert client.ui.default == "zoe"
    client.ui.answer("zoe")
    client.connect()
    [hello] = client.sent()
    assert hello["data"]["nickname"] == "zoe"


class UIRequests:
    """A UI that requests the list of users."""

    def __init__(self, client: ClientHarness) -> None:
        self.replies: list[FromServer] = []
        self._session = client.service.session

    def send(self) -> None:
        self._session.request(commands.ListUsers(), self.replies.append)


def test_the_reply_to_a_request_of_the_ui_is_not_shown() -> None:
    client = online(is_interactive=True)
    ui_requests = UIRequests(client)
    ui_requests.send()
    [request] = client.sent()
    assert request["type"] == "users"
    reply = frames.Users(id=request["id"], data=events.Users((events.User("ice", 0, ("#lobby",)),)))
    client.receive(reply)
    assert ui_requests.replies == [reply]
    assert client.ui.shown == []


def test_a_request_of_the_ui_gets_each_frame_of_its_reply() -> None:
    client = online(is_interactive=True)
    ui_requests = UIRequests(client)
    ui_requests.send()
    [request] = client.sent()
    for more in (True, False):
        data = events.Users((), more=more)
        client.receive(frames.Users(id=request["id"], data=data))
    assert len(ui_requests.replies) == 2
    client.receive(frames.Users(id=request["id"], data=events.Users(())))
    assert len(ui_requests.replies) == 2


def test_a_request_of_the_ui_is_sent_before_queued_lines() -> None:
    client = ClientHarness(is_interactive=True)
    client.type("hello")
    client.connect()
    UIRequests(client).send()
    client.welcome()
    assert client.sent_types() == ["hello", "users", "message"]


def test_the_refusal_of_a_request_of_the_ui_is_not_shown() -> None:
    client = online(is_interactive=True)
    ui_requests = UIRequests(client)
    ui_requests.send()
    [request] = client.sent()
    before = len(client.ui.notices)
    client.receive(frames.Error(id=request["id"], data=frames.ErrorData("no-such-room", "No.")))
    assert client.ui.notices[before:] == []


def test_a_request_of_the_ui_is_dropped_with_the_connection() -> None:
    client = online(is_interactive=True)
    UIRequests(client).send()
    client.lose_connection()
    assert not client.was_notified("may not have arrived")
    client.advance(4.5)
    client.connect()
    client.welcome()
    assert client.sent_types() == ["hello"]


def test_quit_does_not_wait_for_requests_of_the_ui() -> None:
    client = online(is_interactive=True)
    UIRequests(client).send()
    client.type("/quit")
    assert client.sent_types() == ["users", "quit"]
