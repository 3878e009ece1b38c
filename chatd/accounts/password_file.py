"""The password file: the nicknames that are accounts, and the hashes of their passwords.

It is UTF-8 text that only its owner may read. Each line is an account, in three parts with a TAB
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

from chatd.chat import limits, names
from chatd.chat.errors import Refusal

_STATES: Final = {"active": False, "blocked": True}

#: An argon2 hash in its standard form: its memory in KiB, its passes and its threads, its salt and
#: the hash. The lengths of the last two are those that argon2 itself accepts, in base64.
_HASH: Final = re.compile(
    r"\$argon2(?:id|i|d)\$v=(?:16|19)\$m=([1-9][0-9]{0,9}),t=([1-9][0-9]{0,9}),p=([1-9][0-9]{0,9})"
    r"\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{6,171}"
)


@dataclass(frozen=True, slots=True)
class Account:
    """A nickname that needs a password."""

    name: str
    password_hash: str = field(repr=False)
    is_blocked: bool = False

    @property
    def key(self) -> str:
        """Its key: two nicknames that differ only in case are one account."""
        return names.casefold(self.name)

    @property
    def state(self) -> str:
        """Its state in the file: ``active`` or ``blocked``."""
        return "blocked" if self.is_blocked else "active"


#: Accounts by their keys.
Accounts = dict[str, Account]


class PasswordFile:
    """A password file. What it raises contains neither the path nor a part of a hash."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Accounts:
        """Read the accounts.

        :raises ValueError: if the file cannot be read, or a line is malformed; it names the first.
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
                raise ValueError(f"is not a password file: line {number} {error}") from None
        return accounts

    def fingerprint(self) -> object:
        """A value that differs once the file has changed; None if there is no file."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def update(self, edit: Callable[[Accounts], None], create: bool = False) -> None:
        """Change the accounts with `edit`, atomically: readers see the old file or the new one.

        :param create: whether to create the file if there is none.
        :raises ValueError: if the file cannot be read or written, or if `edit` raises it; then the
            file is unchanged.
        """
        target = self.path.resolve()
        draft = target.with_name(f"{target.name}.new")
        try:
            # There can be only one draft. Of two updates at once the second one fails, instead of
            # losing the changes of the first.
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise ValueError(
                f"is being changed by another process; if none is running, remove {draft}"
            ) from None
        except OSError as error:
            raise ValueError(f"cannot be written: {error.strerror}") from None
        try:
            with open(handle, "wb") as file:  # noqa: PTH123  # a Path has no handle
                is_new = create and not target.exists()
                accounts = {} if is_new else self.read()
                edit(accounts)
                if not is_new:
                    # The server that reads the file may run as another user than this process.
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

    :raises ValueError: if it is malformed. The message has no part of what may be a hash.
    """
    try:
        parts = line.decode().split("\t")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    if len(parts) != 3:
        raise ValueError("is not a nickname, active or blocked, and a hash, separated by tabs")
    try:
        name = names.nickname(parts[0])
    except Refusal:
        raise ValueError("does not begin with a nickname") from None
    if parts[1] not in _STATES:
        raise ValueError(f"has neither active nor blocked for {name}")
    _check_hash(name, parts[2])
    account = Account(name, parts[2], _STATES[parts[1]])
    if account.key in accounts:
        raise ValueError(f"repeats the account {name}")
    accounts[account.key] = account


def _check_hash(name: str, password_hash: str) -> None:
    """Check that it is a hash, and one that the server can make in little time and memory.

    :raises ValueError: if it is not.
    """
    match = _HASH.fullmatch(password_hash)
    if match is None:
        raise ValueError(f"has no argon2 hash for {name}")
    kibibytes, passes, threads = map(int, match.groups())
    if (
        kibibytes * 1024 > limits.HASH_MEMORY_BYTES
        or passes > limits.HASH_PASSES
        or threads > limits.HASH_THREADS
    ):
        raise ValueError(
            f"has a hash for {name} that is too costly: at most "
            f"{limits.HASH_MEMORY_BYTES // 2**20} MiB, {limits.HASH_PASSES} passes and "
            f"{limits.HASH_THREADS} threads are allowed; remove the account and add it again"
        )
    if kibibytes < 8 * threads:
        raise ValueError(f"has no argon2 hash for {name}: 8 KiB for each thread are the least")


def _content(accounts: Iterable[Account]) -> bytes:
    return "".join(
        f"{each.name}\t{each.state}\t{each.password_hash}\n" for each in accounts
    ).encode()
