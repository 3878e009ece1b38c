"""The tree of refusals: what its docstring shows is what there is."""

import re

import pytest

from chatd.chat import errors
from chatd.chat.errors import Refusal


def classes(root: type[Refusal] = Refusal) -> list[type[Refusal]]:
    """`root` and all that derive from it."""
    return [root, *(found for child in root.__subclasses__() for found in classes(child))]


CODED = [refusal for refusal in classes() if hasattr(refusal, "code")]


def drawn() -> list[tuple[int, str, str, bool]]:
    """The lines of the tree in the docstring: depth, name, code or remark, whether it closes."""
    tree = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"    ([│├└─ ]*)([A-Z]\w+)\s*(.*)\Z", line):
            branch, name, rest = found.groups()
            closes = rest.endswith("(closes the connection)")
            rest = rest.removesuffix("(closes the connection)").strip()
            tree.append((len(branch) // 4, name, rest, closes))
    return tree


def actual(root: type[Refusal] = Refusal, depth: int = 0) -> list[tuple[int, str]]:
    children = [line for child in root.__subclasses__() for line in actual(child, depth + 1)]
    return [(depth, root.__name__), *children]


def test_the_drawn_tree_is_the_tree_of_the_classes() -> None:
    assert [(depth, name) for depth, name, _, _ in drawn()] == actual()


@pytest.mark.parametrize("refusal", CODED)
def test_the_drawn_tree_shows_the_code_and_what_closes(refusal: type[Refusal]) -> None:
    [(code, closes)] = [line[2:] for line in drawn() if line[1] == refusal.__name__]
    assert (code, closes) == (refusal.code, refusal.closes_connection)


def test_every_refusal_has_a_code_of_its_own_in_one_style() -> None:
    codes = [refusal.code for refusal in CODED if "code" in vars(refusal)]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code) for code in codes)


def test_a_refusal_has_a_code_unless_it_is_a_group() -> None:
    assert not [each for each in classes() if not (each.__subclasses__() or hasattr(each, "code"))]


def test_a_refusal_says_of_one_thing_in_one_sentence_whether_it_closes_or_not() -> None:
    closing, going_on = errors.Full(), errors.Full(closes_connection=False)
    assert (closing.code, str(closing)) == (going_on.code, str(going_on))
    assert (closing.closes_connection, going_on.closes_connection) == (True, False)


def test_a_refusal_says_its_sentence_and_which_request_it_answers() -> None:
    refusal = errors.BadFrame("Something is missing.", "r1")
    assert str(refusal) == "Something is missing."
    assert refusal.request_id == "r1"


@pytest.mark.parametrize(
    "refusal",
    [
        errors.InvalidUtf8(),
        errors.InvalidJson(),
        errors.LineTooLong(),
        errors.Full(),
        errors.NotRegistered(),
        errors.AlreadyRegistered(),
        errors.NicknameTaken("ice"),
        errors.NoSuchRoom("#dev"),
        errors.NotInRoom("#dev"),
    ],
    ids=lambda refusal: refusal.code,
)
def test_a_refusal_is_one_english_sentence(refusal: Refusal) -> None:
    assert re.fullmatch(r"[A-Z][^\n]*\.", str(refusal))
