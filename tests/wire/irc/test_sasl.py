"""Authentication: credentials in one part or in several, and every other outcome."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import irc_limits
from chatd.wire.irc import numerics
from chatd.wire.irc.sasl import Credentials, Exchange, Failure, Step, authenticate


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def sent(message: str) -> Step:
    """What comes of `message`, in parts as a client sends them."""
    step = authenticate(None, "PLAIN")
    parts = [message[start : start + 400] for start in range(0, len(message), 400)]
    if not message or len(parts[-1]) == 400:
        parts.append("+")
    for number, part in enumerate(parts, 1):
        assert isinstance(step, Exchange)
        step = authenticate(step, part)
        assert isinstance(step, Exchange) == (number < len(parts))
    return step


@pytest.mark.parametrize(
    ("message", "account", "password"),
    [
        ("\0ice\0secret", "ice", "secret"),
        ("ice\0ice\0secret", "ice", "secret"),
        ("\0Zoë\0pässwörd", "Zoë", "pässwörd"),
        ("\0ice\0" + "x" * 600, "ice", "x" * 600),
        ("\0ice\0", "ice", ""),
        ("\0ice\0" + "x" * (300 - 5), "ice", "x" * (300 - 5)),  # exactly 400 in base64
    ],
)
def test_a_client_gives_account_and_password(message: str, account: str, password: str) -> None:
    assert sent(encoded(message)) == Credentials(account, password)


@pytest.mark.parametrize(
    "message",
    [
        "", "!", "abc", encoded(""), encoded("ice"), encoded("ice\0secret"), encoded("\0\0secret"),
        encoded("moon\0ice\0secret"), encoded("\0a\0b\0c"), b64encode(b"\0ice\0\xff").decode(),
    ],
)  # fmt: skip
def test_what_are_no_credentials_fails(message: str) -> None:
    assert sent(message) == Failure(numerics.SASLFAIL)


def test_a_client_may_give_up_at_any_time() -> None:
    assert authenticate(Exchange("abc"), "*") == Failure(numerics.SASLABORTED)
    assert authenticate(None, "*") == Failure(numerics.SASLABORTED)


def test_another_mechanism_is_refused_with_a_list() -> None:
    assert authenticate(None, "SCRAM-SHA-256") == Failure(numerics.SASLMECHS)
    assert authenticate(None, "plain") == Exchange()


def test_parts_and_messages_are_bounded() -> None:
    assert authenticate(Exchange(), "x" * 401) == Failure(numerics.SASLTOOLONG)
    step: Step = Exchange()
    for _ in range(irc_limits.IRC_SASL_BYTES // 400 + 1):
        assert isinstance(step, Exchange)
        step = authenticate(step, "x" * 400)
    assert step == Failure(numerics.SASLFAIL)


def test_nothing_shows_a_password() -> None:
    assert "secret" not in repr(Credentials("ice", "secret"))
    assert "c2Vj" not in repr(Exchange("c2Vj"))


@given(st.none() | st.text(max_size=50).map(Exchange), st.text(max_size=500))
def test_whatever_a_client_sends_the_exchange_ends_or_goes_on(
    exchange: Exchange | None, param: str
) -> None:
    assert isinstance(authenticate(exchange, param), Step)
