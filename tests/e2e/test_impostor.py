"""An impostor in the subnet, who answers in the name of the server, gets nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.namespaces import Host, Network, create_network
from tests.e2e.programs import CHATD, Program

OFFICE = "10.35.11.0/24"
TEXT = "the exam is on page nine"


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "ours"))
    with create_network([OFFICE]) as made:
        yield made


def hosts(network: Network) -> tuple[Host, Host, Host]:
    """The server's, the impostor's and the client's."""
    server, impostor, client = (
        network.add_host(name, {OFFICE: f"10.35.11.{number}/24"})
        for name, number in (("server", 111), ("impostor", 66), ("client", 112))
    )
    return server, impostor, client


def serve(host: Host, *options: str) -> Program:
    started = host.start(*CHATD, "server", "--id", "party", "--tls", "on", *options)
    started.expect_stderr("answers discovery")
    return started


def chat(host: Host, *options: str) -> Program:
    return host.start(
        *CHATD, "client", "--server", "party", "--nickname", "ice", *options,
        "--ifaddrs", "10.35.11.112/24",
    )  # fmt: skip


def meet(server: Program, client: Host) -> str:
    """Let the client meet its server; the fingerprint of the server's key."""
    first = chat(client)
    first.expect_stderr("You meet party for the first time")
    first.expect_stderr("Connected to party (10.35.11.111:7777)")
    first.close_stdin()
    first.wait()
    (said,) = [line for line in server.stderr if "(fingerprint " in line]
    return said.partition("(fingerprint ")[2].partition(")")[0]


def test_who_repeats_the_servers_offer_but_lacks_its_key_gets_nothing(network: Network) -> None:
    server_host, impostor_host, client_host = hosts(network)
    server = serve(server_host, "--ifaddrs", "10.35.11.111/24")
    fingerprint = meet(server, client_host)
    server.close()

    impostor = impostor_host.start(
        sys.executable, "-m", "tests.e2e.impostor", "10.35.11.66", "party", fingerprint
    )
    impostor.expect_stdout("ready")
    client = chat(client_host)
    client.send_line(TEXT)
    client.expect_stderr("party (10.35.11.66:7777) has another key than before")

    again = serve(server_host, "--ifaddrs", "10.35.11.111/24")
    client.expect_stderr("Connected to party (10.35.11.111:7777)")
    client.close_stdin()
    assert client.wait() == 0
    again.expect_stderr(TEXT)
    assert impostor.stdout == ["ready"], "it was told something"
    assert sum("another key" in line for line in client.stderr) == 1


def test_another_server_with_the_same_id_is_passed_over_with_one_warning(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_host, other_host, client_host = hosts(network)
    server = serve(server_host, "--ifaddrs", "10.35.11.111/24")
    meet(server, client_host)
    server.close()

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "theirs"))
    other = serve(other_host, "--ifaddrs", "10.35.11.66/24")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "ours"))
    client = chat(client_host)
    client.send_line(TEXT)
    client.expect_stderr("10.35.11.66:7777 calls itself party but has another key than before")
    serve(server_host, "--ifaddrs", "10.35.11.111/24")
    client.expect_stderr("Connected to party (10.35.11.111:7777)")
    client.close_stdin()
    assert client.wait() == 0
    assert not any(TEXT in line or "ice has" in line for line in other.stderr)
    assert sum("passes it over" in line for line in client.stderr) == 1


def test_an_address_with_another_key_stops_the_client_until_the_user_trusts_it(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_host, _, client_host = hosts(network)
    server = serve(server_host, "--ifaddrs", "10.35.11.111/24")
    meet(server, client_host)
    direct = (*CHATD, "client", "10.35.11.111", "--nickname", "ice", "--ifaddrs", "10.35.11.112/24")
    first = client_host.start(*direct)
    first.expect_stderr("Connected to")
    first.close_stdin()
    first.wait()
    server.close()

    (tmp_path / "ours/chatd/party.key").unlink()  # it is set up anew
    serve(server_host, "--ifaddrs", "10.35.11.111/24")
    refused = client_host.start(*direct)
    refused.expect_stderr("10.35.11.111:7777 has another key than before")
    assert refused.wait() == 2
    (advice,) = [line for line in refused.stderr if "chatd trust" in line]
    trust = advice.partition("chatd trust ")[2].split()[:2]
    assert client_host.start(*CHATD, "trust", *trust).wait() == 0
    accepted = client_host.start(*direct)
    accepted.expect_stderr("Connected to")
    accepted.close_stdin()
    assert accepted.wait() == 0
