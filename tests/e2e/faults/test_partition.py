"""A network that falls into two halves, and is whole again before anybody is given up."""

from collections.abc import Callable

from tests.e2e.faults.chat_programs import member, server
from tests.e2e.namespaces import Host


def test_messages_of_both_sides_arrive_once_and_in_order_after_the_partition(
    server_host: Host, host: Callable[[int], Host]
) -> None:
    server(server_host)
    hosts = [host(number) for number in (2, 3, 4, 5)]
    members = [
        member(each, nickname)
        for each, nickname in zip(hosts, ("ice", "moon", "sun", "star"), strict=True)
    ]
    ice, moon, sun, star = members
    ice.expect_stdout("star has entered")
    for each in hosts[2:]:
        each.detach()
    said: dict[str, list[str]] = {"ice": [], "sun": []}
    for number in range(20):
        for nickname, speaker in (("ice", ice), ("sun", sun)):
            said[nickname].append(f"{nickname}: {number}")
            speaker.send_line(str(number))
    moon.expect_stdout(said["ice"][-1])
    assert not any("sun: " in line or "left" in line for line in moon.stdout)
    for each in hosts[2:]:
        each.attach()
    for listener in (moon, star):
        for nickname, lines in said.items():
            listener.expect_stdout(lines[-1])
            heard = [line for line in listener.stdout if line.startswith(f"{nickname}: ")]
            assert heard == lines
    for one in members:
        assert not any("left" in line for line in one.stdout)
        assert len(one.stderr) == 2, "nothing but the search and the connection"
