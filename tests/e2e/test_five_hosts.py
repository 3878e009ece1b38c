"""The five-host example of the first design, word for word, on five hosts and two subnets."""

import signal
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tests.e2e.namespaces import Host, Network, create_network
from tests.e2e.programs import CHATD, TWISTD, Program

OFFICE = "10.35.11.0/24"
LAB = "192.168.1.0/24"


@pytest.fixture
def network() -> Iterator[Network]:
    with create_network([OFFICE, LAB]) as made:
        yield made


@pytest.fixture
def hosts(network: Network) -> SimpleNamespace:
    return SimpleNamespace(
        host1=network.add_host("host1", {OFFICE: "10.35.11.111/24"}),
        host2=network.add_host("host2", {LAB: "192.168.1.123/24", OFFICE: "10.35.11.112/24"}),
        host3=network.add_host("host3", {OFFICE: "10.35.11.113/24", LAB: "192.168.1.124/24"}),
        host4=network.add_host("host4", {LAB: "192.168.1.125/24"}),
        host5=network.add_host("host5", {OFFICE: "10.35.11.114/24"}),
    )


def server(host: Host, *options: str) -> Program:
    """`twistd -n chatserver` on `host`, once it can be found."""
    started = host.start(*TWISTD, "-n", "chatserver", *options)
    started.expect_stderr("answers discovery")
    return started


def client(host: Host, *options: str) -> Program:
    return host.start(*TWISTD, "-n", "chatclient", *options)


def party(hosts: SimpleNamespace) -> Program:
    return server(
        hosts.host1,
        *("--ifaddrs", "10.35.11.111/24", "--timeout", "10", "--slots", "5", "--id", "party"),
    )


def work(hosts: SimpleNamespace) -> Program:
    return server(
        hosts.host3,
        *("--ifaddrs", "10.35.11.113/24", "192.168.1.124/24"),
        *("--timeout", "21", "--slots", "9", "--id", "work"),
    )


def ice(hosts: SimpleNamespace) -> Program:
    return client(
        hosts.host2,
        *("--ifaddrs", "192.168.1.123/24", "10.35.11.112/24"),
        *("--server", "party", "--nickname", "ice"),
    )


def moon(hosts: SimpleNamespace) -> Program:
    return client(
        hosts.host4,
        *("--ifaddrs", "192.168.1.125/24", "--server", "work", "--nickname", "moon"),
    )


def sun(hosts: SimpleNamespace) -> Program:
    return client(
        hosts.host5,
        *("--ifaddrs", "10.35.11.114/24", "--server", "work", "--nickname", "sun"),
    )


@pytest.mark.smoke
def test_each_client_finds_its_server_and_messages_stay_on_it(
    hosts: SimpleNamespace,
) -> None:
    party_server, work_server = party(hosts), work(hosts)
    ice_client = ice(hosts)
    ice_client.expect_stderr("Connected to party (10.35.11.111:7777) as ice.")
    moon_client = moon(hosts)
    moon_client.expect_stderr("Connected to work (192.168.1.124:7777) as moon.")
    sun_client = sun(hosts)
    sun_client.expect_stderr("Connected to work (10.35.11.113:7777) as sun.")
    moon_client.expect_stdout("[Server]: sun has entered the chat")

    ice_client.send_line("is anybody at the party?")
    party_server.expect_stderr("ice: 'is anybody at the party?'")
    moon_client.send_line("hello from the lab")
    sun_client.expect_stdout("moon: hello from the lab")
    sun_client.send_line("hello from upstairs")
    moon_client.expect_stdout("sun: hello from upstairs")

    for each in (ice_client, moon_client, sun_client):
        each.close_stdin()
        each.wait()
    assert ice_client.stdout == []
    assert sun_client.stdout[:1] == ["moon: hello from the lab"]
    at_work = "\n".join((*moon_client.stdout, *sun_client.stdout, *work_server.stderr))
    assert "ice has" not in at_work
    assert "is anybody" not in at_work
    at_the_party = "\n".join((*ice_client.stdout, *party_server.stderr))
    assert "hello from" not in at_the_party
    assert "moon" not in at_the_party


def test_a_client_keeps_searching_until_the_server_has_a_free_slot(
    hosts: SimpleNamespace,
) -> None:
    server(hosts.host1, "--ifaddrs", "10.35.11.111/24", "--slots", "1", "--id", "party")
    first = ice(hosts)
    first.expect_stderr("Connected to party")
    second = client(
        hosts.host5,
        *("--ifaddrs", "10.35.11.114/24", "--server", "party", "--nickname", "late"),
    )
    second.expect_stderr("party is full")
    pushy = hosts.host3.start(
        *CHATD, "client", "10.35.11.111", "7777", "--nickname", "pushy",
        "--ifaddrs", "10.35.11.113/24",
    )  # fmt: skip
    assert pushy.wait() == 1
    assert "The server is full; try again later." in pushy.stderr
    first.close_stdin()
    first.wait()
    second.expect_stderr("Connected to party")
    assert first.stdout == []


def test_an_inactive_client_is_disconnected_and_others_are_notified(
    hosts: SimpleNamespace,
) -> None:
    server(
        hosts.host3,
        *("--ifaddrs", "10.35.11.113/24", "192.168.1.124/24", "--timeout", "10", "--id", "work"),
    )
    silent, talker = moon(hosts), sun(hosts)
    for each in (silent, talker):
        each.expect_stderr("Connected to work")
    talker.send_line("anybody?")
    silent.expect_stdout("sun: anybody?")
    talker.expect_stdout("[Server]: moon has left the chat (inactive)")
    silent.expect_stderr("Not connected: inactive.")


def test_clients_reconnect_to_a_restarted_server(hosts: SimpleNamespace) -> None:
    first = work(hosts)
    moon_client, sun_client = moon(hosts), sun(hosts)
    for each in (moon_client, sun_client):
        each.expect_stderr("Connected to work")
    first.send_signal(signal.SIGKILL)
    first.wait()
    moon_client.expect_stderr("Trying again in")
    moon_client.send_line("typed meanwhile")
    moon_client.expect_stderr("What you type is sent when you are online again")
    before = [len(each.stderr) for each in (moon_client, sun_client)]
    again = work(hosts)
    for each, seen in zip((sun_client, moon_client), reversed(before), strict=True):
        each.expect_stderr("Connected to work", after=seen)
    again.expect_stderr("moon: 'typed meanwhile'")


def test_a_second_server_and_a_second_client_on_one_host_work_beside_the_first(
    hosts: SimpleNamespace,
) -> None:
    work(hosts)
    second = server(hosts.host3, "--ifaddrs", "10.35.11.113/24", "192.168.1.124/24", "--id", "play")
    assert not any(line.endswith(":7777") for line in second.stderr)
    at_work, at_play = (
        moon(hosts),
        client(
            hosts.host4,
            *("--ifaddrs", "192.168.1.125/24", "--server", "play", "--nickname", "moon"),
        ),
    )
    at_work.expect_stderr("Connected to work (192.168.1.124:7777) as moon.")
    at_play.expect_stderr("Connected to play (192.168.1.124:")
    listed = hosts.host4.start(*CHATD, "servers", "--ifaddrs", "192.168.1.125/24")
    assert listed.wait() == 0
    assert [line.split()[0] for line in listed.stdout] == ["SERVER", "play", "work"]


def test_a_taken_nickname_is_refused(hosts: SimpleNamespace) -> None:
    work(hosts)
    moon(hosts).expect_stderr("Connected to work")
    other = hosts.host5.start(
        *CHATD, "client", "--ifaddrs", "10.35.11.114/24", "--server", "work", "-n", "MOON"
    )
    assert other.wait() == 2
    assert (
        "The nickname MOON is taken; choose another one. Use another nickname: --nickname NAME"
        in (other.stderr)
    )


def test_one_interface_that_is_down_stops_neither_the_server_nor_the_client(
    hosts: SimpleNamespace,
) -> None:
    hosts.host3.set_link("eth0", "down")
    hosts.host2.set_link("eth1", "down")
    work_server = work(hosts)
    work_server.expect_stderr("10.35.11.113/24 for now")
    both = client(
        hosts.host2,
        *("--ifaddrs", "10.35.11.112/24", "192.168.1.123/24", "--server", "work", "-n", "ice"),
    )
    both.expect_stderr("Connected to work (192.168.1.124:7777) as ice.")
    hosts.host3.set_link("eth0", "up")
    work_server.expect_stderr("can be discovered in 10.35.11.113/24 again")
    sun(hosts).expect_stderr("Connected to work (10.35.11.113:7777) as sun.")
