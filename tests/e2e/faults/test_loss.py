"""A link that loses packets: what is said arrives once and in order, or is named as lost."""

from collections.abc import Callable, Sequence

import pytest

from tests.e2e.faults.chat_programs import client, member, server
from tests.e2e.namespaces import Host

SAID = [f"line {number}" for number in range(100)]


def lose(protocol: str, which: Sequence[str], *hosts: Host) -> None:
    """Lose `which` packets that come to each of `hosts`, as ``iptables -m statistic`` has it.

    Not those that go out: their sender would be told.
    """
    for each in hosts:
        each.firewall(
            *("INPUT", "-i", "eth0", "-p", protocol, "-m", "statistic", *which, "-j", "DROP")
        )


def by_chance(percent: int) -> tuple[str, ...]:
    return "--mode", "random", "--probability", str(percent / 100)


#: A third, but never two in a row: so it is not left to chance how long anything takes.
ONE_IN_THREE = ("--mode", "nth", "--every", "3", "--packet", "0")


@pytest.mark.parametrize("percent", [5, 30])
def test_lines_sent_on_a_lossy_link_arrive_once_and_in_order_or_are_listed(
    percent: int, server_host: Host, host: Callable[[int], Host]
) -> None:
    server(server_host, "--flood", "0")
    moon, lossy = member(host(2), "moon"), host(3)
    ice = member(lossy, "ice")
    lose("tcp", by_chance(percent), server_host, lossy)
    for line in SAID:
        ice.send_line(line)
    ice.close_stdin()
    status = ice.wait(within=100)
    named = {line.strip() for line in ice.stderr} & set(SAID)
    arrived = [line for line in SAID if line not in named]
    assert status == (1 if named else 0)
    moon.expect_stdout(f"ice: {arrived[-1]}")
    heard = [line.removeprefix("ice: ") for line in moon.stdout if line.startswith("ice: ")]
    assert len(set(heard)) == len(heard), "nothing arrives twice"
    assert heard == [line for line in SAID if line in heard], "all is in order"
    assert set(arrived) <= set(heard), "what did not arrive is named"


def test_a_client_on_a_lossy_link_receives_everything_once_and_in_order(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    server(server_host, "--flood", "0")
    lossy = host(2)
    lose("tcp", ONE_IN_THREE, server_host, lossy)
    moon, ice = member(lossy, "moon"), member(host(3), "ice")
    moon.expect_stdout("ice has entered")
    for line in SAID:
        ice.send_line(line)
    moon.expect_stdout(f"ice: {SAID[-1]}")
    assert [line for line in moon.stdout if "ice: " in line] == [f"ice: {line}" for line in SAID]


def test_a_server_is_found_within_three_periods_where_one_datagram_in_three_is_lost(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    server(server_host)
    lossy = host(2)
    lose("udp", ONE_IN_THREE, server_host, lossy)
    ice = client(lossy, "ice")
    ice.expect_stderr("Searching for party")
    ice.expect_stderr("Connected to party", within=9)
