"""The tree of refusals in the docstring of its module, and what every refusal has."""

import re

import pytest

from chatd.chat import errors, file_errors, moderation_errors
from chatd.chat.errors import Refusal


def children(root: type[Refusal]) -> list[type[Refusal]]:
    """What derives from `root` in all dialects; one dialect may have refusals of its own."""
    return [each for each in root.__subclasses__() if each.__module__.startswith("chatd.chat.")]


def classes(root: type[Refusal] = Refusal) -> list[type[Refusal]]:
    """`root` and all that derive from it."""
    return [root, *(found for child in children(root) for found in classes(child))]


CODED = [refusal for refusal in classes() if hasattr(refusal, "code")]


def documented() -> list[tuple[int, str, str, bool]]:
    """The lines of the tree in the docstring: depth, class, code or remark, whether it closes."""
    tree = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"    ([│├└─ ]*)([A-Z]\w+)\s*(.*)\Z", line):
            branch, name, rest = found.groups()
            closes = rest.endswith("(closes the connection)")
            rest = rest.removesuffix("(closes the connection)").strip()
            tree.append((len(branch) // 4, name, rest, closes))
    return tree


def actual(root: type[Refusal] = Refusal, depth: int = 0) -> list[tuple[int, str]]:
    """The tree of the classes, in the order of the docstring as far as they are there."""
    names = [name for _, name, _, _ in documented()]
    # Several modules have a part of the tree, and any of them may be imported first.
    in_order = sorted(children(root), key=lambda each: [*names, each.__name__].index(each.__name__))
    lines = [line for child in in_order for line in actual(child, depth + 1)]
    return [(depth, root.__name__), *lines]


def test_the_documented_tree_is_that_of_the_classes() -> None:
    assert [(depth, name) for depth, name, _, _ in documented()] == actual()


@pytest.mark.parametrize("refusal", CODED)
def test_the_documented_tree_has_codes_and_closing(refusal: type[Refusal]) -> None:
    [(code, closes)] = [line[2:] for line in documented() if line[1] == refusal.__name__]
    assert (code, closes) == (refusal.code, refusal.closes_connection)


def test_every_refusal_has_a_code_of_its_own_in_one_style() -> None:
    codes = [refusal.code for refusal in CODED if "code" in vars(refusal)]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code) for code in codes)


def test_a_refusal_has_a_code_unless_it_is_a_group() -> None:
    assert not [each for each in classes() if not (each.__subclasses__() or hasattr(each, "code"))]


def test_full_has_one_code_and_sentence_whether_it_closes_or_not() -> None:
    closing, staying = errors.Full(), errors.Full(closes_connection=False)
    assert (closing.code, str(closing)) == (staying.code, str(staying))
    assert (closing.closes_connection, staying.closes_connection) == (True, False)


def test_a_refusal_has_its_sentence_and_its_requests_id() -> None:
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
        file_errors.FileTooLarge(),
        file_errors.TooManyUploads("You send"),
        file_errors.FilesFailed(),
        moderation_errors.NotHost(),
        moderation_errors.NotHost("#dev"),
        moderation_errors.Muted("#dev", 60_000, "spam."),
        moderation_errors.Banned(),
        moderation_errors.NicknameBanned("ice"),
    ],
    ids=lambda refusal: refusal.code,
)
def test_a_refusal_is_one_english_sentence(refusal: Refusal) -> None:
    assert re.fullmatch(r"[A-Z][^\n]*\.", str(refusal))
