"""The password file: which nicknames are accounts.

It is UTF-8 text that only its owner may read, one line for each account, three parts with a TAB
between them: the nickname, ``active`` or ``blocked``, and the argon2 hash of the password::

    ice     active  $argon2id$v=19$m=65536,t=3,p=4$…$…

Nicknames are compared as the hub compares them: two that differ in case are one account.
"""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from chatd.chat import names
from chatd.chat.errors import Refusal

_STATES: Final = {"active": False, "blocked": True}

#: With parameters that a server can afford: up to 1 GiB, 99 passes, 99 lanes.
_HASH: Final = re.compile(
    r"\$argon2(?:id|i|d)\$v=[0-9]{1,3}\$m=[1-9][0-9]{0,6},t=[1-9][0-9]?,p=[1-9][0-9]?"
    r"(?:\$[A-Za-z0-9+/]+){2}"
)


@dataclass(frozen=True, slots=True)
class Account:
    """A nickname that needs a password."""

    name: str
    password_hash: str = field(repr=False)
    is_blocked: bool = False

    @property
    def key(self) -> str:
        """What tells it from the others."""
        return names.casefold(self.name)

    @property
    def state(self) -> str:
        """What the file calls it: ``active`` or ``blocked``."""
        return "blocked" if self.is_blocked else "active"


#: Accounts by their keys.
Accounts = dict[str, Account]


class PasswordFile:
    """The accounts in a file. What is raised names neither the file nor a secret in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Accounts:
        """The accounts.

        :raises ValueError: if the file cannot be read, or naming the first bad line.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from None
        accounts: Accounts = {}
        lines = content.removesuffix(b"\n").split(b"\n") if content else []
        for number, line in enumerate(lines, 1):
            try:
                _add(accounts, line)
            except ValueError as error:
                raise ValueError(f"is no password file: line {number} {error}") from None
        return accounts

    def fingerprint(self) -> object:
        """What is another value once the file has changed; None if it cannot be reached."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def update(self, edit: Callable[[Accounts], None], create: bool = False) -> None:
        """Have `edit` change the accounts; who reads the file finds the old ones or the new ones.

        :param may_make: make the file if there is none.
        :raises ValueError: if the file cannot be read or written, or if `edit` does; then it is
            as it was.
        """
        target = self.path.resolve()
        draft = target.with_name(f"{target.name}.new")
        try:
            # There is one draft, so that of two who change the file at once neither is forgotten.
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise ValueError(
                f"is being changed by someone else; if nobody is, remove {draft}"
            ) from None
        except OSError as error:
            raise ValueError(f"cannot be written: {error.strerror}") from None
        try:
            with open(handle, "wb") as file:  # noqa: PTH123  # a Path has no handle
                is_new = create and not target.exists()
                accounts = {} if is_new else self.read()
                edit(accounts)
                if not is_new:
                    # The server that reads it may run as another user than who changes it.
                    owner = target.stat()
                    os.fchown(handle, owner.st_uid, owner.st_gid)
                file.write(_content(accounts.values()))
                file.flush()
                os.fsync(handle)
            draft.replace(target)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise ValueError(f"cannot be written: {error.strerror}") from None
        except BaseException:
            draft.unlink(missing_ok=True)
            raise


def _add(accounts: Accounts, line: bytes) -> None:
    """Add the account in one line of the file.

    :raises ValueError: with what is wrong, but never with what may be a part of a hash.
    """
    try:
        parts = line.decode().split("\t")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    if len(parts) != 3:
        raise ValueError("is not NAME, active or blocked, and a hash, with a TAB between them")
    try:
        name = names.nickname(parts[0])
    except Refusal:
        raise ValueError("does not begin with a nickname") from None
    if parts[1] not in _STATES:
        raise ValueError(f"says neither active nor blocked of {name}")
    if not _HASH.fullmatch(parts[2]):
        raise ValueError(f"has no argon2 hash for {name}")
    account = Account(name, parts[2], _STATES[parts[1]])
    if account.key in accounts:
        raise ValueError(f"names {name} a second time")
    accounts[account.key] = account


def _content(accounts: Iterable[Account]) -> bytes:
    return "".join(
        f"{each.name}\t{each.state}\t{each.password_hash}\n" for each in accounts
    ).encode()
