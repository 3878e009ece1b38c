"""SIGHUP has a server read the certificate of its operator again, unless its terminal is gone."""

import signal
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from chatd.tls.certificate import self_signed
from chatd.tls.server_key import make_key, write_key
from tests.e2e.programs import CHATD, TWISTD, programs
from tests.e2e.pty_terminal import StartTerminal
from tests.ports import HOST, IFADDRS, free_port, free_udp_port


def _write(directory: Path) -> None:
    identity = self_signed(make_key(), "party", [], [], datetime.now(UTC))
    pem = identity.certificate.public_bytes(Encoding.PEM)
    (directory / "cert.pem").write_bytes(pem)
    (directory / "key.pem").unlink(missing_ok=True)
    write_key(directory / "key.pem", identity.key)


_COMMANDS = ([*CHATD, "server"], ["nohup", *CHATD, "server"], [*TWISTD, "-n", "chatserver"])


@pytest.mark.parametrize("command", _COMMANDS)
def test_sighup_reads_the_certificate_again(tmp_path: Path, command: list[str]) -> None:
    _write(tmp_path)
    port, irc = free_port(), free_port()
    ports = ("--port", str(port), "--irc-tls", str(irc), "--discovery-port", str(free_udp_port()))
    certificate = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    with programs() as start:
        server = start([*command, *IFADDRS, "--id", "party", *ports, *certificate])
        server.expect_stderr("Chat for chatd clients listens")
        server.expect_stderr("is kept in")
        before = ssl.get_server_certificate((HOST, port))
        _write(tmp_path)
        server.send_signal(signal.SIGHUP)
        server.expect_stderr("A new certificate is used")
        after = ssl.get_server_certificate((HOST, port))
        assert before != after == (tmp_path / "cert.pem").read_text()
        assert ssl.get_server_certificate((HOST, irc)) == after
        (tmp_path / "cert.pem").write_text("half a cert")
        server.send_signal(signal.SIGHUP)
        server.expect_stderr("The certificate stays as it was")
        assert ssl.get_server_certificate((HOST, port)) == after
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0


def test_a_server_with_a_certificate_of_ones_own_ends_with_its_terminal(
    tmp_path: Path, open_terminal: StartTerminal
) -> None:
    _write(tmp_path)
    certificate = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    ports = ("--port", str(free_port()), "--discovery-port", str(free_udp_port()))
    server = open_terminal("server", *IFADDRS, "--id", "party", *ports, *certificate)
    server.expect("is kept in")
    server.hang_up()
    assert server.wait_after_hang_up() == 0
