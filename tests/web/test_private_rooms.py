"""The API gives nothing of a room that has had a key."""

import pytest

from tests.server.harness import Client
from tests.web.http_clients import WebHarness
from tests.web.test_search_api import get

SECRET = "green tea at noon"  # noqa: S105  # it opens nothing


@pytest.fixture
def ice(harness: WebHarness) -> Client:
    """A member that has made #secret, and said something there."""
    member = harness.enter("ice")
    member.send("join", {"room": "#secret"})
    member.send("message", {"room": "#secret", "text": SECRET})
    member.send("set-room", {"room": "#secret", "key": "sesame"})
    member.send("message", {"room": "#secret", "text": SECRET})
    member.send("topic", {"room": "#secret", "text": SECRET})
    assert not member.errors()
    return member


@pytest.mark.usefixtures("ice")
@pytest.mark.parametrize(
    "path", ["/api/users", "/api/rooms", "/api/search?words=tea", "/api/search?from=ice"]
)
def test_no_list_and_no_search_has_it(harness: WebHarness, path: str) -> None:
    response = get(harness.connect_http(), path)
    assert response.status == 200
    assert b"secret" not in response.body
    assert SECRET.encode() not in response.body


@pytest.mark.usefixtures("ice")
@pytest.mark.parametrize("path", ["/api/users?room=%23{}", "/api/messages?room=%23{}"])
def test_it_is_not_told_from_a_room_that_does_not_exist(harness: WebHarness, path: str) -> None:
    client = harness.connect_http()
    secret, nowhere = (get(client, path.format(name)) for name in ("secret", "nowhere"))
    assert secret.status == nowhere.status == 404
    assert secret.body.replace(b"secret", b"nowhere") == nowhere.body


@pytest.mark.usefixtures("ice")
def test_a_search_in_it_finds_nothing(harness: WebHarness) -> None:
    found = get(harness.connect_http(), "/api/search?words=tea&room=%23secret")
    assert found.json["messages"] == []
