"""No ``repr`` shows a password: it may end up in a log, a traceback or a debugger."""

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Struct

import chatd
from chatd.chat.commands import Authenticate
from chatd.chat.errors import Refusal
from chatd.client.lifecycle import ServerAddress
from chatd.client.passwords import Passwords
from chatd.client.terminal.prompts import Prompt
from chatd.client.unconfirmed import PendingCommand
from chatd.wire import native_client
from chatd.wire.basic import Basic
from chatd.wire.dialect import Dialect, Request
from chatd.wire.jim import Jim
from chatd.wire.native import Native
from chatd.wire.plain import Plain
from chatd.wire.plain import Prompt as PlainPrompt

PASSWORD = "correct horse"  # noqa: S105  # it opens nothing


def classes() -> Iterator[type]:
    """Every class of chatd that has fields, but for what needs more than chatd itself."""
    for module_info in pkgutil.walk_packages(chatd.__path__, "chatd."):
        if module_info.name != "chatd.__main__":
            module = importlib.import_module(module_info.name)
            for _, kind in inspect.getmembers(module, inspect.isclass):
                if kind.__module__ == module.__name__:
                    yield kind


def fields_of(kind: type) -> tuple[str, ...]:
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind) if field.init)
    return kind.__struct_fields__ if issubclass(kind, Struct) else ()


#: The names of the fields that hold a password or its hash.
SECRET_FIELDS = {"password", "password_hash"}
KINDS = [kind for kind in classes() if SECRET_FIELDS & set(fields_of(kind))]


def test_there_are_values_with_passwords() -> None:
    assert {"Authenticate", "AuthenticateData", "Account"} <= {kind.__name__ for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_with_a_password_does_not_show_it(kind: type) -> None:
    made: Any = kind
    value = made(**{name: PASSWORD if name in SECRET_FIELDS else "x" for name in fields_of(kind)})
    assert PASSWORD not in repr(value)
    assert PASSWORD not in str(value)
    assert PASSWORD not in f"{value}"


PLAIN_ASKING = Plain(prompt=PlainPrompt.PASSWORD, account="ice")

FRAMES: list[tuple[Dialect, bytes]] = [
    (
        Native(),
        b'{"type": "authenticate", "data": {"account": "ice", "password": "correct horse"}}',
    ),
    (Jim(), b'{"action": "authenticate", "account_name": "ice", "password": "correct horse"}'),
    (
        Jim(),
        b'{"action": "authenticate", "user": {"account_name": "ice", "password": "correct horse"}}',
    ),
    (PLAIN_ASKING, b"correct horse"),
]


@pytest.mark.parametrize(("dialect", "frame"), FRAMES)
def test_a_decoded_password_is_in_no_repr(dialect: Dialect, frame: bytes) -> None:
    request = dialect.decode(frame)
    assert isinstance(request, Request)
    assert isinstance(request.command, Authenticate)
    assert request.command.password == PASSWORD
    assert PASSWORD not in repr((request, dialect.detect(frame)))


@pytest.mark.parametrize("dialect", [Native(), Basic(), Jim(), PLAIN_ASKING])
@pytest.mark.parametrize(
    "frame",
    [
        b'{"type": "authenticate", "data": {"account": 1, "password": "correct horse"}}',
        b'{"type": "authenticate", "data": {"password": ["correct horse"]}}',
        b'{"type": "authenticate", "data": "correct horse"}',
        b'{"action": "authenticate", "password": ["correct horse"]}',
        b'{"action": "authenticate", "user": "correct horse"}',
        b'{"type": "authenticate", "data": {"account": "ice", "password": "correct horse"',
        b"\xffcorrect horse",
    ],
)
def test_a_refusal_of_a_malformed_password_does_not_show_it(dialect: Dialect, frame: bytes) -> None:
    try:
        dialect.decode(frame)
    except Refusal as refusal:
        assert PASSWORD not in repr(refusal)  # noqa: PT017  # other dialects understand the frame
        assert PASSWORD not in str(refusal)  # noqa: PT017  # the same


def test_what_the_client_keeps_shows_no_password() -> None:
    passwords = Passwords()
    server = ServerAddress("10.35.11.111", 7777)
    passwords.remember(server, "ice", PASSWORD)
    command = Authenticate("ice", PASSWORD)
    prompt = Prompt("Password?", lambda answer: None, is_secret=True)
    kept = (passwords, PendingCommand("/setname ice", command), prompt, server)
    assert PASSWORD not in repr(kept)
    assert PASSWORD.encode() in native_client.encode(command)
