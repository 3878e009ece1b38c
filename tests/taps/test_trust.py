"""``chatd trust``: the user accepts a key that was compared, or forgets one."""

import os
import shlex
import signal
import sys
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.client.lifecycle import ServerAddress
from chatd.client.server_keys import ServerKeys
from chatd.stderr import write_line
from chatd.taps import trust
from chatd.taps.known_servers import known_servers
from chatd.tls import fingerprint
from chatd.tls.known_servers import id_key
from chatd.wire.discovery import Offer

A, B = ("a" * 64, "b" * 64)


def options(*arguments: str) -> trust.Options:
    parsed = trust.Options()
    parsed.parseOptions(list(arguments))
    return parsed


def key_of(name: str) -> str | None:
    return known_servers(os.environ, write_line).get(name)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def offer(key: str, address: str = "10.0.0.1", server_id: str = "party") -> Offer:
    return Offer(1, server_id, address, 7_777, 5, 4, tls_port=7_777, fingerprint=key)


def ask(
    monkeypatch: pytest.MonkeyPatch, *offers: Offer, answer: bool | None = None
) -> int | str | None:
    """The exit status of ``chatd trust party`` where these servers answer.

    :param answer: of the user; None where nobody can be asked.
    """

    async def collect(*arguments: object) -> tuple[list[Offer], str]:
        return list(offers), "10.0.0.0/24"

    monkeypatch.setattr(trust, "collect", collect)
    monkeypatch.setattr(trust, "is_terminal", lambda: answer is not None)
    monkeypatch.setattr(trust, "_confirmed", lambda: answer)
    parsed = options("party", "--ifaddrs", "127.0.0.1/8")
    running = trust.main(None, parsed, known_servers(os.environ, write_line))
    status: list[int | str | None] = []

    def ended(failure: Failure) -> None:
        assert isinstance(failure.value, SystemExit)
        status.append(failure.value.code)

    Deferred.fromCoroutine(running).addErrback(ended)
    return status[0] if status else 0


def test_a_key_that_is_given_is_trusted(capfd: pytest.CaptureFixture[str]) -> None:
    assert trust.run(options("party", A)) == 0
    assert key_of("party") == A
    assert trust.run(options("party", B.upper())) == 0
    assert key_of("party") == B
    assert "The key of party is trusted from now on." in capfd.readouterr().err


def test_a_server_can_be_named_by_its_address() -> None:
    trust.run(options("10.0.0.1", A))  # an id may look like this
    trust.run(options("10.0.0.1:7777", B))
    assert key_of("10.0.0.1") == A
    assert key_of("10.0.0.1:7777") == B


def test_a_key_can_be_forgotten() -> None:
    trust.run(options("party", A))
    assert trust.run(options("--forget", "party")) == 0
    assert key_of("party") is None


def test_what_is_not_known_cannot_be_forgotten(capfd: pytest.CaptureFixture[str]) -> None:
    trust.run(options("party", A))
    assert trust.run(options("--forget", "party:7777")) == 1
    assert "party:7777 is not known" in capfd.readouterr().err


def test_what_cannot_be_written_down_is_not_said_to_be_done(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    trust.run(options("party", A))
    file = tmp_path / "chatd" / "known_servers"
    file.write_text(file.read_text() + "# " + "x" * limits.KNOWN_SERVERS_BYTES)
    capfd.readouterr()
    with pytest.raises(SystemExit) as raised:
        trust.run(options("class", B))
    assert raised.value.code == 1
    assert trust.run(options("--forget", "party")) == 1
    said = capfd.readouterr().err
    assert said.count("cannot be written") == 2
    assert "from now on" not in said
    assert "forgotten" not in said


@pytest.mark.parametrize(
    "server_id", ["my party", "lab:1", "-v", "it's", "10.0.0.1:7777", "a;b", "%"]
)
def test_a_server_of_any_id_is_trusted_as_the_client_advises(server_id: str) -> None:
    known_servers(os.environ, write_line).meet(id_key(server_id), A)
    told: list[str] = []
    keys = ServerKeys(known_servers(os.environ, write_line), told.append, Clock())
    keys.accepts(offer("", server_id=server_id))
    told.append(keys.wrong_key(ServerAddress("10.0.0.1", 7_777, server_id), B))
    forget, accept = (shlex.split(each.partition("chatd trust ")[2]) for each in told)
    trust.run(options(*accept))
    assert key_of(id_key(server_id)) == B
    trust.run(options(*forget))
    assert key_of(id_key(server_id)) is None


def test_ctrl_c_at_the_question_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        """A terminal where Ctrl-C is pressed; Python reads on if the handler returns."""

        def readline(self) -> str:
            os.kill(os.getpid(), signal.SIGINT)
            return "yes"

    monkeypatch.setattr(sys, "stdin", Terminal())
    before = signal.signal(signal.SIGINT, lambda *of_a_reactor: None)
    try:
        assert not trust._confirmed()
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_known_servers_are_listed(capfd: pytest.CaptureFixture[str]) -> None:
    assert trust.run(options()) == 1
    trust.run(options("my party", A))
    assert trust.run(options()) == 0
    assert capfd.readouterr().out.splitlines()[1].split("  ") == [
        "my party",
        fingerprint.words(A),
    ]


def test_the_key_that_a_server_offers_is_trusted_once_the_user_has_compared_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ask(monkeypatch, offer(A), offer(B, server_id="class"), answer=True) == 0
    assert key_of("party") == A
    assert fingerprint.words(A) in capfd.readouterr().out


def test_without_a_yes_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, offer(A), answer=False) == 1
    assert key_of("party") is None


def test_where_nobody_can_be_asked_the_key_must_be_given(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ask(monkeypatch, offer(A)) == 1
    assert key_of("party") is None
    assert f"To accept it: chatd trust party {A}" in capfd.readouterr().err


def test_of_several_keys_the_user_must_name_one(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ask(monkeypatch, offer(A), offer(B, "10.0.0.66"), answer=True) == 1
    assert key_of("party") is None
    said = capfd.readouterr()
    assert "party (10.0.0.66:7777)" in said.out
    assert "These are several keys" in said.err


def test_a_server_that_does_not_answer_is_said(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ask(monkeypatch, offer(A, server_id="class"), answer=True) == 1
    assert "No party that speaks TLS answered on 10.0.0.0/24." in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("party", "abc"), "FINGERPRINT: 'abc' is not a fingerprint"),
        (("10.0.0.1:7777",), "give the FINGERPRINT of 10.0.0.1:7777, too"),
        (("10.0.0.1:", A), "SERVER: '10.0.0.1:' is not HOST:PORT"),
        (("--forget",), "--forget takes SERVER"),
        (("--forget", "party", A), "--forget takes SERVER, and no FINGERPRINT"),
        (("par\nty",), "is neither a server's id nor an address"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(SystemExit) as raised:
        options(*arguments)
    assert complaint in str(raised.value)
