"""The invitation: what others need to join, and how it fits into a window."""

from typing import Final

import pytest

from chatd.client.invitation import Invitation, Row, layout
from tests.client.session_harness import SessionHarness

LINES: Final = (
    "Others join class in a browser:",
    "  http://10.35.11.111:8080/",
    "or with chatd:",
    "  chatd client class",
    "/qr shows this again.",
)
CODE: Final = ("#" * 29,) * 15
INVITATION: Final = Invitation(LINES, CODE)


def texts(rows: list[Row]) -> list[str]:
    return [row.text.strip() for row in rows if row.text]


@pytest.mark.parametrize("columns", [65, 80, 200])
def test_in_a_wide_window_the_text_is_beside_the_code(columns: int) -> None:
    rows = layout(INVITATION, columns, 24)
    assert [row.code for row in rows] == [*CODE]
    assert texts(rows) == [line.strip() for line in LINES]
    assert all(len(row.code + row.text) <= columns for row in rows)


@pytest.mark.parametrize("columns", [29, 40, 64])
def test_in_a_narrow_window_the_text_is_below_the_code(columns: int) -> None:
    rows = layout(INVITATION, columns, 24)
    assert [row.code for row in rows[:15]] == [*CODE]
    assert [row for row in rows if row.code and row.text] == []
    assert " ".join(texts(rows)) == " ".join(line.strip() for line in LINES)
    assert len(rows) <= 24 - 2, "the input line and the status line are below"
    assert all(len(row.code + row.text) <= columns for row in rows)


@pytest.mark.parametrize(("columns", "rows"), [(28, 24), (80, 16), (40, 21), (1, 1)])
def test_a_code_that_does_not_fit_whole_is_left_out_and_the_text_says_so(
    columns: int, rows: int
) -> None:
    shown = layout(INVITATION, columns, rows)
    assert not any(row.code for row in shown)
    said = " ".join(texts(shown))
    assert said.endswith("The window is too small for the QR code.")
    for line in LINES:
        assert line.strip() in said


def test_qr_shows_the_invitation_again_and_what_is_known_elsewhere() -> None:
    session = SessionHarness()
    session.type("/qr")
    assert "does not know the address" in session.ui.notices[-1]
    session.session.invitation = INVITATION
    session.type("/QR")
    assert session.ui.invitations == [INVITATION]


def test_where_all_lines_would_leave_no_space_for_the_code_there_are_fewer() -> None:
    many = (*LINES, *(f"more {number}" for number in range(6)))
    invitation = Invitation(many, CODE, LINES)
    assert texts(layout(invitation, 80, 24)) == [line.strip() for line in many]
    narrow = layout(invitation, 40, 24)
    assert [row.code for row in narrow[:15]] == [*CODE]
    assert texts(narrow) == [line.strip() for line in LINES]
    assert not any(row.code for row in layout(invitation, 40, 20))


def test_without_a_code_there_is_only_text() -> None:
    assert layout(Invitation(LINES), 80, 24) == [Row("", line) for line in LINES]


def test_what_is_typed_or_opened_is_never_broken() -> None:
    address = "  http://a-long-name-of-a-host.example:65535/"
    assert Row("", address) in layout(Invitation((*LINES, address)), 20, 24)


def test_more_text_than_code_goes_on_beside_nothing() -> None:
    lines = tuple(f"line {number}" for number in range(16))
    rows = layout(Invitation(lines, CODE), 80, 24)
    assert texts(rows) == [*lines]
    assert {len(row.code) for row in rows} == {29}
