"""``chatd cluster``: what a user types, what is done in etcd, and the sentence for each mistake."""

import io
import json
import os
import shlex
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from chatd.chat import server_events
from chatd.cli import main as chatd_main
from chatd.etcd.address import PASSWORD_VARIABLE
from chatd.log import cluster_codec, codec
from chatd.log.cluster_codec import decode_state, first_snapshot
from chatd.log.node_operations import VERSION, BeginNode
from chatd.taps import cluster
from tests.etcd.engine_harness import Node
from tests.etcd.fake_etcd import FakeEtcdServers
from tests.fakes import FakeRunningReactor

ADDRESS = "etcd://10.0.0.1,10.0.0.2,10.0.0.3"

#: The time, in milliseconds since 1970.
NOW = 1_795_003_200_000

Run = Callable[..., object]


def begin_node(name: str, now: int) -> bytes:
    """The entry with which a node begins."""
    node = server_events.Node(name, ("10.0.1.1:7777",), ("http://10.0.1.1:8080",))
    operation = BeginNode(node, slots=9, version=VERSION)
    operations = cluster_codec.join_operations([codec.encode_operation(operation)])
    return cluster_codec.encode_entry(name, 1, 1, now, operations)


@pytest.fixture
def servers() -> FakeEtcdServers:
    return FakeEtcdServers(clock=FakeRunningReactor())


@pytest.fixture
def run(servers: FakeEtcdServers, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``chatd cluster`` for up to ten seconds; the exit status, or None if it goes on."""
    monkeypatch.setattr(time, "time_ns", lambda: NOW * 1_000_000)
    monkeypatch.setattr(cluster, "connector", lambda reactor, address: servers.connect)

    def start(line: str, seconds: float = 10) -> object:
        options = cluster.Options()
        options.parseOptions([*shlex.split(line), "--cluster", ADDRESS, "--id", "campus"])
        ended: list[Any] = []
        Deferred.fromCoroutine(cluster.main(servers.clock, options)).addBoth(ended.append)
        servers.advance(seconds)
        if not ended:
            return None
        if not isinstance(ended[0], Failure):
            return 0
        assert isinstance(ended[0].value, SystemExit)
        return ended[0].value.code

    return start


def error_message(line: str) -> str:
    """The one line on standard error that refuses `line`; the exit status is 1."""
    with pytest.raises(SystemExit) as ended:
        chatd_main(["cluster", *shlex.split(line)])
    assert isinstance(ended.value.code, str)
    assert len(ended.value.code.splitlines()) == 1
    return ended.value.code


def test_init_makes_a_log_with_which_nodes_can_begin(
    servers: FakeEtcdServers, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("init") == 0
    assert capsys.readouterr().out.startswith('The cluster "campus" is made.')
    assert servers.links() == []
    state = decode_state(Node(servers).load().data)
    assert (state.server_id, state.entries, state.lives) == ("campus", 0, ())


def test_two_clusters_of_one_id_have_different_names(servers: FakeEtcdServers, run: Run) -> None:
    pointers = set()
    for _ in range(2):
        run("init")
        pointers.add(Node(servers).load().data)
        run("remove --force")
    assert len(pointers) == 2


def test_init_does_not_touch_a_log_that_is_there(
    servers: FakeEtcdServers, run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    Node(servers).make(b"first")
    assert run("init") == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err == (
        'chatd cluster: The cluster "campus" is made already. To begin anew, first remove it, with '
        "all that was said there: chatd cluster remove\n"
    )
    assert Node(servers).load().data == b"first"


def test_status_shows_etcd_and_the_log(
    servers: FakeEtcdServers, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    node = Node(servers).make(first_snapshot("campus", "cafe", NOW)).follow()
    node.result(node.engine.append(begin_node("lab-1", NOW - 3_000)))
    node.result(node.engine.append(begin_node("lab-2", NOW - 99_000)))
    servers.servers[2].is_up = False
    assert run("status") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Cluster:     campus (cafe)",
        "Last entry:  4",
        "Snapshot:    1 (0.0 MB)",
        "",
        "NODE   STATE    LAST HEARD  SLOTS  ADDRESSES",
        "lab-1  running  3 s ago     9      10.0.1.1:7777",
        "lab-2  silent   99 s ago    9      10.0.1.1:7777",
        "",
        "ETCD           VERSION  LEADER  REVISION  DATABASE  IN USE",
        "10.0.0.1:2379  3.4.23   yes     4         0.0 MB    0.0 MB",
        "10.0.0.2:2379  3.4.23   yes     4         0.0 MB    0.0 MB",
        "10.0.0.3:2379  -                -         -         -",
        "",
        "etcd at 10.0.0.3:2379 is not running: the connection was refused",
    ]


def test_status_is_one_object_for_programs(
    servers: FakeEtcdServers, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    node = Node(servers).make(first_snapshot("campus", "cafe", NOW)).follow()
    node.result(node.engine.append(begin_node("lab-1", NOW)))
    assert run("status --json") == 0
    status = json.loads(capsys.readouterr().out)
    assert status["nodes"] == [
        {
            "name": "lab-1",
            "state": "running",
            "heard_ms": NOW,
            "slots": 9,
            "addresses": ["10.0.1.1:7777"],
            "origins": ["http://10.0.1.1:8080"],
        }
    ]
    size = status["log"]["snapshot"].pop("bytes")
    assert 0 < size < 1_000
    assert status["id"] == "campus"
    assert status["log"] == {
        "cluster": "cafe",
        "made_at": 2,
        "last_entry": 3,
        "snapshot": {"position": 1},
    }
    assert [each["address"] for each in status["servers"]] == [
        f"10.0.0.{number}:2379" for number in (1, 2, 3)
    ]


def test_status_fails_without_a_log(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("status --json") == 1
    out, err = capfd.readouterr()
    assert json.loads(out)["log"] is None
    assert err == (
        'chatd cluster: There is no cluster "campus" in this etcd. Make it once with: '
        "chatd cluster init\n"
    )


def test_status_fails_while_etcd_raises_an_alarm(
    servers: FakeEtcdServers, run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    run("init")
    capfd.readouterr()
    servers.etcd.alarms = ["memberID:1 alarm:NOSPACE \x1b[2J"]
    assert run("status") == 1
    out, err = capfd.readouterr()
    assert "etcd at 10.0.0.1:2379: memberID:1 alarm:NOSPACE <U+001B>[2J" in out.splitlines()
    assert err == "chatd cluster: etcd raises an alarm: memberID:1 alarm:NOSPACE <U+001B>[2J\n"


def test_status_fails_if_the_log_is_of_another_version(
    servers: FakeEtcdServers, run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    Node(servers).make(b"of tomorrow")
    assert run("status") == 1
    assert (
        "chatd cluster: The cluster's log is of another version of chatd" in capfd.readouterr().err
    )


def test_without_etcd_there_is_a_sentence(
    servers: FakeEtcdServers, run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    for server in servers.servers:
        server.is_up = False
    for action in ("init", "status", "remove --yes"):
        assert run(action) == 1
        err = capfd.readouterr().err
        assert err.startswith("chatd cluster: etcd at 10.0.0.1:2379 is not running: the connection")
        assert len(err.splitlines()) == 1


def test_remove_deletes_what_has_a_key_of_this_chat(
    servers: FakeEtcdServers, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    Node(servers).make().follow().append("one")
    servers.etcd.put(b"/chatd/campus2/log", b"another chat")
    assert run("remove --yes") == 0
    assert capsys.readouterr().out == 'The cluster "campus" is removed.\n'
    assert list(servers.etcd.keys(b"/", b"0")) == [b"/chatd/campus2/log"]


def test_what_is_not_there_cannot_be_removed(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("remove --yes") == 1
    assert 'There is no cluster "campus" in this etcd' in capfd.readouterr().err


@pytest.mark.parametrize(("option", "status"), [("", 1), ("--force", 0)])
def test_remove_is_refused_while_nodes_are_running(
    servers: FakeEtcdServers,
    run: Run,
    option: str,
    status: int,
    capfd: pytest.CaptureFixture[str],
) -> None:
    node = Node(servers).make().follow()
    node.append("one")

    def tick() -> None:
        node.engine.append(b"tick").addErrback(lambda _: None)

    servers.clock.callLater(1, tick)
    assert run(f"remove --yes {option}") == status
    assert ("nodes of this cluster are running" in capfd.readouterr().err) == bool(status)
    assert bool(node.ends) == (not status)


def test_an_interrupted_run_ends_with_status_1(servers: FakeEtcdServers, run: Run) -> None:
    Node(servers).make().follow().append("one")
    assert run("remove --yes", 1) is None
    reactor = servers.clock
    assert isinstance(reactor, MemoryReactorClock)
    for call, args, kwargs in reactor.triggers["before"]["shutdown"]:
        call(*args, **kwargs)
    servers.pump()
    assert servers.watches() == [0], "only the node's connections are left"
    assert Node(servers).load().data == b"first"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "name one of: init, status, remove; see --help"),
        ("make", "name one of: init, status, remove; see --help"),
        ("init status", "name one of: init, status, remove; see --help"),
        ("init --id campus", "--cluster: must be given; see --help"),
        ("init --cluster etcd://10.0.0.1", "--id: must be given; see --help"),
        (
            "init --cluster 10.0.0.1 --id x",
            "--cluster: must be an address of etcd, such as etcd://",
        ),
        ("init --cluster etcd://h1 --id ''", "--id: '' is not 1 to 64 printable characters"),
        ("init --bogus", "option --bogus not recognized; see --help"),
        (
            "init --cluster etcds://h1?ca=/no/where --id x",
            "--cluster: has ca='/no/where', which cannot be read: No such file or directory",
        ),
        (
            "init --cluster etcds://h1?ca=/dev/null --id x",
            "--cluster: has ca='/dev/null', which is not a file in PEM",
        ),
    ],
)
def test_a_wrong_option_is_one_line_with_status_1(line: str, sentence: str) -> None:
    assert error_message(line).startswith(f"chatd cluster: {sentence}")


def test_a_wrong_address_is_not_repeated_since_it_may_have_a_password() -> None:
    assert "sesame" not in error_message("init --cluster etcd://chatd:sesame@h1,, --id x")


def test_the_password_may_be_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "sesame")
    options = cluster.Options()
    options.parseOptions(["status", "--cluster", "etcd://chatd@h1", "--id", "campus"])
    assert options["cluster"].password == "sesame"  # noqa: S105  # an example


def test_off_a_terminal_remove_needs_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert error_message(f"remove --cluster {ADDRESS} --id campus") == (
        "chatd cluster: remove deletes all that was said; give --yes if that is meant"
    )


@pytest.mark.parametrize("answer", ["n", "", "yess", "\x04"])
def test_at_a_terminal_remove_asks_first(
    answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leader, terminal = os.openpty()
    os.write(leader, answer.encode() + (b"" if answer == "\x04" else b"\n"))
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        message = error_message(f"remove --cluster {ADDRESS} --id campus")
    os.close(leader)
    assert message == "chatd cluster: nothing was removed"
    assert capsys.readouterr().err == (
        'Remove the cluster "campus" and all that was said there? [y/N] '
    )
