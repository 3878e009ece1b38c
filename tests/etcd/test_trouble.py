"""Servers of etcd that die or freeze; what etcd refuses; and keys that are changed by hand."""

import json
from collections.abc import Callable

import pytest
from twisted.internet.defer import Deferred

from chatd.chat import limits
from chatd.etcd import watch
from chatd.etcd.keys import Keys
from chatd.log.engine import LogLost, Snapshot
from chatd.log.shared_engine import LogUnreachable, LogUnusable
from tests.etcd.engine_harness import ID, Node
from tests.etcd.fake_etcd import FakeEtcdServers

KEYS = Keys(ID)
PASSWORD = "sesame"  # noqa: S105  # of the fake's user


@pytest.fixture
def servers() -> FakeEtcdServers:
    return FakeEtcdServers()


@pytest.fixture
def node(servers: FakeEtcdServers) -> Node:
    """A node that follows the log."""
    return Node(servers).make().follow()


# --- servers that fail --------------------------------------------------------------------------


def test_another_server_takes_over_at_once_from_one_that_is_killed(node: Node) -> None:
    node.append("one")
    node.servers.servers[0].kill()
    node.append("two")
    node.servers.advance(limits.ETCD_RETRY_MILLISECONDS / 1_000)
    assert node.texts() == ["one", "two"]
    assert node.servers.watches() == [1]


def test_another_server_is_asked_when_one_has_not_answered(node: Node) -> None:
    node.servers.servers[0].is_frozen = True
    appending = node.engine.append(b"one")
    node.servers.advance(limits.ETCD_REQUEST_SECONDS - 0.1)
    assert not appending.called
    node.result(appending, 0.2)
    node.append("two")
    assert len(node.servers.servers[0].links) <= 1


def test_a_watch_that_is_silent_is_made_anew_at_another_server(node: Node) -> None:
    other = Node(node.servers).follow()
    node.servers.servers[0].is_frozen = True
    other.client._first = 1
    other.append("one")
    node.servers.advance(limits.ETCD_SILENT_SECONDS - 0.1)
    assert node.texts() == []
    node.servers.advance(0.1 + limits.ETCD_RETRY_MILLISECONDS / 1_000)
    assert node.texts() == ["one"]
    assert node.servers.watches() == [1, 1]


def test_a_watch_stays_where_somebody_says_something_every_second(node: Node) -> None:
    for number in range(8):
        node.append(str(number))
        node.servers.advance(1)
    assert node.servers.watches() == [0]
    assert node.servers.etcd.requests.count("/v3/watch") == 1


def test_each_entry_comes_once_while_servers_come_and_go(node: Node) -> None:
    texts = [str(number) for number in range(60)]
    for number, text in enumerate(texts):
        server = node.servers.servers[number % 3]
        if number % 2:
            server.kill()
        else:
            server.is_up = True
        if any(each.is_up for each in node.servers.servers):
            node.append(text)
        node.servers.advance(0.07)
    for server in node.servers.servers:
        server.is_up = True
    node.servers.advance(1)
    entries = [change.value for change in node.servers.etcd.history if change.key == KEYS.log]
    assert [entry.data for entry in node.entries] == entries
    assert node.ends == []


def test_without_any_server_there_is_a_sentence_about_each(node: Node) -> None:
    for server in node.servers.servers:
        server.kill()
    with pytest.raises(LogUnreachable) as unreachable:
        node.append("one")
    assert str(unreachable.value) == "; ".join(
        f"etcd at 10.0.0.{number}:2379 is not running: the connection was refused"
        for number in (1, 2, 3)
    )


def test_no_request_takes_longer_than_all_servers_may_take(node: Node) -> None:
    for server in node.servers.servers:
        server.is_frozen = True
    appending = node.engine.append(b"one")
    with pytest.raises(LogUnreachable, match=r"10.0.0.3:2379 has not answered within 2 seconds"):
        node.result(appending, 3 * limits.ETCD_REQUEST_SECONDS + 0.1)


def test_while_no_server_is_there_the_next_is_tried_ten_times_a_second(node: Node) -> None:
    tried = []
    connect = node.servers.connect

    def counted(*args: object) -> Deferred[object]:
        tried.append(args)
        return connect(*args)  # type: ignore[arg-type]  # as it was called

    node.client._connect = counted
    for server in node.servers.servers:
        server.kill()
    node.servers.advance(5)
    assert 40 <= len(tried) <= 51
    node.servers.servers[2].is_up = True
    node.servers.advance(0.5)
    node.append("one")
    assert node.texts() == ["one"]


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "kind", "sentence"),
    [
        ("etcdserver: mvcc: database space exceeded", LogUnreachable, "etcdctl alarm disarm"),
        ("etcdserver: permission denied", LogUnusable, "grant-permission ROLE readwrite"),
        ("etcdserver: user name is empty", LogUnusable, "demands a user and a password"),
        ("etcdserver: request is too large", LogUnusable, "--max-request-bytes"),
        ("etcdserver: no leader", LogUnreachable, "etcd at 10.0.0.1:2379 refuses: etcdserver: no"),
        ("etcdserver: request timed out", LogUnreachable, "refuses: etcdserver: request timed out"),
        ("\x1b[2J\n" * 1_000, LogUnreachable, "refuses: ?[2J?"),
    ],
)
def test_a_refusal_of_etcd_is_a_sentence(
    node: Node, message: str, kind: type[Exception], sentence: str
) -> None:
    node.servers.etcd.refuse["/v3/kv/txn"] = (503, message)
    with pytest.raises(kind) as refused:
        node.append("one")
    assert sentence in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert len(str(refused.value)) < 1_000


def test_a_user_shows_a_token_for_the_password() -> None:
    servers = FakeEtcdServers(password=PASSWORD)
    node = Node(servers).make().follow()
    node.append("one")
    assert node.texts() == ["one"]
    assert servers.etcd.requests.count("/v3/auth/authenticate") == 1


@pytest.mark.parametrize("answer", ["user name is empty", "authentication is not enabled"])
def test_a_server_that_has_not_read_its_users_yet_is_asked_again(answer: str) -> None:
    servers = FakeEtcdServers(password=PASSWORD)
    node = Node(servers).make().follow()
    node.append("one")
    servers.etcd.refuse["/v3/kv/txn"] = (503, f"etcdserver: {answer}")
    with pytest.raises(LogUnreachable, match="has not read its users yet"):
        node.append("two")
    servers.etcd.refuse.clear()
    node.append("two")
    assert node.texts() == ["one", "two"]


def test_a_token_that_etcd_knows_no_longer_is_renewed() -> None:
    servers = FakeEtcdServers(password=PASSWORD)
    node = Node(servers).make().follow()
    for number in range(3):
        servers.etcd.tokens.clear()
        servers.servers[number].kill()
        servers.servers[number].is_up = True
        servers.advance(0.5)
        node.append(str(number))
    assert node.texts() == ["0", "1", "2"]


def test_a_wrong_password_is_said_at_once() -> None:
    servers = FakeEtcdServers(password=PASSWORD)
    node = Node(servers)
    servers.etcd.password = PASSWORD[::-1]
    with pytest.raises(LogUnusable, match="does not accept that user with that password"):
        node.load()
    assert len(servers.etcd.requests) == 1


def test_a_password_that_is_changed_ends_following() -> None:
    servers = FakeEtcdServers(password=PASSWORD)
    node = Node(servers).make().follow()
    servers.etcd.password = PASSWORD[::-1]
    servers.etcd.tokens.clear()
    servers.servers[0].kill()
    servers.advance(2)
    assert [type(end) for end in node.ends] == [LogUnusable]


# --- what somebody else does with the keys ------------------------------------------------------


def test_a_log_that_is_removed_is_used_no_more(node: Node) -> None:
    node.append("one")
    node.result(Deferred.fromCoroutine(node.admin.remove()))
    assert node.texts() == ["one"]
    assert [str(end) for end in node.ends] == [
        'The cluster "campus" was removed from etcd. If it was made again, restart this node.'
    ]
    for deferred in (node.engine.append(b"two"), node.engine.save(Snapshot(99, b"1"))):
        with pytest.raises(LogUnusable, match="was removed from etcd"):
            node.result(deferred)
    assert servers_keys(node) == []


def test_a_log_that_was_made_anew_meanwhile_is_another_one(node: Node) -> None:
    node.append("one")
    for server in node.servers.servers:
        server.is_up = False
        for link in tuple(server.links):
            if link.is_watching:
                link.lose(ConnectionError())
    other = Node(FakeEtcdServers())
    other.servers.etcd = node.servers.etcd
    for server in other.servers.servers:
        server.etcd = node.servers.etcd
    other.result(Deferred.fromCoroutine(other.admin.remove()))
    other.make().follow().append("anew")
    for server in node.servers.servers:
        server.is_up = True
    node.servers.advance(1)
    assert node.texts() == ["one"]
    assert [type(end) for end in node.ends] == [LogUnusable]
    with pytest.raises(LogUnusable):
        node.append("two")
    assert other.texts() == ["anew"]


def servers_keys(node: Node) -> list[bytes]:
    return list(node.servers.etcd.keys(KEYS.prefix, KEYS.end))


def test_the_key_of_the_log_may_be_deleted_by_hand(node: Node) -> None:
    node.append("one")
    node.servers.etcd.delete(KEYS.log)
    node.append("two")
    assert node.texts() == ["one", "two"]
    assert Node(node.servers).follow().texts() == ["one", "two"]


def test_what_is_put_by_hand_is_passed_on_as_an_entry(node: Node) -> None:
    """The engine does not know what an entry looks like; the log does."""
    node.servers.etcd.put(KEYS.log, b"by hand")
    node.servers.etcd.put(KEYS.prefix + b"other", b"no entry")
    node.servers.etcd.put(KEYS.prefix + b"memo", b"no entry")
    node.servers.pump()
    assert node.texts() == ["by hand"]


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{}",
        b"[" * 100_000,
        b"\xff",
        b'{"cluster_id":"x","position":0,"before":1,"slices":1,"size":1,"sha256":""}',
        b'{"cluster_id":"x","position":3,"before":1,"slices":99,"size":1,"sha256":""}',
        b'{"cluster_id":"x","position":3,"before":1,"slices":-1,"size":-1,"sha256":""}',
        b'{"cluster_id":"x","position":3,"before":1,"slices":9999999,"size":5242879475712,"sha256":""}',
        b'{"cluster_id":"x","position":99999999999999999999999,"before":1,"slices":1,"size":1,"sha256":""}',
        b'{"cluster_id":"x","position":3,"before":1,"slices":1,"size":1,"sha256":"no such slices"}',
    ],
)
def test_a_pointer_that_is_written_by_hand_is_refused_until_a_node_saves_anew(
    node: Node, value: bytes
) -> None:
    node.append("one")
    node.servers.etcd.put(KEYS.pointer, value)
    with pytest.raises(LogUnusable, match="is damaged, or was changed by hand"):
        node.load()
    assert node.ends == []
    node.append("two")
    node.result(node.engine.save(Snapshot(node.entries[-1].position, b"two")))
    assert node.load().data == b"two"


@pytest.mark.parametrize("change", ["delete", "truncate", "write"])
def test_a_slice_that_is_changed_by_hand_is_noticed(
    node: Node, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SNAPSHOT_SLICE_BYTES", 4)
    node.append("one")
    node.result(node.engine.save(Snapshot(node.entries[-1].position, b"0123456789")))
    slices = list(node.servers.etcd.keys(KEYS.slices, KEYS.end))
    if change == "delete":
        node.servers.etcd.delete(slices[1])
    else:
        node.servers.etcd.put(slices[1], {"truncate": b"", "write": b"abcd" * 1_000}[change])
    with pytest.raises(LogUnusable, match="is damaged, or was changed by hand"):
        node.load()


def test_entries_that_others_have_compacted_are_lost(node: Node) -> None:
    node.append("one", "two", "three")
    etcd = node.servers.etcd
    etcd.compact(etcd.revision)
    late = Node(node.servers)
    with pytest.raises(LogUnreachable, match="--auto-compaction-retention that is too small"):
        late.load()
    # A node that has read them all saves a snapshot, and others can begin.
    node.result(node.engine.save(Snapshot(node.entries[-1].position, b"three")))
    late.follow()
    node.append("four")
    assert late.texts() == ["four"]
    assert node.texts() == ["one", "two", "three", "four"]


def test_a_node_that_was_away_for_too_long_has_lost_the_log(node: Node) -> None:
    node.append("one")
    for server in node.servers.servers:
        server.kill()
    etcd = node.servers.etcd
    for number in range(5):
        etcd.put(KEYS.log, str(number).encode())
    etcd.compact(etcd.revision)
    node.servers.servers[1].is_up = True
    node.servers.advance(1)
    assert node.texts() == ["one"]
    assert [type(end) for end in node.ends] == [LogLost]
    node.servers.advance(10)
    assert len(node.ends) == 1
    assert node.servers.watches() == []


def test_an_etcd_that_was_restored_from_a_backup_is_noticed(node: Node) -> None:
    """Its revisions go on from an earlier one, and nothing would be told until they are as high."""
    etcd = node.servers.etcd
    node.append("one")
    kept, revision = list(etcd.history), etcd.revision
    node.append("two", "three")
    etcd.history, etcd.revision = kept, revision
    node.append("four")
    assert [type(end) for end in node.ends] == [LogLost]


def test_an_answer_that_comes_after_others_have_spoken_is_no_backup(node: Node) -> None:
    other = Node(node.servers).follow()
    appending: list[Callable[[], Deferred[None]]] = [
        lambda: node.engine.append(b"one"),
        lambda: other.engine.append(b"two"),
    ]
    done = [append() for append in appending]
    for each in done:
        node.result(each)
    assert node.ends == other.ends == []
    assert json.dumps(node.texts()) == json.dumps(other.texts())


def test_whoever_does_not_take_an_entry_is_told_of_no_more(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(watch._log, "failure", logged.append)
    other = Node(node.servers)

    def fail(entries: object) -> None:
        raise ValueError("a bug")

    other.engine.follow(other.load().position, fail, other.ends.append)
    node.append("one", "two")
    assert [type(end) for end in other.ends] == [watch.NotTaken]
    assert logged == ["entries of the log were not taken"]
    assert node.servers.watches() == [0], "only the other node's is left"


def test_what_is_under_way_ends_with_the_engine(node: Node) -> None:
    for server in node.servers.servers:
        server.is_frozen = True
    failed: list[object] = []
    for deferred in (node.engine.append(b"one"), node.engine.load()):
        deferred.addErrback(failed.append)
    node.servers.pump()
    node.close()
    node.engine.append(b"two").addErrback(failed.append)
    assert len(failed) == 3
    assert node.servers.links() == []
    assert node.servers.clock.getDelayedCalls() == []
