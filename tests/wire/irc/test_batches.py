"""Batches and labels: the client knows which lines answer what it asked."""

from hypothesis import given
from hypothesis import strategies as st

from chatd.wire.irc.batches import labelled
from chatd.wire.irc.lines import Line
from tests.wire.irc.chat import IrcChat

SERVER = "a.chatd"
ONE = Line("PONG", ("token",), SERVER)
OTHER = Line("NOTICE", ("ice", "hi"), SERVER, tags={"time": "x"}, has_text=True)


def test_an_answer_of_no_line_is_acknowledged() -> None:
    assert labelled("7", [], SERVER, "1") == [Line("ACK", source=SERVER, tags={"label": "7"})]


def test_an_answer_of_one_line_has_the_label_itself() -> None:
    [line] = labelled("7", [OTHER], SERVER, "1")
    assert line == Line("NOTICE", ("ice", "hi"), SERVER, {"label": "7", "time": "x"}, True)


def test_an_answer_of_several_lines_is_a_batch_with_the_label() -> None:
    opening, first, second, closing = labelled("7", [ONE, OTHER], SERVER, "1")
    assert (opening.params, opening.tags) == (("+1", "labeled-response"), {"label": "7"})
    assert first.tags == {"batch": "1"}
    assert second.tags == {"batch": "1", "time": "x"}
    assert (closing.command, closing.params, closing.tags) == ("BATCH", ("-1",), {})


@given(st.lists(st.sampled_from([ONE, OTHER]), max_size=5), st.text(min_size=1))
def test_exactly_one_line_has_the_label(lines: list[Line], label: str) -> None:
    answer = labelled(label, lines, SERVER, "1")
    assert [line.tags.get("label") for line in answer] == [label] + [None] * (len(answer) - 1)


def test_every_line_of_an_answer_in_several_parts_is_in_its_batch() -> None:
    ice = IrcChat().come("ice", "batch", "labeled-response", "message-tags")
    opening, *lines, closing = ice.send("@label=7 JOIN #a,#b,#c")
    assert opening == "@label=7 :work.chatd BATCH +answer labeled-response"
    assert closing == ":work.chatd BATCH -answer"
    assert [line.split()[2] for line in lines if "JOIN" in line] == ["JOIN"] * 3
    assert [line for line in lines if not line.startswith("@batch=answer :")] == []
