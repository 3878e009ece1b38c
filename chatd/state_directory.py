"""Where programs keep what has to outlive them (XDG Base Directory Specification)."""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path


def state_directory(environment: Mapping[str, str]) -> Path:
    """chatd's directory among those for the state of programs (XDG Base Directory Specification).

    :raises RuntimeError: if the user has no home directory.
    """
    path = Path(environment.get("XDG_STATE_HOME", ""))
    base = path if path.is_absolute() else _home_directory(environment) / ".local" / "state"
    return base / "chatd"


def _home_directory(environment: Mapping[str, str]) -> Path:
    path = Path(environment.get("HOME", ""))
    if path.is_absolute():
        return path
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        raise RuntimeError("the user has no home directory") from None
