"""Answers that are none: of other programs, of broken servers, or of another etcd."""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from chatd.chat import limits
from chatd.etcd.keys import Keys
from chatd.log.engine import Snapshot
from chatd.log.shared_engine import LogUnreachable
from tests.etcd.engine_harness import ID, Node
from tests.etcd.fake_etcd import FakeEtcd, FakeEtcdServers

KEYS = Keys(ID)


@pytest.fixture
def servers() -> FakeEtcdServers:
    return FakeEtcdServers()


@pytest.fixture
def node(servers: FakeEtcdServers) -> Node:
    """A node that follows the log."""
    return Node(servers).make().follow()


HEADER = b'"header":{"cluster_id":"51966","revision":"9"}'


def http(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def watch(*lines: bytes) -> bytes:
    """The beginning of a watch's answer."""
    chunks = b"".join(b"%x\r\n%s\n\r\n" % (len(line) + 1, line) for line in lines)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks


GARBAGE = {
    "no HTTP": b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
    "endless head": b"HTTP/1.1 200 OK\r\n" + b"X-Junk: 1\r\n" * 10_000,
    "no JSON": http(b"<html>It works!</html>"),
    "JSON of another program": http(b'{"succeeded":true}'),
    "JSON, but no object": http(b"[]"),
    "nested": http(b"[" * 100_000),
    "truncated JSON": http(b'{"header":{"revision":"7"'),
    "truncated body": b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{}",
    "another type": http(b'{"header":{"revision":"many"},"succeeded":true}'),
    "bad base64": http(b'{%s,"kvs":[{"key":"!"}],"responses":[{"response_range":7}]}' % HEADER),
    "bad UTF-8": http(b'{%s,"token":"\xff","responses":"\xff"}' % HEADER),
    "a redirection": http(b"", "302 Found", "Location: http://10.0.0.66:2379/v3/kv/txn\r\n"),
    "too large": http(b'{"x":"' + b"x" * 5_000_000 + b'"}'),
    "too large, without an end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"100000\r\n%s\r\n" % (b"x" * 1_048_576) * 5,
    "a bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "not found": http(b"Not Found", "404 Not Found"),
    "an error of another program": http(b"oops", "500 Internal Server Error"),
    "a refusal that is none": http(b'{"error":[1]}', "400 Bad Request"),
    "two answers": http(b"{}") + http(b"{}"),
}


@pytest.mark.parametrize("raw", GARBAGE.values(), ids=GARBAGE)
def test_a_server_that_answers_something_else_is_passed_over(node: Node, raw: bytes) -> None:
    node.servers.servers[0].raw = raw
    for link in node.servers.links():
        link.abortConnection()
    node.result(node.engine.load(), 9)
    node.result(node.engine.append(b"one"), 3)
    node.servers.advance(5)
    assert node.texts() == ["one"]
    assert node.ends == []


@pytest.mark.parametrize("raw", GARBAGE.values(), ids=GARBAGE)
def test_if_all_answer_something_else_the_log_is_unreachable(node: Node, raw: bytes) -> None:
    for server in node.servers.servers:
        server.raw = raw
        for link in tuple(server.links):
            link.abortConnection()
    requests: list[Callable[[], Deferred[Any]]] = [
        node.engine.load,
        lambda: node.engine.append(b"one"),
        lambda: node.engine.save(Snapshot(99, b"1")),
    ]
    for request in requests:
        with pytest.raises(LogUnreachable, match=r"^etcd at 10.0.0.1:2379 ") as unreachable:
            node.result(request(), 7)
        assert len(str(unreachable.value)) < 1_000
        assert "\n" not in str(unreachable.value)
    assert node.ends == []
    node.close()


def test_an_answer_that_is_too_large_is_not_received_to_its_end(node: Node) -> None:
    node.servers.servers[0].raw = GARBAGE["too large, without an end"]
    node.result(node.engine.load(), seconds=0)


def test_another_program_is_not_taken_for_an_etcd_without_the_log(node: Node) -> None:
    stranger = Node(node.servers)
    for server in node.servers.servers:
        server.raw = GARBAGE["JSON of another program"]
    with pytest.raises(LogUnreachable, match="does not answer as etcd does"):
        stranger.load()


def test_what_comes_behind_an_answer_does_not_answer_the_next_request(node: Node) -> None:
    done = http(b'{%s,"succeeded":true}' % HEADER)
    node.servers.servers[0].raw = done + http(b"{%s}" % HEADER)
    node.append("one", "two")


LINES = {
    "no JSON": [b"oops"],
    "nested": [b"[" * 100_000],
    "neither result nor error": [b"{}"],
    "another type": [b'{"result":{%s,"events":"all"}}' % HEADER],
    "another position": [b'{"result":{%s,"events":[{"kv":{"mod_revision":"x"}}]}}' % HEADER],
    "truncated": [b'{"result":{"events":['],
    "no leader": [b'{"error":{"grpc_code":14,"message":"etcdserver: no leader"}}'],
    "another program": [b'{"result":{"created":true}}'],
    "cancelled": [b'{"result":{%s,"canceled":true,"cancel_reason":"whatever"}}' % HEADER],
    "keys that nobody asked for": [
        b'{"result":{%s,"events":[{"kv":{"key":"eA==","mod_revision":"99"}}]}}' % HEADER
    ],
    "positions of the past": [
        b'{"result":{%s,"events":[{"kv":{"key":"L2NoYXRkL2NhbXB1cy9sb2c=","mod_revision":"1"}}]}}'
        % HEADER
    ],
}


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES)
def test_a_watch_that_is_told_something_else_goes_on_elsewhere(
    node: Node, lines: list[bytes]
) -> None:
    node.append("one")
    node.servers.servers[0].raw = watch(*lines)
    for link in tuple(node.servers.servers[0].links):
        link.lose(ConnectionError())
    node.servers.advance(5)
    node.result(node.engine.append(b"two"), 3)
    node.servers.advance(5)
    assert node.texts() == ["one", "two"]
    assert node.ends == []


def test_a_line_may_not_be_too_long(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ETCD_LINE_BYTES", 10_000)
    [link] = [link for link in node.servers.links() if link.is_watching]
    for _ in range(11):
        link.send_body(b"x" * 1_000)
    node.servers.advance(0.2)
    assert node.servers.watches() == [1]


def test_a_line_may_not_take_too_long(node: Node) -> None:
    [link] = [link for link in node.servers.links() if link.is_watching]
    for _ in range(limits.ETCD_LINE_SECONDS - 1):
        link.send_body(b"x")
        node.servers.advance(1)
    assert node.servers.watches() == [0]
    for _ in range(2):
        link.send_body(b"x")
        node.servers.advance(1)
    assert 0 not in node.servers.watches()


def test_another_etcd_among_the_servers_is_passed_over(node: Node) -> None:
    node.append("one")
    stray = FakeEtcd(cluster_id=0xBAD)
    for number in range(20):
        stray.put(KEYS.log, b"stray %d" % number)
    node.servers.servers[0].etcd = stray
    for link in tuple(node.servers.servers[0].links):
        link.abortConnection()
    node.result(node.engine.append(b"two"), 5)
    node.servers.advance(5)
    assert node.texts() == ["one", "two"]
