"""The table of the commands of ``chatd``."""

from typing import Final

#: Each command, its module, and its help. A module is imported only when its command runs, so that
#: ``chatd client`` does not pay for the server.
COMMANDS: Final = (
    ("server", "chatd.taps.server", "run a chat server"),
    ("client", "chatd.taps.client", "connect to a server and chat"),
    ("host", "chatd.taps.host", "run a server with its page, and chat there yourself"),
    ("launch", "chatd.taps.launch", "run a server and some clients in one process"),
    ("servers", "chatd.taps.servers", "list the servers that answer now"),
    ("doctor", "chatd.taps.doctor", "find out why a server is not found, and what to do"),
    ("bundle", "chatd.taps.bundle", "fetch chatd for others who have no Internet"),
    ("fingerprint", "chatd.taps.fingerprint", "print what others tell this server by"),
    ("account", "chatd.taps.account", "add, remove and block the nicknames that need a password"),
    ("cluster", "chatd.taps.cluster", "make or remove the log that several servers share"),
    ("trust", "chatd.taps.trust", "accept a server's key that you have compared"),
    ("completion", "chatd.taps.completion", "complete chatd's commands and options in a shell"),
    ("export", "chatd.taps.export", "write the messages that a server keeps"),
    ("import", "chatd.taps.import_messages", "add exported messages to a file"),
)
