"""Views without a screen: what they keep, and what they show of it."""

from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.client.terminal import views
from chatd.client.terminal.arrivals import Arrival
from chatd.client.terminal.output import Line, row_height
from chatd.client.terminal.views import Draft, View, Views


def line(text: str) -> Line:
    return [("", text)]


def shown(view: View, height: int = 10, columns: int = 40) -> list[str]:
    return ["".join(part[1] for part in row) for row in view.rows(columns, 6, height)]


def test_only_the_last_lines_are_kept() -> None:
    view = View("#dev")
    for number in range(limits.VIEW_LINES + 5):
        view.append(line(str(number)))
    assert len(shown(view, 10 * limits.VIEW_LINES)) == limits.VIEW_LINES
    assert shown(view, 2) == [str(limits.VIEW_LINES + 3), str(limits.VIEW_LINES + 4)]


def test_long_lines_are_kept_up_to_a_number_of_characters() -> None:
    view = View("#dev")
    for _ in range(limits.VIEW_LINES):
        view.append(line("x" * 65_536))
    kept = sum(map(len, shown(view, 10**9, 100_000)))
    assert limits.VIEW_CHARACTERS - 65_536 < kept <= limits.VIEW_CHARACTERS


def test_very_many_arrivals_are_bounded_as_lines_are() -> None:
    view = View("#lobby")
    sentence = "x" * 1_000
    for number in range(2 * limits.VIEW_CHARACTERS // len(sentence)):
        view.append_arrival(Arrival(f"m{number}", True, 0, sentence))
    view.is_unfolded = True
    kept = len(shown(view, 10**9, 100_000))
    assert kept <= limits.VIEW_CHARACTERS // len(sentence)
    view.is_unfolded = False
    assert len(shown(view)) > 1, "they are in several lines"


def test_the_mark_stays_in_sight_when_the_line_below_it_is_kept_no_longer() -> None:
    view = View("#dev")
    view.append(line("seen"))
    view.mark_unread(False)
    for number in range(2 * limits.VIEW_LINES):
        view.append(line(str(number)))
    assert shown(view, 10 * limits.VIEW_LINES)[0] == "──── new ────"


@given(
    st.lists(st.text("ab 你://", max_size=60), max_size=30),
    st.integers(1, 50),
    st.integers(1, 12),
    st.integers(0, 200),
)
def test_what_is_shown_fits_into_the_window_and_is_a_part_of_all_rows(
    texts: list[str], columns: int, height: int, rows_below: int
) -> None:
    view = View("#dev", rows_below=rows_below)
    view.append(*map(line, texts))
    rows = view.rows(columns, 6, height)
    assert sum(row_height(row, columns) for row in rows) <= height
    everything = View("#dev")
    everything.append(*map(line, texts))
    total = everything.rows(columns, 6, 10**6)
    below = 0
    end = len(total)
    while end and below < view.rows_below:
        end -= 1
        below += row_height(total[end], columns)
    assert rows == total[max(0, end - len(rows)) : end]


def test_without_space_the_oldest_talk_without_a_draft_and_unread_messages_goes() -> None:
    every = Views()
    for number in range(limits.VIEWS - 1):
        every.open(f"@m{number}")
    kept = every.open("@m0")
    kept.draft = Draft("half a line", 11)
    every.open("@m1").mark_unread(True)
    every.open("#dev")
    assert every.find("@m0") is kept
    assert every.find("@m1") is not None
    assert every.find("@m2") is None
    assert len(list(every)) == limits.VIEWS


def test_a_target_is_the_same_in_each_case_and_order() -> None:
    assert views.key("#Dev") == views.key("#dev")
    assert views.key("@Moon,sun") == views.key("@SUN,moon") != views.key("@moon")


def test_the_talk_of_a_message_is_with_all_others() -> None:
    assert views.talk_of("moon", ("Ice",), "ice") == "@moon"
    assert views.talk_of("moon", ("ice", "sun"), "ice") == "@moon,sun"
    assert views.talk_of("ice", ("moon",), "ice") == "@moon"
    assert views.talk_of("ice", ("ice",), "ice") == "@ice", "to oneself"


def test_a_talk_with_the_new_nickname_is_not_replaced_by_one_with_the_old() -> None:
    every = Views()
    old, new = every.open("@moon"), every.open("@sun")
    every.renamed("moon", "sun")
    assert (every.find("@moon"), every.find("@sun")) == (old, new)
