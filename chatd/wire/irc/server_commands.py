"""About the server and the connection: PING, QUIT, MOTD, LUSERS and the like. Pure.

Source: https://modern.ircdocs.horse/#server-queries-and-commands.
"""

from datetime import UTC, datetime
from typing import Final

from chatd.chat import commands, irc_commands
from chatd.chat.statistics import Statistics
from chatd.wire.irc import features, numerics
from chatd.wire.irc.client import VERSION, Answer, Client, Steps, answer
from chatd.wire.irc.lines import Line
from chatd.wire.irc.refusals import closing
from chatd.wire.irc.registration import message_of_the_day
from chatd.wire.irc.text import last_text

#: The lines of INFO, behind the version.
_INFO: Final = (
    "A chat for people on one network.",
    "They may use chatd's own client, its web page, nc or IRC: all are in the same rooms.",
    "HELP lists the commands, VERSION says what the server can do.",
)


def ping(client: Client, line: Line) -> Answer:
    """PING: the answer has the client's token, and comes after those to all earlier lines."""
    if not line.params:
        return answer(client.numeric(numerics.NOORIGIN))
    return answer(
        Line("PONG", (client.server.name, line.params[0]), client.server.name, has_text=True)
    )


def pong(client: Client, line: Line) -> Answer:
    """PONG: the client is there."""
    return answer()


def leave(client: Client, line: Line) -> Steps:
    """QUIT: the others are told the text, if it can be one."""
    yield commands.Quit(last_text(line.params))
    return answer(closing("quit"))


def motd(client: Client, line: Line) -> Answer:
    """MOTD: how this chat works."""
    return answer(*message_of_the_day(client))


def version(client: Client, line: Line) -> Answer:
    """VERSION, with the features of the server."""
    text = "https://modern.ircdocs.horse, https://ircv3.net"
    shown = client.numeric(numerics.VERSION, VERSION, client.server.name, text=text)
    return answer(shown, *features.feature_lines(client))


def info(client: Client, line: Line) -> Answer:
    """INFO: what this server is."""
    return answer(
        *(client.numeric(numerics.INFO, text=text) for text in (VERSION, *_INFO)),
        client.numeric(numerics.ENDOFINFO),
    )


def time(client: Client, line: Line) -> Steps:
    """TIME: the server's, in UTC, as it need not be where the user is."""
    result = yield irc_commands.ReadStatistics()
    if not isinstance(result, Statistics):
        return answer()
    now = datetime.fromtimestamp(result.time / 1_000, UTC)
    text = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    return answer(client.numeric(numerics.TIME, client.server.name, text=text))


def links(client: Client, line: Line) -> Answer:
    """LINKS: none. However many servers a chat has, they are one for IRC clients."""
    return answer(client.numeric(numerics.ENDOFLINKS, "*"))


def lusers(client: Client, line: Line) -> Steps:
    """LUSERS: how many members, hosts and rooms there are."""
    result = yield irc_commands.ReadStatistics()
    if not isinstance(result, Statistics):
        return answer()
    members, most = result.members, result.max_members
    counts = (str(members), str(most))
    text = f"There are {members} users and 0 invisible on 1 servers"
    return answer(
        client.numeric(numerics.LUSERCLIENT, text=text),
        client.numeric(numerics.LUSEROP, str(result.hosts), text="operator(s) online"),
        client.numeric(
            numerics.LUSERUNKNOWN, str(result.unregistered), text="unknown connection(s)"
        ),
        client.numeric(numerics.LUSERCHANNELS, str(result.rooms), text="channels formed"),
        client.numeric(numerics.LUSERME, text=f"I have {members} clients and 0 servers"),
        client.numeric(
            numerics.LOCALUSERS, *counts, text=f"Current local users {members}, max {most}"
        ),
        client.numeric(
            numerics.GLOBALUSERS, *counts, text=f"Current global users {members}, max {most}"
        ),
    )
