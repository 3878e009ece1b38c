"""``chatd account``: edit the password file that ``--auth`` names."""

import getpass
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

from twisted.python import usage
from typing_extensions import override

from chatd.accounts.checker import NEEDS_ARGON2
from chatd.accounts.password_file import Account, Accounts, PasswordFile
from chatd.chat import limits, names
from chatd.taps.interactive import is_terminal
from chatd.taps.options import OneLineOptions, nickname

_COMMAND: Final = "chatd account"
_HOST_OPTION: Final = "--host"


class AccountError(Exception):
    """The action is impossible, although the password file is valid."""


class Options(OneLineOptions):
    """The options of ``chatd account``.

    :ivar action: a key of :data:`ACTIONS`.
    :ivar name: the account; empty for ``list``.
    """

    command = _COMMAND
    synopsis = "[options] add|remove|block|unblock|host|unhost FILE NAME | list FILE"
    longdesc = (
        "Accounts are nicknames that need a password. They are in FILE, which the first add "
        "creates. Start the server with --auth chatd:FILE; while it runs, it notices changes of "
        "the file. add prompts for the password, or reads one line if standard input is not a "
        "terminal. host makes the account that of a host, who keeps order in the chat, and unhost "
        "takes that back."
    )
    optFlags: ClassVar = [["host", None, "for add: the new account is that of a host"]]

    @override
    def arrange(self, argv: Sequence[str]) -> list[str]:
        if list(argv[1:]) in (["--help"], ["-h"]):
            return ["--help"]
        # NAME may begin with a dash: so only behind the action, or after NAME, is this the option.
        if argv[1:2] == [_HOST_OPTION] or argv[3:] == [_HOST_OPTION]:
            position = 1 if argv[1] == _HOST_OPTION else 3
            return [_HOST_OPTION, *argv[:position], *argv[position + 1 :]]
        return list(argv)

    @override
    def parseArgs(self, *words: str) -> None:
        if not words or words[0] not in ACTIONS:
            mistake = f"unknown action {words[0]!r}" if words else "no action given"
            raise usage.UsageError(f"{mistake}; must be one of: {', '.join(ACTIONS)}; see --help")
        self.action = words[0]
        parameters = ("FILE",) if self.action == "list" else ("FILE", "NAME")
        if len(words) - 1 != len(parameters):
            raise usage.UsageError(f"{self.action} takes {' and '.join(parameters)}; see --help")
        if self["host"] and self.action != "add":
            raise usage.UsageError("--host: is for add; for an account that is there: host")
        self.file = PasswordFile(Path(words[1]))
        try:
            self.name = nickname(words[2]) if "NAME" in parameters else ""
        except ValueError as error:
            raise usage.UsageError(f"NAME: {words[2]!r} {error}") from None


def run(options: Options) -> int:
    """Do the action, and return the exit status."""
    try:
        ACTIONS[options.action](options)
    except AccountError as error:
        return _failed(str(error))
    except ValueError as error:
        return _failed(f"{str(options.file.path)!r} {error}")
    for warning in options.file.writable_by_others():
        _note(warning)
    return 0


def _failed(sentence: str) -> int:
    _note(sentence)
    return 1


def _note(sentence: str) -> None:
    print(f"{_COMMAND}: {sentence}", file=sys.stderr)  # noqa: T201  # for the user


def _add(options: Options) -> None:
    try:
        from chatd.accounts.hashing import Argon2Hasher
    except ImportError:
        raise AccountError(NEEDS_ARGON2) from None
    file, name = options.file, options.name
    was_empty = file.is_empty()
    # Before the user types a password for nothing.
    _require_absent(file.read(or_new=True).accounts, name)
    password = _password(name).encode("utf-8", "surrogateescape")
    account = Account(name, Argon2Hasher().hash(password), is_host=bool(options["host"]))

    def edit(accounts: Accounts) -> None:
        _require_absent(accounts, name)
        accounts[account.key] = account

    file.update(edit, create=True)
    if was_empty:
        _note(f"{str(file.path)!r} was empty; if it had accounts before, restore it from a backup")


def _remove(options: Options) -> None:
    def edit(accounts: Accounts) -> None:
        del accounts[_require(accounts, options.name).key]

    options.file.update(edit)


def _change(mark: Callable[[Account], Account]) -> Callable[[Options], None]:
    """The action that replaces an account by what `mark` makes of it."""

    def change(options: Options) -> None:
        def edit(accounts: Accounts) -> None:
            account = _require(accounts, options.name)
            accounts[account.key] = mark(account)

        options.file.update(edit)

    return change


def _list(options: Options) -> None:
    for account in options.file.read().accounts.values():
        host = "\thost" if account.is_host else ""
        print(f"{account.name}\t{account.state}{host}")  # noqa: T201  # the requested output


#: Each action, and its function.
ACTIONS: Final[dict[str, Callable[[Options], None]]] = {
    "add": _add,
    "remove": _remove,
    "block": _change(lambda account: replace(account, is_blocked=True)),
    "unblock": _change(lambda account: replace(account, is_blocked=False)),
    "host": _change(lambda account: replace(account, is_host=True)),
    "unhost": _change(lambda account: replace(account, is_host=False)),
    "list": _list,
}


def _require(accounts: Accounts, name: str) -> Account:
    account = accounts.get(names.casefold(name))
    if account is None:
        raise AccountError(f"no such account: {name}")
    return account


def _require_absent(accounts: Accounts, name: str) -> None:
    if names.casefold(name) in accounts:
        raise AccountError(f"{name} already has an account; remove it first to change its password")


def _password(name: str) -> str:
    """Prompt for a new password; off a terminal, read one line.

    :raises AccountError: no password was given, it is not valid, or the two that were typed differ.
    """
    max_characters = limits.PASSWORD_CHARACTERS
    try:
        if is_terminal():
            password = getpass.getpass(f"Password for {name}: ")
            again = getpass.getpass("Repeat password: ")
        else:
            again = password = (
                sys.stdin.readline(max_characters + 2).removesuffix("\n") if sys.stdin else ""
            )
    except UnicodeDecodeError:
        raise AccountError("the password is not UTF-8 text") from None
    except (EOFError, KeyboardInterrupt):
        raise AccountError("no password was given") from None
    if password != again:
        raise AccountError("the passwords do not match")
    if not 0 < len(password) <= max_characters or not password.isprintable():
        raise AccountError(f"a password has 1 to {max_characters} printable characters")
    return password
