"""The accounts of a cluster hold on every node, and so do the limits on wrong passwords."""

from collections.abc import Iterator

import pytest

from chatd.chat import limits
from chatd.chat.commands import Enter
from chatd.chat.errors import PasswordRequired
from chatd.log.node_operations import CountWrongPassword
from chatd.log.operations import Handle, ReserveSlot, SetAccounts
from chatd.log.shared_engine import LogUnusable
from tests.fakes import log_lines
from tests.log.cluster import Cluster, ClusterNode

Accounts = tuple[dict[str, bool], dict[str, str]]

STAR: Accounts = {"star": False}, {"star": "1"}
#: The same name with another password.
OTHER_STAR: Accounts = {"star": False}, {"star": "2"}
BOTH: Accounts = {"star": False, "sun": True}, {"star": "1"}
WITHOUT_ACCOUNTS = (
    "Node a of this cluster has accounts, and people could enter here under their nicknames: "
    "start this server with the same --auth."
)


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def lines() -> Iterator[list[str]]:
    with log_lines() as lines:
        yield lines


def different(lines: list[str]) -> list[str]:
    return [line.partition(";")[0] for line in lines if "passwords than here" in line]


def test_a_wrong_password_counts_on_all_other_nodes_once(cluster: Cluster) -> None:
    a, b, c = cluster.started("a", "b", "c")
    cluster.do(a, CountWrongPassword("10.35.11.112", "star"))
    cluster.advance(1)
    assert [each.wrong_passwords for each in (a, b, c)] == [
        [],
        [("10.35.11.112", "star")],
        [("10.35.11.112", "star")],
    ]


def test_a_node_that_begins_does_not_count_what_was_wrong_before(cluster: Cluster) -> None:
    [a] = cluster.started("a")
    cluster.do(a, CountWrongPassword("10.35.11.112", "star"))
    [b] = cluster.started("b")
    cluster.advance(1)
    assert b.wrong_passwords == []


def test_a_node_without_accounts_does_not_begin_where_another_has_some(cluster: Cluster) -> None:
    [a] = cluster.started("a", accounts=STAR)
    b = cluster.add("b")
    cluster.until(lambda: b.failures)
    assert b.failures == [WITHOUT_ACCOUNTS]
    assert isinstance(b.opened[0], LogUnusable)
    assert not a.failures
    assert a.log.hub.accounts == {"star": False}


def test_when_the_nodes_with_accounts_were_killed_it_is_said_how_to_have_none(
    cluster: Cluster,
) -> None:
    [a] = cluster.started("a", accounts=STAR)
    cluster.kill(a)
    b = cluster.add("b")
    cluster.until(lambda: b.failures)
    assert b.failures == [
        f"{WITHOUT_ACCOUNTS} It was killed, or has crashed. To have no accounts any more, start "
        "one node with --auth, wait until chatd cluster status shows that the others have ended, "
        "and stop it."
    ]
    [again] = cluster.started("c", accounts=STAR)
    cluster.until(lambda: len(again.log.hub.nodes.there) == 1)
    cluster.do(again, again.log.ending())
    [free] = cluster.started("b")
    assert free.log.hub.accounts == {}


def test_of_two_nodes_that_begin_at_once_the_one_without_accounts_takes_none_away(
    cluster: Cluster,
) -> None:
    a, b = cluster.add("a", accounts=STAR), cluster.add("b")
    cluster.until(lambda: a.opened and b.failures)
    cluster.advance(3)
    assert (a.opened, b.failures) == ([None], [WITHOUT_ACCOUNTS])
    assert a.log.hub.accounts == {"star": False}


@pytest.mark.parametrize("is_first", [True, False])
def test_a_node_without_accounts_never_takes_those_of_others_away(
    cluster: Cluster, is_first: bool
) -> None:
    names = [("b", None), ("a", STAR)] if is_first else [("b", None)]
    nodes = {name: cluster.started(name, accounts=each)[0] for name, each in names}
    cluster.do(nodes["b"], SetAccounts({}))
    cluster.advance(1)
    assert nodes["b"].log.hub.accounts == ({"star": False} if is_first else {})


def test_the_last_nodes_accounts_end_with_a_start_without_them(cluster: Cluster) -> None:
    [a] = cluster.started("a", accounts=STAR)
    a.ask(a.log.ending())
    cluster.advance(1)
    [b] = cluster.started("b")
    cluster.advance(1)
    assert b.log.hub.accounts == {}


def test_the_last_account_can_be_removed(cluster: Cluster) -> None:
    a, b = cluster.started("a", "b", accounts=STAR)
    a.accounts = {}, {}
    a.send_accounts()
    cluster.advance(1)
    assert b.log.hub.accounts == {}


def test_an_account_of_one_node_needs_its_password_on_all(cluster: Cluster) -> None:
    a, b = cluster.started("a", "b", accounts=STAR)
    member = cluster.do(b, ReserveSlot("b:1", "b"))
    assert isinstance(cluster.do(b, Handle(member, Enter("star"))), PasswordRequired)
    assert cluster.are_equal()
    assert not a.failures


@pytest.mark.parametrize("accounts", [OTHER_STAR, BOTH])
def test_a_node_with_other_accounts_says_so_when_it_begins(
    cluster: Cluster, lines: list[str], accounts: Accounts
) -> None:
    cluster.started("a", "b", accounts=STAR)
    cluster.started("c", accounts=accounts)
    assert different(lines) == ["other accounts or passwords than here: on node a, b"]
    assert "star" not in "".join(lines)


def test_nodes_with_the_same_accounts_say_nothing(cluster: Cluster, lines: list[str]) -> None:
    cluster.started("a", "b", accounts=BOTH)
    reordered = dict(reversed(BOTH[0].items())), BOTH[1]
    cluster.started("c", accounts=reordered)
    cluster.advance(2 * limits.DIFFERENT_ACCOUNTS_SECONDS, step=0.5)
    assert different(lines) == []


def change(cluster: Cluster, node: ClusterNode, accounts: Accounts) -> None:
    node.accounts = accounts
    node.send_accounts()
    cluster.advance(1)


def test_a_file_that_is_copied_to_all_nodes_in_time_makes_no_trouble(
    cluster: Cluster, lines: list[str]
) -> None:
    a, b = cluster.started("a", "b", accounts=STAR)
    cluster.advance(2 * limits.DIFFERENT_ACCOUNTS_SECONDS, step=0.5)
    change(cluster, a, BOTH)
    cluster.advance(limits.DIFFERENT_ACCOUNTS_SECONDS - 5, step=0.5)
    change(cluster, b, BOTH)
    cluster.advance(2 * limits.DIFFERENT_ACCOUNTS_SECONDS, step=0.5)
    assert different(lines) == []


def test_a_file_that_has_changed_on_one_node_alone_is_said_once_by_each(
    cluster: Cluster, lines: list[str]
) -> None:
    a, _ = cluster.started("a", "b", accounts=STAR)
    change(cluster, a, BOTH)
    cluster.advance(3 * limits.DIFFERENT_ACCOUNTS_SECONDS, step=0.5)
    assert sorted(different(lines)) == [
        "other accounts or passwords than here: on node a",
        "other accounts or passwords than here: on node b",
    ]


def test_accounts_that_nobody_else_has_are_named_by_those_without(
    cluster: Cluster, lines: list[str]
) -> None:
    cluster.started("b")
    cluster.started("a", accounts=STAR)
    assert different(lines) == ["other accounts or passwords than here: on node b"]


def test_a_node_that_is_new_knows_the_accounts_of_the_others_from_a_snapshot(
    cluster: Cluster, lines: list[str]
) -> None:
    [a] = cluster.started("a", accounts=STAR)
    change(cluster, a, BOTH)
    cluster.save_snapshot(a)
    b = cluster.add("b")
    cluster.until(lambda: b.failures)
    assert b.failures == [WITHOUT_ACCOUNTS]
    cluster.started("c", accounts=BOTH)
    assert different(lines) == []


def test_a_node_that_stops_compares_nothing_any_more(cluster: Cluster) -> None:
    [a] = cluster.started("a", accounts=STAR)
    a.log.stop()
    cluster.advance(3)
    assert not a.clock.getDelayedCalls()
