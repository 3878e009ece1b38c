"""chatd whose chat says that it is a node of a cluster with these pages: ``ORIGIN,ORIGIN …``.

It shows how a page moves. It is no real node, as it shares nothing with the others: whoever comes
enters anew.
"""

import os
from typing import Any, Final

from twisted.internet.defer import Deferred

from chatd.chat.server_events import Node
from chatd.cli import main
from chatd.server.chat import Chat

_open: Final = Chat.open


def _open_in_cluster(chat: Chat) -> Deferred[Exception | None]:
    def opened(problem: Any) -> Any:
        chat.hub.nodes.cluster_id = "Ku2"
        for number, origin in enumerate(os.environ["NODES"].split(",")):
            chat.hub.nodes.begin(Node(f"node {number}", (), (origin,)), 9, 0)
        return problem

    return _open(chat).addCallback(opened)


if __name__ == "__main__":
    setattr(Chat, "open", _open_in_cluster)  # noqa: B010  # a method, which mypy lets nobody assign
    main()
