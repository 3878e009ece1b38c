"""chatd as irctest needs it.

It has the host code ``operpassword``, is quick to see new accounts, and lets them have passwords so
long that they come in several lines. On the page's port it speaks IRC at the path ``/``, where
irctest looks for it; chatd has its page there.
"""

from typing import Any

from chatd.chat import limits
from chatd.server import chat
from chatd.web import routes, websocket

_limits: Any = limits  # they are constants
_limits.PASSWORD_FILE_SECONDS = 0.1
_limits.PASSWORD_CHARACTERS = 1_000
_chat: Any = chat
_chat.new_host_code = lambda: "operpassword"
routes.ROUTES["/"] = lambda request, chat: websocket.upgrade(request, chat, has_irc=True)

if __name__ == "__main__":
    from chatd.cli import main

    main()
