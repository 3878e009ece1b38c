"""The password file: the nicknames that are accounts, and the hashes of their passwords.

It is UTF-8 text. Each line is an account, in parts with a TAB between them: the nickname,
``active`` or ``blocked``, the argon2 hash of the password, and ``host`` if the account is that of a
host. A line may also say that an account was removed::

    ice     active  $argon2id$v=19$m=65536,t=3,p=4$…$…
    ana     active  $argon2id$v=19$m=65536,t=3,p=4$…$…  host
    moon    removed -

Such a line tells a running server that the account is gone on purpose. Without it, a file that lost
some of its lines by accident would open their nicknames to anyone.

Nicknames are compared as the hub compares them: two that differ in case are one account.
"""

import errno
import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from chatd.chat import limits, names
from chatd.chat.errors import Refusal

_STATES: Final = {"active": False, "blocked": True}

#: The fourth part of a line for a host's account.
_HOST: Final = "host"

#: The second and third part of a line for a removed account.
_REMOVED: Final = "removed", "-"

#: An access control list, which Linux keeps beside a file's mode.
_ACL: Final = "system.posix_acl_access"

#: The hash itself, as ``chatd account`` makes it, in base64 characters.
_HASH_CHARACTERS: Final = 43

#: In hexadecimal digits; two passwords of one account hardly ever have the same.
_FINGERPRINT_CHARACTERS: Final = 16

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
    is_host: bool = False

    @property
    def key(self) -> str:
        """Its key: two nicknames that differ only in case are one account."""
        return names.casefold(self.name)

    @property
    def state(self) -> str:
        """Its state in the file: ``active`` or ``blocked``."""
        return "blocked" if self.is_blocked else "active"

    @property
    def fingerprint(self) -> str:
        """A text that changes with the password. Nobody can guess a password with it.

        The hash that it is made of has a random salt, which is in the password file alone.
        """
        return sha256(self.password_hash.encode()).hexdigest()[:_FINGERPRINT_CHARACTERS]


#: Accounts by their keys.
Accounts = dict[str, Account]


@dataclass(frozen=True, slots=True)
class Contents:
    """The accounts in the file, and those that it says were removed.

    :ivar removed: the names of removed accounts by their keys; the one removed longest ago first.
    """

    accounts: Accounts = field(default_factory=dict)
    removed: dict[str, str] = field(default_factory=dict)


class Unreadable(ValueError):
    """The file cannot be read now; it may be possible later, without any change of the file."""


class PasswordFile:
    """A password file. Its exceptions contain neither the path nor a part of a hash."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, or_new: bool = False) -> Contents:
        """Read the accounts.

        :param or_new: take a file that is empty or does not exist for one without accounts.
        :raises ValueError: if the file cannot be read, or a line is malformed; it names the first.
        """
        try:
            _require_regular(self.path.stat())
            with self.path.open("rb") as file:
                content = file.read(limits.PASSWORD_FILE_BYTES + 1)
        except OSError as error:
            if or_new and isinstance(error, FileNotFoundError):
                return Contents()
            raise Unreadable(f"cannot be read: {error.strerror}") from None
        if not content:
            if or_new:
                return Contents()
            raise ValueError(
                "is empty, and chatd account never leaves it so: restore it from a backup, or "
                "begin anew with chatd account add"
            )
        if len(content) > limits.PASSWORD_FILE_BYTES:
            raise ValueError(
                "is not a password file: it has more than "
                f"{limits.PASSWORD_FILE_BYTES // 2**20} MiB"
            )
        return _parse(content)

    def is_empty(self) -> bool:
        """Whether there is a file of 0 bytes."""
        try:
            return self.path.stat().st_size == 0
        except OSError:
            return False

    def fingerprint(self) -> object:
        """A value that differs once the file or its mode has changed; None if there is no file."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino

    def update(self, edit: Callable[[Accounts], None], create: bool = False) -> None:
        """Change the accounts with `edit`, atomically: readers see the old file or the new one.

        The file keeps its mode, its owner and its access control list, since the server may run as
        another user than this process. A new file can be read by its owner alone.

        :param create: whether to create the file if there is none, or fill it if it is empty.
        :raises ValueError: if the file cannot be read or written, or if `edit` raises it; then the
            file is unchanged.
        """
        target = self._target()
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
                contents = self.read(or_new=create)
                file.write(_content(_edited(contents, edit)))
                file.flush()
                if target.exists():
                    _copy_permissions(target, handle)
                os.fsync(handle)
            draft.replace(target)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise ValueError(f"cannot be written: {error.strerror}") from None
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def writable_by_others(self) -> list[str]:
        """Sentences about other users who can change the accounts; usually there is none."""
        if not hasattr(os, "geteuid"):  # Windows, where the mode says nothing
            return []
        target = self._target()
        sentences = []
        # A directory with the sticky bit, such as /tmp, lets nobody else replace the file.
        for path, sticky in ((target, 0), *((each, stat.S_ISVTX) for each in self._directories())):
            with suppress(OSError):
                mode = path.stat().st_mode
                if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & sticky:
                    who = "anyone" if mode & stat.S_IWOTH else "its group"
                    sentences.append(
                        f"{path} can be written by {who}, who can so change the accounts of the "
                        f"chat; chmod go-w takes that away"
                    )
        return sentences

    def _target(self) -> Path:
        """The file itself, if `path` is a symbolic link; a loop of links leads nowhere."""
        return Path(os.path.realpath(self.path))  # Path.resolve raises RuntimeError for a loop

    def _directories(self) -> list[Path]:
        """The directory of the file and, if it is a symbolic link, that of the link."""
        return list(dict.fromkeys([self._target().parent, self.path.absolute().parent]))


def _require_regular(status: os.stat_result) -> None:
    """Check that it is a file: to open a pipe would wait for its writer.

    :raises OSError: if it is not.
    """
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")


def _copy_permissions(source: Path, handle: int) -> None:
    """Give the file at `handle` the owner, the access control list and the mode of `source`.

    :raises OSError: if that is not possible.
    """
    status = source.stat()
    try:
        if (status.st_uid, status.st_gid) != (os.fstat(handle).st_uid, os.fstat(handle).st_gid):
            os.fchown(handle, status.st_uid, status.st_gid)
    except PermissionError as error:
        raise PermissionError(
            error.errno, "its owner and group could not be kept; do this as its owner or as root"
        ) from None
    if hasattr(os, "getxattr"):
        try:
            acl = os.getxattr(source, _ACL)
        except OSError:  # it has none, but a new file may get one from its directory
            with suppress(OSError):
                os.removexattr(handle, _ACL)
        else:
            os.setxattr(handle, _ACL, acl)
    os.fchmod(handle, stat.S_IMODE(status.st_mode))


def _edited(contents: Contents, edit: Callable[[Accounts], None]) -> Contents:
    """What `edit` makes of `contents`: what it takes away counts as removed."""
    accounts = dict(contents.accounts)
    edit(accounts)
    removed = contents.removed | {
        key: account.name for key, account in contents.accounts.items() if key not in accounts
    }
    kept = [(key, name) for key, name in removed.items() if key not in accounts]
    return Contents(accounts, dict(kept[-limits.REMOVED_ACCOUNTS :]))


def _parse(content: bytes) -> Contents:
    """Parse the file.

    :raises ValueError: if a line is malformed; it names the first.
    """
    contents = Contents()
    lines = content.removesuffix(b"\n").split(b"\n")
    for number, line in enumerate(lines, 1):
        is_unended = number == len(lines) and not content.endswith(b"\n")
        try:
            _add(contents, line, is_unended)
        except ValueError as error:
            raise ValueError(f"is not a password file: line {number} {error}") from None
    return contents


def _add(contents: Contents, line: bytes, is_unended: bool) -> None:
    """Add the account in one line of the file.

    :param is_unended: whether the line has no line end, so that a part of it may be lost.
    :raises ValueError: if it is malformed. The message has no part of what may be a hash.
    """
    try:
        parts = line.decode().split("\t")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    if len(parts) != 3 and parts[3:] != [_HOST]:
        raise ValueError(
            "is not a nickname, active or blocked, a hash, and perhaps host, separated by tabs"
        )
    try:
        name = names.nickname(parts[0])
    except Refusal:
        raise ValueError("does not begin with a nickname") from None
    key = names.casefold(name)
    if key in contents.accounts or key in contents.removed:
        raise ValueError(f"repeats the account {name}")
    if tuple(parts[1:]) == _REMOVED:
        contents.removed[key] = name
        return
    if parts[1] not in _STATES:
        raise ValueError(f"has neither active nor blocked for {name}")
    _check_hash(name, parts[2])
    is_host = len(parts) > 3
    if is_unended and not is_host and len(parts[2].rpartition("$")[2]) != _HASH_CHARACTERS:
        raise ValueError(f"is cut off in the hash for {name}, or lacks its line end")
    contents.accounts[key] = Account(name, parts[2], _STATES[parts[1]], is_host)


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


def _content(contents: Contents) -> bytes:
    lines = [
        (each.name, each.state, each.password_hash, *((_HOST,) if each.is_host else ()))
        for each in contents.accounts.values()
    ]
    lines += [(name, *_REMOVED) for name in contents.removed.values()]
    return "".join("\t".join(line) + "\n" for line in lines).encode()
