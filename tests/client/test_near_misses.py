"""A server whose id is nearly the one that was typed: the user is asked, and never sent to it."""

import pytest

from chatd.client.lifecycle import ServerAddress
from chatd.client.near_miss import is_near_miss
from tests.client.test_finder import PARTY, Search

QUESTION = "party answers here; did you mean it?"
MOMENT = 0.3


def near(typed: str = "Party", is_interactive: bool = True) -> Search:
    """A search to which the server ``party`` has answered, a moment ago."""
    search = Search(typed, is_interactive)
    search.offer("party")
    search.advance(MOMENT)
    return search


@pytest.mark.parametrize("typed", ["Party", "PARTY", "partty", "prty", "pary", "party!", "par ty"])
def test_the_user_is_asked_at_once_and_takes_it_with_enter(typed: str) -> None:
    search = near(typed)
    assert (search.ui.prompts, search.found) == ([QUESTION], [])
    search.ui.answer(search.ui.default)
    assert search.found == [], "it is asked again, and may be full by now"
    search.offer("party")
    assert search.found == [PARTY]


@pytest.mark.parametrize("answer", ["yes", "Y", " party ", "PARTY"])
def test_the_user_may_answer_with_the_name_as_well(answer: str) -> None:
    search = near()
    search.ui.answer(answer)
    search.offer("party")
    assert search.found == [PARTY]


def test_off_a_terminal_the_search_ends_at_once_with_the_sentence() -> None:
    search = near(is_interactive=False)
    assert search.found == []
    assert search.failed == [
        "party answers here, but not Party; did you mean it? Use --server party"
    ]
    search.finder.stop()


def test_the_name_to_type_is_quoted_as_the_shell_needs_it() -> None:
    search = Search("klasse_7a", is_interactive=False)
    search.offer("Klasse 7a")
    search.advance(MOMENT)
    assert search.failed[0].endswith("Use --server 'Klasse 7a'")
    search.finder.stop()


def test_a_user_who_says_no_goes_on_searching_and_is_not_asked_again() -> None:
    search = near()
    search.ui.answer("no")
    assert search.ui.notices[-1] == "Still searching for Party."
    search.offer("party")
    search.advance(10)
    assert (search.ui.prompts, search.found) == ([QUESTION], [])
    search.offer("Party", 114)
    assert search.found == [ServerAddress("10.35.11.114", 7777, "Party")]


def test_the_right_server_is_taken_without_a_question_if_it_answers_a_moment_later() -> None:
    search = Search("Party", is_interactive=True)
    search.offer("party")
    search.offer("Party", 114)
    search.advance(10)
    assert search.ui.prompts == []
    assert search.found == [ServerAddress("10.35.11.114", 7777, "Party")]


def test_a_right_server_that_is_full_answers_nevertheless() -> None:
    search = Search("Party", is_interactive=True)
    search.offer("party")
    search.offer("Party", 114, free=0)
    search.offer("party")
    search.advance(3)
    assert search.ui.prompts == []
    search.finder.stop()


def test_of_several_the_user_chooses() -> None:
    search = Search("Party", is_interactive=True)
    search.offer("party")
    search.offer("party.", 112 + 1)
    search.advance(MOMENT)
    assert [choice.name for choice in search.ui.choices] == ["party", "party."]
    search.ui.answer("2")
    search.offer("party.", 113)
    assert [each.server_id for each in search.found] == ["party."]


def test_a_client_that_has_found_its_server_is_never_asked_about_another() -> None:
    search = Search("Party", is_interactive=True)
    search.offer("Party", 114)
    search.start()
    search.offer("party")
    search.advance(10)
    assert search.ui.prompts == []
    assert len(search.found) == 1
    search.finder.stop()


def test_an_answer_after_the_user_has_left_does_nothing() -> None:
    search = near()
    search.finder.stop()
    queries = search.query_count()
    search.ui.answer("yes")
    search.advance(10)
    assert search.query_count() == queries


def test_no_query_is_sent_while_the_question_is_open() -> None:
    search = near()
    queries = search.query_count()
    search.advance(60)
    assert search.query_count() == queries
    search.finder.stop()


@pytest.mark.parametrize(
    ("typed", "server_id"),
    [
        ("Class", "class"),
        ("klass", "class"),
        ("clas", "class"),
        ("calss", "class"),
        ("wrok", "work"),
        ("wrk", "work"),
        ("lab", "labs"),
        ("class room", "class-room"),
        ("Klasse_7a", "klasse 7a"),
        ("Größe", "GRÖSSE"),
        ("\uff23lass", "class"),
    ],
)
def test_these_are_near(typed: str, server_id: str) -> None:
    assert is_near_miss(typed, server_id)


@pytest.mark.parametrize(
    ("typed", "server_id"),
    [
        ("party", "work"),
        ("class1", "class2"),
        ("class", "class2"),
        ("team-a", "team-b"),
        ("7a", "7b"),
        ("lab", "lap"),
        ("lab", "alb"),
        ("work", "fork"),
        ("class", "classroom with a view"),
        ("!", "?"),
        ("north", "south"),
    ],
)
def test_these_are_other_names(typed: str, server_id: str) -> None:
    assert not is_near_miss(typed, server_id)
