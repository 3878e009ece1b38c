"""A key's fingerprint: the same for every certificate of the key, and readable aloud."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.tls import fingerprint
from chatd.tls.certificate import self_signed
from chatd.tls.server_key import make_key

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def test_a_renewed_certificate_of_the_same_key_has_the_same_fingerprint() -> None:
    key = make_key()
    first, second = (
        self_signed(key, name, [], [], NOW + timedelta(days=days))
        for name, days in (("party", 0), ("feast", 400))
    )
    assert first.certificate != second.certificate
    assert first.fingerprint == second.fingerprint == fingerprint.of_key(key.public_key())


def test_another_key_has_another_fingerprint() -> None:
    one, other = (fingerprint.of_key(make_key().public_key()) for _ in range(2))
    assert one != other
    assert fingerprint.words(one) != fingerprint.words(other)


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("0" * 64, "abandon abandon abandon abandon abandon abandon"),
        ("f" * 64, "zoo zoo zoo zoo zoo zoo"),
        ("8" + "0" * 63, "length abandon abandon abandon abandon abandon"),
        ("0" * 16 + "4" + "0" * 47, "abandon abandon abandon abandon abandon ability"),
    ],
)
def test_the_words_stand_for_the_first_66_bits(digits: str, words: str) -> None:
    assert fingerprint.words(digits) == words


@given(st.integers(0, 2**256 - 1))
def test_there_are_six_words_whatever_the_key(number: int) -> None:
    assert len(fingerprint.words(f"{number:064x}").split()) == 6


@pytest.mark.parametrize(
    "entered", ["AB" * 32, " ab" * 32, ":".join(["aB"] * 32), "ab" * 32 + "\n"]
)
def test_a_person_may_enter_it_in_any_form(entered: str) -> None:
    assert fingerprint.parse(entered) == "ab" * 32


@pytest.mark.parametrize("entered", ["", "ab" * 31, "ab" * 33, "zz" * 32, "zoo " * 6, "٣" * 64])
def test_what_is_no_fingerprint_is_refused(entered: str) -> None:
    with pytest.raises(ValueError, match="is not a fingerprint of 64"):
        fingerprint.parse(entered)
