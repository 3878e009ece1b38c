"""The host code: whoever gives it is a host, and nobody guesses it."""

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogLevel

from chatd.chat.errors import TooManyAttempts
from chatd.chat.moderation_errors import WrongHostCode
from chatd.server.host_code import HostCode, new_host_code
from tests.fakes import log_lines

PUPIL, TEACHER = "10.0.0.7:40000", "10.0.0.8:40000"


@pytest.fixture
def host_code() -> HostCode:
    return HostCode("k7xp-m2qa", Clock())


@pytest.mark.parametrize(
    "typed", ["k7xp-m2qa", "K7XP-M2QA", "k7xpm2qa", " k7xp m2qa ", "k7xp\N{NO-BREAK SPACE}m2qa"]
)
def test_it_may_be_typed_in_any_case_with_or_without_hyphen(
    host_code: HostCode, typed: str
) -> None:
    assert host_code.check(typed, PUPIL) is None


@pytest.mark.parametrize(
    "typed", ["", "-", "k7xp-m2q", "k7xp-m2qaa", "\ud800", "k7xp_m2qa", "x" * 999]
)
def test_anything_else_is_refused(host_code: HostCode, typed: str) -> None:
    assert isinstance(host_code.check(typed, PUPIL), WrongHostCode)


def test_an_address_that_guesses_has_to_wait_and_the_others_do_not() -> None:
    clock = Clock()
    host_code = HostCode("k7xp-m2qa", clock)
    refused = [host_code.check(f"guess{number}", PUPIL) for number in range(20)]
    assert [type(each) for each in refused[:6]] == [WrongHostCode] * 5 + [TooManyAttempts]
    # Not even with the right code, or the answer would tell which one it is.
    assert isinstance(host_code.check("k7xp-m2qa", PUPIL), TooManyAttempts)
    assert host_code.check("k7xp-m2qa", TEACHER) is None
    clock.advance(60)
    assert host_code.check("k7xp-m2qa", PUPIL) is None


def test_the_right_code_counts_for_nothing(host_code: HostCode) -> None:
    assert {host_code.check("k7xp-m2qa", PUPIL) for _ in range(50)} == {None}


def test_each_start_has_a_code_of_its_own_without_characters_that_look_alike() -> None:
    codes = {new_host_code() for _ in range(1_000)}
    assert len(codes) == 1_000
    assert {len(code) for code in codes} == {9}
    assert not set("".join(codes)) & set("il o01")


def test_the_log_tells_who_guesses_and_no_code(host_code: HostCode) -> None:
    with log_lines(LogLevel.debug) as lines:
        host_code.check("guess", PUPIL)
        host_code.check("k7xp-m2qa", TEACHER)
    assert [line for line in lines if "10.0.0.7" in line]
    assert not [line for line in lines if "guess" in line or "k7xp" in line]
