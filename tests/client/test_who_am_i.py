"""``/whoami`` tells the user who they are, where, and whether others can read along."""

import pytest

from chatd.client.lifecycle import ServerAddress
from chatd.tls.fingerprint import words
from tests.client.session_harness import SessionHarness

FINGERPRINT = "947651f056ab6aeb140a3db18266bf18f8b31e4295524129782f7e5a29db896a"


@pytest.mark.parametrize(
    ("server", "sentences"),
    [
        (None, ["You are ice, and not connected."]),
        (
            ServerAddress("10.35.11.111", 7777, "party", FINGERPRINT),
            [
                "You are ice on party, over TLS: nobody on the network can read along.",
                f"The server's key: {words(FINGERPRINT)}",
            ],
        ),
        (
            ServerAddress("10.35.11.111", 7777),
            ["You are ice on 10.35.11.111, without TLS: others on the network can read along."],
        ),
        (
            ServerAddress("127.0.0.1", 7777, "party"),
            ["You are ice on party, without TLS, on the server's own computer."],
        ),
    ],
)
def test_whoami_says_it_and_sends_nothing(
    server: ServerAddress | None, sentences: list[str]
) -> None:
    ice = SessionHarness()
    ice.server = server
    ice.type("/whoami")
    assert ice.ui.notices == sentences
    assert ice.sent == []
