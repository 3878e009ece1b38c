"""What other programs do with the ports that speak TLS; OpenSSL's own client plays them."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.programs import CHATD, Program, programs
from tests.ports import HOST, IFADDRS, free_port, free_udp_port
from tests.timeouts import TIMEOUT_SECONDS

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")

#: The names of the ports with TLS, and what each says to a client.
TLS_PORTS = ("port", "tls", "plain-tls", "web-tls", "jim-tls", "irc-tls")


@dataclass
class Server:
    program: Program
    ports: dict[str, int]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    ports = {name: free_port() for name in (*TLS_PORTS, "plain", "web", "jim", "irc")}
    options = [word for name, port in ports.items() for word in (f"--{name}", str(port))]
    with programs() as start:
        command = [*CHATD, "server", *IFADDRS, "--id", "party", *options, "--store", "none"]
        program = start([*command, "--discovery-port", str(free_udp_port())])
        program.expect_stderr("party answers discovery")
        yield Server(program, ports)
        assert not [line for line in program.stderr if "Traceback" in line]


def _openssl(port: int, *options: str, typed: str = "") -> str:
    """What ``openssl s_client`` prints that connects to `port`; it ends when the server closes."""
    command = ["openssl", "s_client", "-connect", f"{HOST}:{port}", *options]
    result = subprocess.run(
        command, input=typed, text=True, capture_output=True, timeout=TIMEOUT_SECONDS, check=False
    )
    return result.stdout + result.stderr


@pytest.mark.parametrize("name", TLS_PORTS)
@pytest.mark.parametrize(("version", "named"), [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
def test_tls_1_2_and_1_3_are_spoken(server: Server, name: str, version: str, named: str) -> None:
    said = _openssl(server.ports[name], version, "-brief")
    assert f"Protocol version: {named}" in said
    assert "CN = party" in said


@pytest.mark.parametrize("name", TLS_PORTS)
@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_older_versions_are_refused(server: Server, name: str, version: str) -> None:
    # At OpenSSL's own level its client would not even try.
    said = _openssl(server.ports[name], version, "-cipher", "DEFAULT@SECLEVEL=0")
    assert "alert protocol version" in said


@pytest.mark.parametrize("name", TLS_PORTS)
def test_ciphers_without_authenticated_encryption_are_refused(server: Server, name: str) -> None:
    said = _openssl(server.ports[name], "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384")
    assert "handshake failure" in said


@pytest.mark.parametrize("name", ["port", "plain-tls"])
def test_renegotiation_is_refused(server: Server, name: str) -> None:
    said = _openssl(server.ports[name], "-tls1_2", typed="R\n")
    assert "RENEGOTIATING" in said
    assert "no renegotiation" in said


def _say(port: int, text: bytes) -> bytes:
    """All that the server sends to a client that says only `text`, until it closes."""
    received = b""
    with socket.create_connection((HOST, port), TIMEOUT_SECONDS) as connection:
        connection.sendall(text)
        try:
            while data := connection.recv(65_536):
                received += data
        except ConnectionResetError:
            pass
    return received


@pytest.mark.parametrize("name", ["tls", "plain-tls", "web-tls", "jim-tls", "irc-tls"])
@pytest.mark.parametrize(
    "text",
    [
        b'{"type":"hello","data":{"nickname":"ice","version":1}}\n',
        b"GET / HTTP/1.1\r\n\r\n",
        b"ice\n",
        b"CAP LS 302\r\nNICK ice\r\nUSER ice 0 * :ice\r\n",
    ],
)
def test_plain_text_at_a_port_for_tls_ends_the_connection(
    server: Server, name: str, text: bytes
) -> None:
    assert _say(server.ports[name], text) == b"This port speaks TLS only.\n"


@pytest.mark.parametrize("name", ["plain", "jim", "web", "irc"])
def test_tls_at_a_port_for_plain_text_ends_the_connection(server: Server, name: str) -> None:
    said = _openssl(server.ports[name], "-tls1_3")
    assert "no peer certificate available" in said
    assert not any("has entered" in line for line in server.program.stderr)


@pytest.mark.parametrize("name", TLS_PORTS)
def test_half_a_handshake_is_closed_after_a_while(server: Server, name: str) -> None:
    assert _say(server.ports[name], b"\x16\x03\x01\x02\x00\x01") == b""
