"""A client speaks with the server that it has met, and with nobody else who bears its name."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL, crypto
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.chat import events, limits
from chatd.client.lifecycle import EXIT_REFUSED, ServerAddress
from chatd.client.server_keys import ServerKeys
from chatd.tls import fingerprint
from chatd.tls.certificate import Identity, self_signed
from chatd.tls.contexts import ServerContext, server_factory
from chatd.tls.known_servers import KnownServers, address_key, id_key
from chatd.tls.server_key import make_key
from chatd.wire import frames
from chatd.wire.discovery import Offer
from tests.client.service_harness import PARTY, TOKEN, ClientHarness

NOW = datetime.now(UTC)
OURS, THEIRS = (ServerContext(self_signed(make_key(), "party", [], [], NOW)) for _ in range(2))
OFFERED = ServerAddress(PARTY.host, PARTY.port, "party", OURS.fingerprint)
DIRECT = ServerAddress("10.35.11.111", 5_555)


class UnreadableContext(ServerContext):
    """Shows a certificate that OpenSSL takes, but that is of no version that exists."""

    def use(self, identity: Identity) -> None:
        der = identity.certificate.public_bytes(Encoding.DER)
        version_3, version_9 = bytes.fromhex("a003020102"), bytes.fromhex("a003020108")
        assert version_3 in der
        self.identity = identity
        self._context = SSL.Context(SSL.TLS_METHOD)
        odd = crypto.load_certificate(crypto.FILETYPE_ASN1, der.replace(version_3, version_9, 1))
        self._context.use_certificate(odd)
        self._context.use_privatekey(crypto.PKey.from_cryptography_key(identity.key))


class TlsHarness(ClientHarness):
    """A client, and a network whose servers speak TLS."""

    def __init__(self, known: KnownServers | None = None, **options: Any) -> None:
        self.known = known or KnownServers(None, lambda warning: None)
        super().__init__(known_servers=self.known, **options)
        self._peer: Any = None
        self._peer_transport: Any = None
        self._received = b""

    def connect_with_tls(self, server: ServerAddress, context: ServerContext) -> None:
        """Let the client find its server, which has the key of `context`, and connect."""
        if self.finder.is_searching:
            self.finder.succeed(server)
        self.connect_socket(server)
        harness = self

        class Peer(Protocol):
            def dataReceived(self, data: bytes) -> None:
                harness._received += data

        self._peer = server_factory(context, Factory.forProtocol(Peer), self.reactor).buildProtocol(
            None
        )
        self._peer_transport = StringTransport()
        self._peer.makeConnection(self._peer_transport)
        self.exchange()

    def exchange(self) -> None:
        """Pass on all bytes, both ways."""
        self.advance(0)  # small writes are joined until the next turn
        while self.transport.value() or self._peer_transport.value():
            to_peer, to_client = self.transport.value(), self._peer_transport.value()
            self.transport.clear()
            self._peer_transport.clear()
            if to_peer:
                self._peer.dataReceived(to_peer)
            if to_client and not self.transport.disconnected:
                self._protocol.dataReceived(to_client)
            self.advance(0)

    def receive_bytes(self, data: bytes) -> None:
        if self._peer is None:
            super().receive_bytes(data)
        else:
            self._peer.wrappedProtocol.transport.write(data)
            self.exchange()

    def heard(self) -> str:
        """What the server has received, decrypted, since the last time."""
        self.exchange()
        received, self._received = self._received, b""
        return received.decode()

    def offer(self, context: ServerContext) -> None:
        self.connect_with_tls(
            ServerAddress(PARTY.host, PARTY.port, "party", context.fingerprint), context
        )


@pytest.fixture
def known() -> KnownServers:
    return KnownServers(None, lambda warning: None)


def test_the_key_of_a_server_is_remembered_when_it_is_met_first(known: KnownServers) -> None:
    client = TlsHarness(known)
    client.offer(OURS)
    assert '"hello"' in client.heard()
    assert known.get("party") is None, "nobody was met yet"
    client.welcome()
    assert known.get("party") == OURS.fingerprint
    assert client.was_notified("You meet party for the first time")
    assert client.was_notified(fingerprint.words(OURS.fingerprint))


def test_nothing_is_sent_to_an_impostor_who_repeats_the_offer(known: KnownServers) -> None:
    known.meet("party", OURS.fingerprint)
    client = TlsHarness(known)
    client.connect_with_tls(OFFERED, THEIRS)
    assert client.heard() == ""
    assert client.transport.disconnected
    assert client.was_notified("party (10.35.11.111:7777) has another key than before")
    assert not client.exit_statuses, "the right one may still answer"


def test_the_right_server_is_taken_after_an_impostor(known: KnownServers) -> None:
    known.meet("party", OURS.fingerprint)
    client = TlsHarness(known)
    client.connect_with_tls(OFFERED, THEIRS)
    client.advance(limits.RETRY_SECONDS)
    client.offer(OURS)
    client.heard()
    client.welcome()
    assert client.was_notified("Connected to party")


def test_a_server_that_was_met_is_not_spoken_to_without_tls(known: KnownServers) -> None:
    known.meet("party", OURS.fingerprint)
    client = TlsHarness(known)
    client.finder.succeed(PARTY)
    client.connect_socket(PARTY)
    client.transport.clear()
    client.lose_connection(clean=True)
    assert len(client.reactor.tcpClients) == 1, "it is not tried without TLS"
    assert client.was_notified("does not speak TLS, which it did before, so nothing was sent")
    assert client.was_notified("chatd trust --forget party")
    assert not client.exit_statuses


def test_an_address_is_tried_with_tls_first_and_then_without() -> None:
    client = TlsHarness()
    client.connect(DIRECT)
    client.welcome()
    assert client.was_notified("Connected to")
    assert len(client.reactor.tcpClients) == 2


def test_an_address_whose_key_has_changed_ends_the_client(known: KnownServers) -> None:
    known.meet(address_key(DIRECT.host, DIRECT.port), OURS.fingerprint)
    client = TlsHarness(known)
    client.connect_with_tls(DIRECT, THEIRS)
    assert client.heard() == ""
    assert client.exit_statuses == [EXIT_REFUSED]
    assert client.was_notified(fingerprint.words(THEIRS.fingerprint))
    assert client.was_notified(f"chatd trust 10.35.11.111:5555 {THEIRS.fingerprint}")


def test_an_address_that_is_met_has_its_servers_key(known: KnownServers) -> None:
    client = TlsHarness(known)
    client.connect_with_tls(DIRECT, OURS)
    client.heard()
    client.welcome()
    assert known.get("10.35.11.111:5555") == known.get("party") == OURS.fingerprint


@pytest.mark.parametrize("speaks_tls", [True, False])
def test_an_address_that_calls_itself_a_server_that_was_met_needs_its_key(
    known: KnownServers, speaks_tls: bool
) -> None:
    known.meet("party", OURS.fingerprint)
    client = TlsHarness(known)
    if speaks_tls:
        client.connect_with_tls(DIRECT, THEIRS)
        client.heard()
    else:
        client.connect(DIRECT)
    client.welcome(session=TOKEN)
    assert client.exit_statuses == [EXIT_REFUSED]
    assert not client.was_notified("Connected to")
    assert known.get("10.35.11.111:5555") is None


def test_the_key_of_an_address_counts_whatever_the_server_there_calls_itself(
    known: KnownServers,
) -> None:
    known.meet("party", OURS.fingerprint)
    known.trust(address_key(DIRECT.host, DIRECT.port), THEIRS.fingerprint)
    client = TlsHarness(known)
    client.connect_with_tls(DIRECT, THEIRS)
    client.heard()
    client.welcome()
    assert client.was_notified("Connected to")
    assert known.get("party") == OURS.fingerprint, "that is not changed by it"


def test_a_server_that_has_shown_a_key_is_not_spoken_to_without_it_before_it_is_met() -> None:
    client = TlsHarness(is_interactive=True)
    client.connect_with_tls(DIRECT, OURS)
    client.heard()
    client.refuse("password-required", "ice is an account.")
    client.ui.answer("correct horse")
    client.connect_socket(DIRECT)
    client.transport.clear()
    client.lose_connection(clean=True)
    assert len(client.reactor.tcpClients) == 2, "the password would go without TLS"
    assert client.was_notified("does not speak TLS, which it did before")
    client.advance(limits.RETRY_SECONDS)
    client.connect_with_tls(DIRECT, THEIRS)
    assert client.heard() == ""
    assert client.exit_statuses == [EXIT_REFUSED]


@pytest.mark.parametrize(
    ("server", "is_warned"), [(DIRECT, True), (ServerAddress("127.0.0.1", 5_555), False)]
)
def test_who_is_asked_for_a_password_is_told_if_others_could_read_it(
    server: ServerAddress, is_warned: bool
) -> None:
    client = ClientHarness(is_interactive=True)
    client.connect(server)
    client.refuse("password-required", "ice is an account.")
    assert ("This connection is not encrypted" in client.ui.password_prompts[0]) == is_warned
    encrypted = TlsHarness(is_interactive=True)
    encrypted.connect_with_tls(server, OURS)
    encrypted.heard()
    encrypted.refuse("password-required", "ice is an account.")
    assert encrypted.ui.password_prompts == ["ice is an account. Your password?"]


def test_a_node_that_a_server_has_told_does_not_end_the_client_with_another_key(
    known: KnownServers,
) -> None:
    client = TlsHarness(known)
    client.connect_with_tls(DIRECT, OURS)
    client.heard()
    client.welcome()
    client._protocol.connectionLost(Failure(ConnectionDone()))
    client.advance(limits.RETRY_SECONDS + 1)
    node = ServerAddress("10.35.11.112", 5_555, "", OURS.fingerprint)
    client.connect_with_tls(node, THEIRS)
    assert client.heard() == ""
    assert client.was_notified("10.35.11.112:5555 has another key than before")
    assert not client.exit_statuses


def test_a_certificate_that_cannot_be_read_is_no_key(known: KnownServers) -> None:
    known.meet("party", OURS.fingerprint)
    client = TlsHarness(known)
    client.connect_with_tls(OFFERED, UnreadableContext(OURS.identity))
    client.lose_connection()
    assert client.heard() == ""
    assert client.was_notified("the server's certificate cannot be read")
    assert not client.exit_statuses


def test_what_no_server_calls_itself_is_not_written_down(known: KnownServers) -> None:
    client = TlsHarness(known)
    client.connect_with_tls(DIRECT, OURS)
    client.heard()
    data = events.Welcome("x" * 100_000, 0, "ice", ("#lobby",))
    client.receive(frames.Welcome(data=data))
    assert known.all() == {"10.35.11.111:5555": OURS.fingerprint}
    assert client.was_notified("You meet 10.35.11.111:5555 for the first time")


def test_a_token_of_tls_is_sent_to_the_same_key_only(known: KnownServers) -> None:
    client = TlsHarness(known)
    client.offer(OURS)
    client.heard()
    client.welcome(session=TOKEN)
    known.trust("party", THEIRS.fingerprint)
    client._protocol.connectionLost(Failure(ConnectionDone()))
    client.advance(limits.RETRY_SECONDS + 1)
    client.offer(THEIRS)
    said = client.heard()
    assert '"hello"' in said
    assert TOKEN not in said
    known.trust("party", OURS.fingerprint)
    client._protocol.connectionLost(Failure(ConnectionDone()))
    client.advance(limits.RETRY_SECONDS + 1)
    client.offer(OURS)
    assert TOKEN in client.heard()


def test_a_password_is_sent_to_the_same_key_only(known: KnownServers) -> None:
    client = TlsHarness(known, is_interactive=True)
    client.offer(OURS)
    client.heard()
    client.refuse("password-required", "ice is an account.")
    client.ui.answer("correct horse")
    client.offer(OURS)
    client.heard()
    client.refuse("password-required", "ice is an account.")
    assert "correct horse" in client.heard()
    client.welcome(session=TOKEN)
    client.heard()
    client._protocol.connectionLost(Failure(ConnectionDone()))
    client.advance(limits.RETRY_SECONDS + 1)
    known.trust("party", THEIRS.fingerprint)
    client.offer(THEIRS)
    client.heard()
    client.refuse("password-required", "ice is an account.")
    assert "correct horse" not in client.heard()


def offer(key: str, address: str = "10.35.11.66", server_id: str = "party") -> Offer:
    port = 7_777 if key else 0
    return Offer(1, server_id, address, 7_777, 5, 4, tls_port=port, fingerprint=key)


def test_false_offers_are_passed_over_with_one_warning(known: KnownServers) -> None:
    known.meet(id_key("party"), OURS.fingerprint)
    client = ClientHarness()
    told: list[str] = []
    keys = ServerKeys(known, told.append, client.reactor)
    for _ in range(3):
        assert not keys.accepts(offer(THEIRS.fingerprint))
        assert not keys.accepts(offer(""))
        assert keys.accepts(offer(OURS.fingerprint))
        assert keys.accepts(offer(THEIRS.fingerprint, server_id="class"))
    assert len(told) == 2
    assert "has another key than before" in told[0]
    assert "has no key any more" in told[1]


def test_an_address_with_a_wrong_key_is_left_alone_for_a_while(known: KnownServers) -> None:
    known.meet(id_key("party"), OURS.fingerprint)
    client = ClientHarness()
    keys = ServerKeys(known, lambda sentence: None, client.reactor)
    false = ServerAddress("10.35.11.66", 7_777, "party", OURS.fingerprint)
    assert keys.wrong_key(false, THEIRS.fingerprint)
    assert not keys.accepts(offer(OURS.fingerprint))
    assert keys.accepts(offer(OURS.fingerprint, "10.35.11.111"))
    client.advance(limits.WRONG_KEY_SECONDS)
    assert keys.accepts(offer(OURS.fingerprint))


@pytest.mark.parametrize("is_silent", [True, False])
def test_who_repeats_an_offer_and_lets_no_handshake_succeed_is_left_for_others_shortly(
    known: KnownServers, is_silent: bool
) -> None:
    known.meet(id_key("party"), OURS.fingerprint)
    client = TlsHarness(known)
    client.finder.succeed(OFFERED)
    client.connect_socket(OFFERED)
    if is_silent:
        client.advance(limits.CONNECT_SECONDS)
    else:
        client.lose_connection(clean=True)
    client.advance(limits.RETRY_SECONDS)
    keys = client.service._keys
    assert client.finder.is_searching
    assert not keys.accepts(offer(OURS.fingerprint, OFFERED.host))
    assert keys.accepts(offer(OURS.fingerprint, "10.35.11.66"))
    client.advance(limits.CONNECT_SECONDS + limits.DISCOVERY_PERIOD_SECONDS)
    assert keys.accepts(offer(OURS.fingerprint, OFFERED.host))


def test_a_server_that_was_reached_is_found_again_at_once(known: KnownServers) -> None:
    client = TlsHarness(known)
    client.offer(OURS)
    client.heard()
    client.welcome()
    assert client.service._keys.accepts(offer(OURS.fingerprint, OFFERED.host))


def test_a_host_whose_name_is_the_id_of_a_server_that_was_met_has_its_key(
    known: KnownServers,
) -> None:
    host = ServerAddress("party", 7_777)
    keys = ServerKeys(known, lambda sentence: None, ClientHarness().reactor)
    assert keys.as_server(host) == host, "nobody was met yet"
    known.meet(id_key("party"), OURS.fingerprint)
    found = keys.as_server(host)
    assert keys.no_tls(found)
    assert keys.wrong_key(found, THEIRS.fingerprint)
    assert not keys.wrong_key(found, OURS.fingerprint)
    known.trust(address_key("party", 7_777), THEIRS.fingerprint)
    assert keys.as_server(host) == host, "the user has decided about that address"


def test_an_id_that_would_move_the_cursor_is_escaped(known: KnownServers) -> None:
    told: list[str] = []
    known.meet(id_key("pa\x1brty"), OURS.fingerprint)
    keys = ServerKeys(known, told.append, ClientHarness().reactor)
    keys.accepts(offer(THEIRS.fingerprint, server_id="pa\x1brty"))
    assert "\x1b" not in told[0]
