"""``chatd client class``: a word that is a server's id, or else the name of a host."""

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from chatd.client.lifecycle import ServerAddress
from chatd.client.named_server import NamedServer
from tests.client.test_finder import Search

HOST = ServerAddress("party", 7777)
BY_ID = ServerAddress("10.35.11.111", 7777, "party")


class Word(Search):
    """A search for what ``party`` is, in a network that may know a host of that name.

    :ivar looked_up: the name's address, once it is known.
    :ivar is_host: whether the client was told that it is a host's name.
    """

    def __init__(self, is_interactive: bool = False) -> None:
        self.finder: Any
        self.look_ups: list[Deferred[Any]] = []
        self.is_host = False
        super().__init__("party", is_interactive)

    def start(self) -> None:
        if not isinstance(self.finder, NamedServer):
            self.reactor.resolve = self._resolve
            named: Any = NamedServer(self.reactor, self.finder, HOST, self.ui)
            named.on_host = self._on_host
            self.finder = named
        super().start()

    def _resolve(self, name: str) -> Deferred[Any]:
        assert name == "party"
        self.look_ups.append(Deferred())
        return self.look_ups[-1]

    def _on_host(self) -> None:
        self.is_host = True


def test_an_id_that_answers_is_taken_at_once() -> None:
    word = Word()
    word.offer("party")
    assert (word.found, word.is_host) == ([BY_ID], False)


@pytest.mark.parametrize("answers_after", [0.0, 0.9])
def test_the_id_counts_also_where_there_is_a_host_of_that_name(answers_after: float) -> None:
    word = Word()
    word.look_ups[0].callback("10.35.11.120")
    word.advance(answers_after)
    word.offer("party")
    assert (word.found, word.is_host) == ([BY_ID], False)


def test_a_host_is_taken_if_no_server_has_answered_for_a_second_and_this_is_said() -> None:
    word = Word()
    word.look_ups[0].callback("10.35.11.120")
    word.advance(0.9)
    assert word.found == []
    word.advance(0.1)
    assert (word.found, word.is_host) == ([HOST], True)
    assert word.ui.notices[-1] == "No server party answers, but there is a host of that name."
    assert word.reactor.getDelayedCalls() == []


def test_a_name_that_is_looked_up_slowly_is_taken_when_it_is_known() -> None:
    word = Word()
    word.advance(7)
    assert word.found == []
    word.look_ups[0].callback("10.35.11.120")
    word.advance(1)
    assert word.found == [HOST]


def test_without_such_a_host_the_search_for_the_id_goes_on() -> None:
    word = Word()
    word.look_ups[0].errback(DNSLookupError("no such name"))
    word.advance(20)
    assert word.found == []
    word.offer("party")
    assert word.found == [BY_ID]


def test_a_server_that_is_full_is_waited_for_though_there_is_a_host_of_that_name() -> None:
    word = Word()
    word.look_ups[0].callback("10.35.11.120")
    word.offer("party", free=0)
    word.advance(5)
    assert word.found == []
    word.offer("party", free=1)
    assert word.found == [BY_ID]


def test_what_was_found_first_is_kept_when_the_client_reconnects() -> None:
    by_host, by_id = Word(), Word()
    by_host.look_ups[0].callback("10.35.11.120")
    by_host.advance(1)
    by_host.start()
    assert by_host.found == [HOST, HOST]
    by_id.offer("party")
    by_id.start()
    by_id.advance(10)
    assert by_id.found == [BY_ID]
    assert len(by_id.look_ups) == 1
    by_id.finder.stop()


def test_a_near_miss_is_asked_about_only_if_there_is_no_such_host() -> None:
    word = Word(is_interactive=True)
    word.look_ups[0].callback("10.35.11.120")
    word.offer("Party", 114)
    word.advance(1)
    assert (word.ui.prompts, word.found) == ([], [HOST])
    unknown = Word(is_interactive=True)
    unknown.look_ups[0].errback(DNSLookupError("no such name"))
    unknown.offer("Party", 114)
    unknown.advance(1)
    assert unknown.ui.prompts == ["Party answers here; did you mean it?"]
    unknown.finder.stop()


def test_a_client_that_leaves_meanwhile_leaves_nothing_behind() -> None:
    word = Word()
    word.finder.stop()
    assert word.look_ups[0].called
    assert word.reactor.getDelayedCalls() == []
