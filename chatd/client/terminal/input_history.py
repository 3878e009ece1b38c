"""The lines that the user typed, recalled with the arrow keys: of this run and of earlier ones.

Lines of earlier runs are in a file, each as a JSON string in a line of its own, the oldest first.
Private messages are not stored there. If the file cannot be read or written, the user is notified
once, and the chat goes on without it.
"""

import json
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from prompt_toolkit.history import InMemoryHistory

from chatd.chat import commands, limits
from chatd.chat.errors import Refusal
from chatd.client.secret_lines import has_secret
from chatd.client.terminal.views import is_talk, talk
from chatd.state_directory import state_directory
from chatd.wire import slash_commands
from chatd.wire.user_inputs import UserInput

_FILE_NAME: Final = "input-history"
#: So much of a line that is too long tells whether it is a message.
_BEGINNING_CHARACTERS: Final = 80
_FALLBACK_NOTE: Final = "It is kept in memory until you leave."


def is_private(line: str, user_input: UserInput | None) -> bool:
    """Whether the file must not get `line`: a private message, or what may have been meant as one.

    The same goes for a line with a secret in it.

    :param user_input: what the line was parsed to; None if it is blank or not valid.
    """
    if has_secret(line, user_input):
        return True
    is_meant_so = line.strip().startswith(("@", "/msg"))
    return is_meant_so or isinstance(user_input, commands.SendPrivate | None)


def recalled(line: str, target: str) -> str:
    """What the arrow keys recall of `line`, which was entered where lines go to `target`.

    A line of a private talk names its recipients: recalled elsewhere, it must not go to a room. An
    action cannot name them, so it is not recalled; the result is empty. So it is for a line with a
    secret in it.
    """
    try:
        user_input = slash_commands.parse(line, target)
    except Refusal:
        return _recalled_refused(line, target) if is_talk(target) else line
    if has_secret(line, user_input):
        return ""
    if not is_talk(target):
        return line
    if not isinstance(user_input, commands.SendPrivate) or talk(user_input.to) != target:
        return line
    return "" if user_input.action else f"/msg {','.join(user_input.to)} {user_input.text}"


def _recalled_refused(line: str, target: str) -> str:
    """The same for a line that was too long, perhaps: the user will recall it to make it valid.

    So an action is recalled, too, as a message. What was no line of the talk but an invalid command
    is not valid elsewhere, either.
    """
    beginning = line.strip().split("\n")[0][:_BEGINNING_CHARACTERS]
    try:
        user_input = slash_commands.parse(beginning, target)
    except Refusal:
        return line
    if not isinstance(user_input, commands.SendPrivate) or talk(user_input.to) != target:
        return line
    text = line.strip().split(maxsplit=1)[-1] if user_input.action else line
    return f"/msg {','.join(user_input.to)} {text}"


class InputHistory(InMemoryHistory):
    """The lines of this run and of earlier ones.

    prompt_toolkit stores each line in memory when Enter is pressed. The file gets a line only by
    :meth:`save`, when it is handed to the session: until then it has not been parsed, so it may be
    private, and the user may still decide not to send it.

    :param path: the file; its directory is made if need be. None if there is no place for one.
    :ivar notify: called with a sentence if the file cannot be used, or is damaged.
    """

    def __init__(self, path: Path | None, notify: Callable[[str], None]) -> None:
        self._path = path or Path(os.devnull)
        self.notify = notify
        self._is_usable = path is not None
        if path is None:
            self.notify(
                "The input history cannot be saved: you have no home directory (HOME). "
                f"{_FALLBACK_NOTE}"
            )
        super().__init__(self._load())

    def save(self, line: str, user_input: UserInput | None) -> None:
        """Store `line` for later runs, unless it is private."""
        if self._is_usable and not is_private(line, user_input):
            try:
                self._append(line)
            except OSError as error:
                self._give_up("written", error)

    def _load(self) -> list[str]:
        """The lines of earlier runs, the oldest first; the file is cut if it has grown too long."""
        if not self._is_usable:
            return []
        try:
            data = self._read()
        except FileNotFoundError:
            return []
        except OSError as error:
            self._give_up("read", error)
            return []
        lines, broken = _parse(data)
        if broken:
            self.notify(
                f"The input history {self._path} is damaged: {broken} of its lines were not valid "
                "and are left out."
            )
        kept = lines[-limits.INPUT_HISTORY_LINES :]
        if broken or len(kept) < len(lines):
            self._rewrite(kept)
        return kept

    def _read(self) -> bytes:
        # Non-blocking: opening a pipe, if there is one in its place, would wait for a writer.
        handle = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(0, "not a regular file")
            self._make_private(handle)
            file.seek(max(0, status.st_size - limits.INPUT_HISTORY_BYTES))
            return file.read(limits.INPUT_HISTORY_BYTES)

    def _append(self, line: str) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(self._path, flags, 0o600)
        try:
            self._make_private(handle)
            # In one write, so that lines of several clients do not get mixed.
            os.write(handle, f"{json.dumps(line)}\n".encode())
        finally:
            os.close(handle)

    def _make_private(self, handle: int) -> None:
        """Let nobody else read the file or look into its directory, which others may have made.

        What cannot be changed is left as it is: it belongs to somebody else, root perhaps.
        """
        if os.fstat(handle).st_mode & 0o077:
            with suppress(PermissionError):
                os.fchmod(handle, 0o600)
        if self._path.parent.stat().st_mode & 0o077:
            with suppress(PermissionError):
                self._path.parent.chmod(0o700)

    def _rewrite(self, lines: list[str]) -> None:
        new = self._path.with_name(f"{_FILE_NAME}.{os.getpid()}")
        try:
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                self._make_private(handle)
                file.writelines(f"{json.dumps(line)}\n" for line in lines)
            new.replace(self._path)
        except OSError as error:
            with suppress(OSError):
                new.unlink()
            self._give_up("written", error)

    def _give_up(self, verb: str, error: OSError) -> None:
        if self._is_usable:
            self._is_usable = False
            self.notify(
                f"The input history cannot be {verb} ({self._path}: {error.strerror}). "
                f"{_FALLBACK_NOTE}"
            )


def history_file(environment: Mapping[str, str]) -> Path | None:
    """The path of the file; None if the user has no home directory."""
    try:
        return state_directory(environment) / _FILE_NAME
    except RuntimeError:
        return None


def _parse(data: bytes) -> tuple[list[str], int]:
    """The lines in `data`, and how many were not valid."""
    lines = []
    broken = 0
    for number, raw in enumerate(data.splitlines()):
        try:
            line = json.loads(raw)
        except (ValueError, RecursionError):
            line = None
        if isinstance(line, str) and line:
            lines.append(line)
        # Only the end of a long file is read, and that may begin in the midst of a line.
        elif number or len(data) < limits.INPUT_HISTORY_BYTES:
            broken += 1
    return lines, broken
