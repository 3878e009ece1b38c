"""The shared log in etcd, where nothing goes wrong: made, appended to, followed, trimmed."""

import pytest
from twisted.internet.defer import Deferred

from chatd.chat import limits
from chatd.etcd.admin import EtcdAdmin
from chatd.etcd.engine import EtcdEngine
from chatd.etcd.keys import Keys
from chatd.log.engine import LogLost, Snapshot
from chatd.log.shared_engine import LogUnusable
from tests.etcd.engine_harness import ID, Node
from tests.etcd.fake_etcd import FakeEtcdServers


@pytest.fixture
def servers() -> FakeEtcdServers:
    return FakeEtcdServers()


def test_a_log_begins_with_the_snapshot_that_it_was_made_with(servers: FakeEtcdServers) -> None:
    node = Node(servers).make(b"first").follow()
    assert node.load().data == b"first"
    assert node.entries == []


def test_a_log_that_was_not_made_is_not_made_by_a_node(servers: FakeEtcdServers) -> None:
    node = Node(servers)
    with pytest.raises(LogUnusable, match='no cluster "campus" in this etcd'):
        node.load()
    assert servers.etcd.revision == 1


def test_a_log_is_made_once(servers: FakeEtcdServers) -> None:
    Node(servers).make(b"first")
    with pytest.raises(LogUnusable, match=r'"campus" is made already.*chatd cluster remove'):
        Node(servers).make(b"second")
    assert Node(servers).load().data == b"first"


def test_all_nodes_are_told_of_all_entries_in_one_order(servers: FakeEtcdServers) -> None:
    nodes = [Node(servers).make().follow(), Node(servers).follow(), Node(servers).follow()]
    for number in range(30):
        nodes[number % 3].append(f"{number}")
    assert nodes[0].texts() == [f"{number}" for number in range(30)]
    assert nodes[0].entries == nodes[1].entries == nodes[2].entries
    positions = [entry.position for entry in nodes[0].entries]
    assert positions == sorted(set(positions))


def test_what_was_said_before_is_told_first(servers: FakeEtcdServers) -> None:
    node = Node(servers).make().follow()
    node.append("one", "two")
    late = Node(servers).follow()
    node.append("three")
    assert late.texts() == ["one", "two", "three"]


def test_following_again_takes_the_place_of_the_first(servers: FakeEtcdServers) -> None:
    node = Node(servers).make().follow()
    node.append("one", "two")
    node.entries.clear()
    node.engine.follow(node.load().position, node.received, node.ends.append)
    node.append("three")
    assert node.texts() == ["one", "two", "three"]
    assert servers.watches() == [0]
    assert node.ends == []


def test_nothing_is_told_after_the_end(servers: FakeEtcdServers) -> None:
    node, other = Node(servers).make().follow(), Node(servers).follow()
    node.close()
    other.append("one")
    assert node.entries == []
    assert node.ends == []
    other.close()
    assert servers.links() == []
    assert servers.clock.getDelayedCalls() == []


def test_a_node_may_stop_following_in_the_midst_of_what_it_is_told(
    servers: FakeEtcdServers,
) -> None:
    node, late = Node(servers).make().follow(), Node(servers)
    node.append("one")
    start = late.load().position
    late.engine.follow(start, lambda entries: late.close(), late.ends.append)
    servers.pump()
    assert late.ends == []
    node.close()
    assert servers.links() == []


@pytest.mark.parametrize("size", [0, 1, 1_000, 1_001, 2_500])
def test_a_snapshot_takes_the_place_of_the_entries_before_it(
    servers: FakeEtcdServers, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SNAPSHOT_SLICE_BYTES", 1_000)
    node = Node(servers).make().follow()
    node.append("one", "two", "three")
    data = bytes(number % 251 for number in range(size))
    node.result(node.engine.save(Snapshot(node.entries[1].position, data)))
    late = Node(servers).follow()
    assert late.load() == Snapshot(node.entries[1].position, data)
    assert late.texts() == ["three"]


def test_an_older_snapshot_is_not_kept(servers: FakeEtcdServers) -> None:
    node = Node(servers).make().follow()
    node.append("one", "two", "three")
    node.result(node.engine.save(Snapshot(node.entries[1].position, b"newer")))
    revision = servers.etcd.revision
    for entry in node.entries[:2]:
        node.result(node.engine.save(Snapshot(entry.position, b"older")))
    assert servers.etcd.revision == revision
    assert node.load().data == b"newer"


def test_entries_are_forgotten_up_to_the_snapshot_before_the_newest(
    servers: FakeEtcdServers,
) -> None:
    node = Node(servers).make().follow()
    begin = node.load().position
    node.append("one", "two", "three", "four")
    first, second = node.entries[1].position, node.entries[2].position
    node.result(node.engine.save(Snapshot(first, b"1")))
    node.result(node.engine.save(Snapshot(second, b"2")))
    assert Node(servers).follow(first).texts() == ["three", "four"]
    late = Node(servers).follow(begin)
    assert late.texts() == []
    assert [type(end) for end in late.ends] == [LogLost]


def test_only_the_slices_of_the_newest_snapshot_stay(servers: FakeEtcdServers) -> None:
    node = Node(servers).make().follow()
    node.append("one", "two")
    for number, entry in enumerate(node.entries):
        node.result(node.engine.save(Snapshot(entry.position, bytes([number]))))
    keys = servers.etcd.keys(b"/chatd/campus/", b"/chatd/campus0")
    assert [key.count(b"/") for key in keys] == [3, 3, 5]
    values = [change.value for change in keys.values()]
    assert values[2] == b"\1"


def test_a_snapshot_is_read_although_its_slices_are_deleted_meanwhile(
    servers: FakeEtcdServers,
) -> None:
    node = Node(servers).make()
    keys = Keys(ID)
    servers.etcd.meanwhile["/v3/kv/range"] = lambda: servers.etcd.delete(keys.slices, keys.end)
    assert node.load().data == b"first"


def test_the_log_is_followed_from_the_very_first_entry_that_is_left(
    servers: FakeEtcdServers,
) -> None:
    node = Node(servers).make().follow()
    node.append("one", "two")
    late = Node(servers)
    late.load()
    servers.etcd.compact(node.entries[1].position)
    late.engine.follow(node.entries[1].position - 1, late.received, late.ends.append)
    servers.pump()
    assert late.texts() == ["two"]
    assert late.ends == []


def test_two_nodes_save_at_the_same_time(servers: FakeEtcdServers) -> None:
    node, other = Node(servers).make().follow(), Node(servers).follow()
    node.append("one", "two")
    saving = node.engine.save(Snapshot(node.entries[0].position, b"1"))
    other.result(other.engine.save(Snapshot(node.entries[1].position, b"2")))
    node.result(saving)
    found = Node(servers).load()
    assert found in (
        Snapshot(node.entries[0].position, b"1"),
        Snapshot(node.entries[1].position, b"2"),
    )


def test_the_log_of_another_chat_is_another_one(servers: FakeEtcdServers) -> None:
    node = Node(servers).make().follow()
    for other_id in ("campus/log", "campu", "campus0", "büro", "%"):
        node.result(
            Deferred.fromCoroutine(
                EtcdAdmin(servers.clock, node.client, other_id).make("x", b"other")
            )
        )
        engine = EtcdEngine(servers.clock, node.client, other_id)
        node.result(engine.load())
        node.result(engine.append(b"elsewhere"))
        node.result(
            Deferred.fromCoroutine(EtcdAdmin(servers.clock, node.client, other_id).remove())
        )
    assert node.entries == []
    assert node.ends == []
    assert node.load().data == b"first"


def test_a_log_in_which_nothing_was_said_outlives_what_others_do_with_etcd(
    servers: FakeEtcdServers,
) -> None:
    node = Node(servers).make()
    for number in range(10):
        servers.etcd.put(b"/another/program", str(number).encode())
    servers.etcd.compact(servers.etcd.revision)
    node.follow().append("one")
    assert node.texts() == ["one"]


class TwoChats:
    """Nodes of two chats in one etcd."""

    def __init__(self, servers: FakeEtcdServers) -> None:
        self.node = Node(servers).make().follow()
        self.other = Node(servers, "other").make().follow()

    def talk_and_save(self, node: Node, times: int) -> None:
        for number in range(times):
            node.append(str(number))
            snapshot = Snapshot(node.entries[-1].position, b"%d" % number)
            node.result(node.engine.save(snapshot))


def test_a_busy_chat_forgets_nothing_that_a_quiet_one_needs(servers: FakeEtcdServers) -> None:
    chats = TwoChats(servers)
    chats.other.append("one")
    chats.talk_and_save(chats.other, 2)
    chats.other.append("two")
    chats.talk_and_save(chats.node, 9)
    late = Node(servers, "other").follow(chats.other.entries[1].position)
    assert late.texts() == ["1", "two"]
    assert late.ends == []


def test_a_chat_without_entries_since_its_snapshot_keeps_nothing(servers: FakeEtcdServers) -> None:
    chats = TwoChats(servers)
    chats.talk_and_save(chats.other, 2)
    chats.talk_and_save(chats.node, 9)
    assert servers.etcd.compacted == chats.node.entries[-2].position
    assert Node(servers, "other").follow().texts() == []


def test_a_chat_that_nobody_uses_keeps_the_entries_of_others_for_a_while_only(
    servers: FakeEtcdServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    chats = TwoChats(servers)
    chats.other.append("left as it is")
    chats.talk_and_save(chats.node, 9)
    assert servers.etcd.compacted < chats.other.entries[-1].position
    monkeypatch.setattr(limits, "KEPT_REVISIONS", 5)
    chats.talk_and_save(chats.node, 1)
    assert servers.etcd.compacted == chats.node.entries[-2].position - 5


def test_nothing_is_appended_to_a_log_that_was_not_loaded(servers: FakeEtcdServers) -> None:
    node = Node(servers)
    with pytest.raises(RuntimeError, match="not loaded"):
        node.append("one")
    assert servers.etcd.history == []
