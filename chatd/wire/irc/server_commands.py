"""About the server and the connection: PING, QUIT, MOTD, VERSION, LUSERS and HELP. Pure.

Source: https://modern.ircdocs.horse/#server-queries-and-commands.
"""

from typing import Final

from chatd.chat import commands, events
from chatd.wire.irc import features, numerics
from chatd.wire.irc.client import VERSION, Answer, Client, Steps, answer
from chatd.wire.irc.lines import Line
from chatd.wire.irc.refusals import closing
from chatd.wire.irc.registration import message_of_the_day
from chatd.wire.irc.text import last_text


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


def lusers(client: Client, line: Line) -> Steps:
    """LUSERS: how many members, hosts and rooms there are."""
    users = yield commands.ListUsers()
    rooms = yield commands.ListRooms()
    present = users.users if isinstance(users, events.Users) else ()
    count = len(present)
    hosts = sum(each.host for each in present)
    channels = (
        sum(bool(each.members) for each in rooms.rooms) if isinstance(rooms, events.Rooms) else 0
    )
    number = str(count)
    return answer(
        client.numeric(
            numerics.LUSERCLIENT, text=f"There are {count} users and 0 invisible on 1 servers"
        ),
        client.numeric(numerics.LUSEROP, str(hosts), text="operator(s) online"),
        client.numeric(numerics.LUSERUNKNOWN, "0", text="unknown connection(s)"),
        client.numeric(numerics.LUSERCHANNELS, str(channels), text="channels formed"),
        client.numeric(numerics.LUSERME, text=f"I have {count} clients and 0 servers"),
        client.numeric(
            numerics.LOCALUSERS, number, number, text=f"Current local users {count}, max {count}"
        ),
        client.numeric(
            numerics.GLOBALUSERS, number, number, text=f"Current global users {count}, max {count}"
        ),
    )


#: The lines of HELP; the first one is their title.
_HELP: Final = (
    "Commands of this server",
    "JOIN #room [word]  PART #room  LIST  NAMES #room  TOPIC #room [text]",
    "PRIVMSG #room|nickname text  NOTICE  AWAY [text]  NICK name  QUIT",
    "WHO #room  WHOIS nickname  ISON nickname …  INVITE nickname #room",
    "KICK #room nickname [reason]  MODE #room +b|-b nickname  MODE #room +k word",
    "MODE #room +m (read-only)  +i (closed)  +t (topic locked)",
    "OPER name code: become a host, with the code that the server shows when it starts",
)


def help_(client: Client, line: Line) -> Answer:
    """HELP: the commands. There are no pages on single subjects."""
    subject = line.params[0] if line.params and line.params[0] else "index"
    if subject != "index":
        text = "There is no help on this; HELP shows all commands"
        return answer(client.numeric(numerics.HELPNOTFOUND, subject, text=text))
    first, *others, last = _HELP
    return answer(
        client.numeric(numerics.HELPSTART, subject, text=first),
        *(client.numeric(numerics.HELPTXT, subject, text=text) for text in others),
        client.numeric(numerics.ENDOFHELP, subject, text=last),
    )
