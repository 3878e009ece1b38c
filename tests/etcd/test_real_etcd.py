"""The shared log on a real etcd of three servers: in order, each entry once, whoever is killed."""

from collections.abc import Iterable, Iterator
from time import monotonic

import pytest
from twisted.internet.defer import Deferred

from chatd.log.engine import LogLost, Snapshot
from chatd.log.shared_engine import LogUnreachable, LogUnusable
from tests.e2e.programs import CHATD, programs
from tests.etcd.real_etcd import RealEtcd, real_etcd
from tests.etcd.real_nodes import Node, nodes, reactor
from tests.fakes import on_reactor
from tests.timeouts import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEtcd]:
    """An etcd of three servers that the tests of this module share; each has a chat of its own."""
    with real_etcd(tmp_path_factory.mktemp("etcd")) as etcd:
        yield etcd


def once_in_order(entries: Iterable[bytes]) -> list[bytes]:
    """The entries without those that were appended twice, as a log leaves them out."""
    return list(dict.fromkeys(entries))


@on_reactor
async def test_all_nodes_read_what_each_has_said_in_one_order(etcd: RealEtcd) -> None:
    async with nodes(f"etcd://{etcd.addresses}", 3) as there:
        for number in range(60):
            await there[number % 3].append(b"%d" % number)
        for node in there:
            assert await node.has(60) == [b"%d" % number for number in range(60)]
        assert there[0].entries == there[1].entries == there[2].entries


@on_reactor
async def test_a_node_begins_with_the_newest_snapshot_and_reads_the_rest(etcd: RealEtcd) -> None:
    async with nodes(f"etcd://{etcd.addresses}", 1) as [node]:
        for number in range(40):
            await node.append(b"%d" % number)
        await node.has(40)
        data = bytes(1_300_000)
        for position in (node.entries[9].position, node.entries[29].position):
            await node.engine.save(Snapshot(position, data + b"%d" % position))
        late = Node(f"etcd://{etcd.addresses}", node.chat)
        snapshot = await late.follow()
        assert snapshot == Snapshot(position, data + b"%d" % position)
        assert await late.has(10) == [b"%d" % number for number in range(30, 40)]
        too_late: list[Exception] = []
        ended: Deferred[None] = Deferred()

        def lost(reason: Exception) -> None:
            too_late.append(reason)
            ended.callback(None)

        late.engine.follow(node.entries[0].position, late.received, lost)
        await ended.addTimeout(TIMEOUT_SECONDS, reactor)
        assert isinstance(too_late[0], LogLost)
        await late.engine.close()


@on_reactor
async def test_much_history_comes_in_parts(etcd: RealEtcd) -> None:
    async with nodes(f"etcd://{etcd.addresses}", 1) as [node]:
        for number in range(20):
            await node.append(bytes([number]) * 500_000)
        late = Node(f"etcd://{etcd.addresses}", node.chat)
        await late.follow()
        assert await late.has(20) == [bytes([number]) * 500_000 for number in range(20)]
        assert len(late.times) > 1
        await late.engine.close()


async def leader(etcd: RealEtcd, node: Node) -> int:
    """The number of the leading server."""
    states = await node.admin.server_states()
    return next(number for number, state in enumerate(states) if state.is_leader)


@on_reactor
async def test_nothing_is_lost_or_doubled_when_the_leader_is_killed(etcd: RealEtcd) -> None:
    async with nodes(f"etcd://{etcd.addresses}", 2) as there:
        dead = etcd.servers[await leader(etcd, there[0])]
        for number in range(100):
            if number == 30:
                dead.kill()
            await there[number % 2].append(b"%d" % number)
        dead.start()
        dead.wait_until_ready()
        await there[0].append(b"end")
        for node in there:
            await node.has(101)
            while node.entries[-1].data != b"end":
                await node.has(len(node.entries) + 1)
            said = [*(b"%d" % number for number in range(100)), b"end"]
            assert once_in_order(entry.data for entry in node.entries) == said
        assert there[0].ends == there[1].ends == []


@on_reactor
async def test_a_server_that_hangs_is_left_within_seconds(etcd: RealEtcd) -> None:
    async with nodes(f"etcd://{etcd.addresses}", 1) as [node]:
        # A follower, to which this node is connected.
        hung = (await leader(etcd, node) + 1) % 3
        order = [hung, (hung + 1) % 3, (hung + 2) % 3]
        address = ",".join(etcd.servers[number].address for number in order)
        other = Node(f"etcd://{address}", node.chat)
        await other.follow()
        etcd.servers[hung].freeze()
        begin = monotonic()
        await other.append(b"one")
        await node.append(b"two")
        assert once_in_order(await other.has(2)) == [b"one", b"two"]
        assert monotonic() - begin < 10
        etcd.servers[hung].thaw()
        await other.engine.close()


@on_reactor
async def test_the_log_goes_on_after_all_servers_were_killed(etcd: RealEtcd) -> None:
    async with nodes(f"etcd://{etcd.addresses}", 1) as [node]:
        await node.append(b"one")
        for server in etcd.servers:
            server.kill()
        with pytest.raises(LogUnreachable, match="is not running"):
            await node.engine.append(b"lost, but known to be")
        for server in etcd.servers:
            server.start()
        for server in etcd.servers:
            server.wait_until_ready()
        await node.append(b"two")
        assert once_in_order(await node.has(2)) == [b"one", b"two"]
        assert node.ends == []


@on_reactor
async def test_a_chat_that_is_removed_ends_its_nodes(etcd: RealEtcd) -> None:
    async with nodes(f"etcd://{etcd.addresses}", 1) as [node]:
        await node.append(b"one")
        assert await node.has(1) == [b"one"]
        await node.admin.remove()
        await node.has(2)
        assert isinstance(node.ends[0], LogUnusable)
        with pytest.raises(LogUnusable, match="was removed"):
            await node.engine.append(b"two")
        with pytest.raises(LogUnusable, match="There is no cluster"):
            await node.admin.remove()


def test_the_commands_make_show_and_remove_a_log(etcd: RealEtcd) -> None:
    def run(action: str, *options: str) -> tuple[int, list[str], list[str]]:
        address = f"etcd://{etcd.addresses}"
        program = start([*CHATD, "cluster", action, "--cluster", address, "--id", "büro", *options])
        return program.wait(), program.stdout, program.stderr

    with programs() as start:
        assert run("status")[0] == 1
        status, out, err = run("init")
        assert (status, err) == (0, [])
        assert out[0] == (
            'The cluster "büro" is made. Start its nodes with the same --cluster and --id: '
            "chatd server --cluster ... --id ..."
        )
        assert out[1].startswith("For TLS, copy the key ")
        status, out, err = run("status")
        assert (status, err) == (0, [])
        assert out[0].startswith("Cluster:     büro (")
        assert [line.split()[0] for line in out[5:]] == [each.address for each in etcd.servers]
        assert run("init")[0] == 1
        assert run("remove", "--yes") == (0, ['The cluster "büro" is removed.'], [])
        assert run("status")[0] == 1
