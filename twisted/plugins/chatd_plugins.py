"""What ``twistd`` lists: the chat server and the chat client."""

from twisted.application.service import ServiceMaker

chatserver = ServiceMaker(
    "chatd server",
    "chatd.taps.server",
    "A chat server that clients find by name on the local network.",
    "chatserver",
)

chatclient = ServiceMaker(
    "chatd client",
    "chatd.taps.client",
    "A chat client that finds its server by name and chats over standard input and output.",
    "chatclient",
)
