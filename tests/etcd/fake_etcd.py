"""An etcd in memory: its keys and revisions, its HTTP, and what can go wrong with its servers."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import h11
from twisted.internet import error
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatd.etcd.address import EtcdAddress, Server

CLUSTER_ID = 0xCAFE


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


@dataclass
class Change:
    """A put or a deletion, in the history."""

    revision: int
    key: bytes
    value: bytes | None
    created: int

    def as_json(self) -> dict[str, Any]:
        kv = {"key": b64(self.key), "mod_revision": str(self.revision)}
        if self.value is None:
            return {"type": "DELETE", "kv": kv}
        return {"kv": {**kv, "value": b64(self.value), "create_revision": str(self.created)}}


class Refused(Exception):
    """An answer with another status than 200."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message


class FakeEtcd:
    """The keys of an etcd, which all of its servers share.

    :ivar requests: the paths that were asked for.
    :ivar password: that of the user ``chatd``; empty where nobody needs one.
    :ivar alarms: what its servers warn of.
    :ivar meanwhile: what somebody else does before the next request for a path is answered.
    :ivar refuse: answers these paths with that message, for as long as they are in it.
    """

    def __init__(self, cluster_id: int = CLUSTER_ID) -> None:
        self.cluster_id = cluster_id
        self.revision = 1
        self.compacted = 0
        self.history: list[Change] = []
        self.requests: list[str] = []
        self.changed: list[Callable[[list[Change]], None]] = []
        self.password = ""
        self.tokens: set[str] = set()
        self.alarms: list[str] = []
        self.refuse: dict[str, tuple[int, str]] = {}
        self.meanwhile: dict[str, Callable[[], object]] = {}

    def put(self, key: bytes, value: bytes) -> None:
        """Put a key by hand."""
        self.change([(key, value)])

    def delete(self, key: bytes, end: bytes = b"") -> int:
        """Delete keys by hand; how many."""
        return self.change([(each, None) for each in self.keys(key, end)])

    def keys(self, key: bytes, end: bytes = b"", revision: int = 0) -> dict[bytes, Change]:
        """The keys of a range as they are, or were at a revision."""
        found: dict[bytes, Change] = {}
        for each in self.history:
            if each.revision > (revision or self.revision):
                break
            if each.key == key if not end else key <= each.key < end:
                found.pop(each.key, None)
                if each.value is not None:
                    found[each.key] = each
        return dict(sorted(found.items()))

    def change(self, changes: list[tuple[bytes, bytes | None]]) -> int:
        if not changes:
            return 0
        self.revision += 1
        made = []
        for key, value in changes:
            before = self.keys(key).get(key)
            created = before.created if before is not None else self.revision
            made.append(Change(self.revision, key, value, created))
        self.history += made
        for call in tuple(self.changed):
            call(made)
        return len(changes)

    def header(self) -> dict[str, str]:
        return {
            "cluster_id": str(self.cluster_id),
            "member_id": "1",
            "revision": str(self.revision),
        }

    def answer(self, path: str, body: dict[str, Any], token: str) -> dict[str, Any]:
        self.requests.append(path)
        if path in self.meanwhile:
            self.meanwhile.pop(path)()
        if path in self.refuse:
            raise Refused(*self.refuse[path])
        if path == "/v3/auth/authenticate":
            return self._authenticate(body)
        if self.password and token not in self.tokens:
            known = "etcdserver: invalid auth token" if token else "etcdserver: user name is empty"
            raise Refused(401 if token else 400, known)
        answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "/v3/kv/put": self._put,
            "/v3/kv/range": self._range,
            "/v3/kv/txn": self._txn,
            "/v3/kv/compaction": self._compact,
            "/v3/maintenance/status": self._status,
        }
        if path not in answers:
            raise Refused(404, "Not Found")
        return {**answers[path](body), "header": self.header()}

    def _authenticate(self, body: dict[str, Any]) -> dict[str, Any]:
        if not self.password:
            raise Refused(412, "etcdserver: authentication is not enabled")
        if body != {"name": "chatd", "password": self.password}:
            raise Refused(400, "etcdserver: authentication failed, invalid user ID or password")
        token = f"token.{len(self.requests)}"
        self.tokens.add(token)
        return {"header": self.header(), "token": token}

    def _put(self, body: dict[str, Any]) -> dict[str, Any]:
        self.put(unb64(body["key"]), unb64(body["value"]))
        return {}

    def _range(self, body: dict[str, Any]) -> dict[str, Any]:
        revision = int(body.get("revision", 0))
        if revision and revision < self.compacted:
            raise Refused(400, "etcdserver: mvcc: required revision has been compacted")
        found = self.keys(unb64(body["key"]), unb64(body.get("range_end", "")), revision)
        kvs = [each.as_json()["kv"] for each in found.values()]
        answer: dict[str, Any] = {"count": str(len(kvs))} if kvs else {}
        return answer if body.get("count_only") or not kvs else {**answer, "kvs": kvs}

    def _txn(self, body: dict[str, Any]) -> dict[str, Any]:
        for compare in body.get("compare", ()):
            key = unb64(compare["key"])
            found = self.keys(key).get(key)
            actual = {
                "CREATE": found.created if found else 0,
                "MOD": found.revision if found else 0,
            }[compare["target"]]
            if actual != int(compare[f"{compare['target'].lower()}_revision"]):
                return {}
        responses: list[dict[str, Any]] = []
        changes: list[tuple[bytes, bytes | None]] = []
        for request in body["success"]:
            [(kind, fields)] = request.items()
            if kind == "request_range":
                responses.append({"response_range": self._range(fields)})
            elif kind == "request_put":
                changes.append((unb64(fields["key"]), unb64(fields["value"])))
            else:
                gone = self.keys(unb64(fields["key"]), unb64(fields["range_end"]))
                changes += [(each, None) for each in gone]
        self.change(changes)
        return {"succeeded": True, "responses": responses}

    def _compact(self, body: dict[str, Any]) -> dict[str, Any]:
        self.compact(int(body["revision"]))
        return {}

    def compact(self, revision: int) -> None:
        if revision <= self.compacted:
            raise Refused(400, "etcdserver: mvcc: required revision has been compacted")
        self.compacted = revision
        last = self.keys(b"\0", b"\xff", revision)
        self.history = [
            each for each in self.history if each.revision > revision or last.get(each.key) is each
        ]

    def _status(self, body: dict[str, Any]) -> dict[str, Any]:
        sizes = {"dbSize": "20480", "dbSizeInUse": "16384"}
        alarms = {"errors": self.alarms} if self.alarms else {}
        return {"version": "3.4.23", "leader": "1", **sizes, **alarms}


@dataclass
class FakeServer:
    """One server of an etcd.

    :ivar is_up: otherwise it refuses connections.
    :ivar is_frozen: it takes connections and requests, and answers none; watches are silent.
    :ivar raw: if set, this is sent in answer to any request, whatever it is.
    """

    etcd: FakeEtcd
    is_up: bool = True
    is_frozen: bool = False
    raw: bytes = b""
    links: list["Link"] = field(default_factory=list)

    def kill(self) -> None:
        """End all connections, and refuse others."""
        self.is_up = False
        for link in tuple(self.links):
            link.lose(error.ConnectionLost())


class Link:
    """The transport of a client's connection, with the server's end of HTTP behind it.

    :ivar is_open: whether the client has neither closed nor lost it.
    """

    def __init__(self, clock: Clock, server: FakeServer, protocol: Any) -> None:
        self.server = server
        self.is_open = True
        self._clock = clock
        self._protocol = protocol
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=4_194_304)
        self._watched: tuple[bytes, bytes] | None = None
        self._path = self._token = ""
        self._body = b""
        server.links.append(self)
        self._etcd = server.etcd
        self._etcd.changed.append(self._changed)
        protocol.makeConnection(self)

    def setTcpNoDelay(self, enabled: bool) -> None:
        pass

    def write(self, data: bytes) -> None:
        self._clock.callLater(0, self._received, data)

    def abortConnection(self) -> None:
        self.lose(error.ConnectionDone())

    def lose(self, reason: Exception) -> None:
        if self.is_open:
            self.is_open = False
            self.server.links.remove(self)
            self._etcd.changed.remove(self._changed)
            self._clock.callLater(0, self._protocol.connectionLost, Failure(reason))

    def send(self, data: bytes) -> None:
        """Send these bytes to the client."""
        self._clock.callLater(0, self._deliver, data)

    def send_line(self, line: dict[str, Any]) -> None:
        """Send a line of a watch."""
        self.send_body(json.dumps(line).encode() + b"\n")

    def send_body(self, data: bytes) -> None:
        """Send more of a response."""
        self._send(h11.Data(data=data))

    @property
    def is_watching(self) -> bool:
        return self._watched is not None

    def _deliver(self, data: bytes) -> None:
        if self.is_open and data:
            self._protocol.dataReceived(data)

    def _received(self, data: bytes) -> None:
        if not self.is_open or self.server.is_frozen:
            return
        self._h11.receive_data(data)
        while (event := self._h11.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Request):
                headers = dict(event.headers)
                assert headers[b"grpc-metadata-hasleader"] == b"true"
                self._path = event.target.decode()
                self._token = headers.get(b"authorization", b"").decode()
                self._body = b""
            elif isinstance(event, h11.Data):
                self._body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self._answer()

    def _answer(self) -> None:
        if self.server.raw:
            self.send(self.server.raw)
            return
        body = json.loads(self._body)
        try:
            if self._path == "/v3/watch":
                self._watch(body["create_request"])
                return
            status, answer = 200, self._etcd.answer(self._path, body, self._token)
        except Refused as refused:
            status = refused.status
            answer = {"error": refused.message, "message": refused.message, "code": 0}
        data = json.dumps(answer).encode()
        self._send(h11.Response(status_code=status, headers=[("content-length", str(len(data)))]))
        self._send(h11.Data(data=data))
        self._send(h11.EndOfMessage())
        self._h11.start_next_cycle()

    def _watch(self, request: dict[str, Any]) -> None:
        etcd = self._etcd
        etcd.requests.append("/v3/watch")
        if etcd.password and self._token not in etcd.tokens:
            raise Refused(401, "etcdserver: invalid auth token")
        self._watched = unb64(request["key"]), unb64(request["range_end"])
        self._send(h11.Response(status_code=200, headers=[("transfer-encoding", "chunked")]))
        start = int(request["start_revision"])
        if start < etcd.compacted:
            gone = {"canceled": True, "compact_revision": str(etcd.compacted)}
            self.send_line({"result": {"header": etcd.header(), **gone}})
            return
        # As etcd 3.4 does at times, the events come first; and much history comes in parts.
        for each in etcd.history:
            if each.revision >= start:
                self._changed([each])
        self.send_line({"result": {"header": etcd.header(), "created": True}})

    def _changed(self, changes: list[Change]) -> None:
        if self._watched is None or self.server.is_frozen:
            return
        key, end = self._watched
        events = [each.as_json() for each in changes if key <= each.key < end]
        if events:
            self.send_line({"result": {"header": self._etcd.header(), "events": events}})

    def _send(self, event: Any) -> None:
        self.send(self._h11.send(event) or b"")


class FakeEtcdServers:
    """The servers of an etcd, by their number, and a clock that drives all.

    :ivar address: of them.
    """

    def __init__(self, count: int = 3, password: str = "", clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.etcd = FakeEtcd()
        self.etcd.password = password
        self.servers = [FakeServer(self.etcd) for _ in range(count)]
        self.address = EtcdAddress(
            tuple(Server(f"10.0.0.{number + 1}") for number in range(count)),
            user="chatd" if password else "",
            password=password,
        )

    def connect(self, server: Server, factory: Factory) -> Deferred[Any]:
        fake = self.servers[self.address.servers.index(server)]
        if not fake.is_up:
            return fail(error.ConnectionRefusedError())
        protocol = factory.buildProtocol(None)
        Link(self.clock, fake, protocol)
        return succeed(protocol)

    def pump(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(1_000):
            due = [
                each
                for each in self.clock.getDelayedCalls()
                if each.getTime() <= self.clock.seconds()
            ]
            if not due:
                return
            self.clock.advance(0)
        raise AssertionError("this goes on for ever")

    def advance(self, seconds: float) -> None:
        """Let that time pass, in small steps."""
        end = self.clock.seconds() + seconds
        while self.clock.seconds() < end:
            self.pump()
            self.clock.advance(min(0.05, end - self.clock.seconds()))
        self.pump()

    def links(self) -> list[Link]:
        """The connections that are open."""
        return [link for server in self.servers for link in server.links]

    def watches(self) -> list[int]:
        """For each watch that is open, the number of its server."""
        return [
            number
            for number, server in enumerate(self.servers)
            for link in server.links
            if link.is_watching
        ]
