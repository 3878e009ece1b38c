"""chatd as irctest needs it: with the host code ``operpassword``, and quick to see new accounts."""

from typing import Any

from chatd.chat import limits
from chatd.server import chat

_limits: Any = limits  # they are constants
_limits.PASSWORD_FILE_SECONDS = 0.1
_chat: Any = chat
_chat.new_host_code = lambda: "operpassword"

if __name__ == "__main__":
    from chatd.cli import main

    main()
