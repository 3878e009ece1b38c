"""HELP and HELPOP: what each command does. Pure.

Source: https://modern.ircdocs.horse/#help-message.
"""

from typing import Final

from chatd.wire.irc import numerics
from chatd.wire.irc.client import Answer, Client, answer
from chatd.wire.irc.lines import Line, in_lines

#: For each command, its parameters and what it does. The dialect has what carries them out.
TOPICS: Final[dict[str, tuple[str, str]]] = {
    "AUTHENTICATE": ("PLAIN", "gives the password of an account by SASL; clients do it"),
    "AWAY": ("[text]", "tells the others that you are away; without a text, back again"),
    "BATCH": (
        "+name draft/multiline #room|nickname",
        "begins a message of several lines; clients do it",
    ),
    "CAP": ("LS|LIST|REQ|END", "says what the client understands; clients do it"),
    "CHATHISTORY": (
        "LATEST|BEFORE|AFTER|AROUND|BETWEEN #room place [place] count",
        "reads what was said before; clients do it",
    ),
    "HELP": ("[command]", "says what a command does, or which there are"),
    "HELPOP": ("[command]", "is the same as HELP"),
    "INFO": ("", "says what this server is"),
    "INVITE": ("nickname #room", "asks somebody to join a room"),
    "ISON": ("nickname …", "says which of them are here"),
    "JOIN": ("#room[,#room] [word]", "joins a room, and makes it if need be"),
    "KICK": (
        "#room nickname [reason]",
        "takes somebody out of a room; for operators and hosts",
    ),
    "KILL": ("nickname [reason]", "takes somebody out of the chat; for hosts"),
    "LINKS": ("", "lists no other servers: there are none"),
    "LIST": ("[#room|form|>n|<n]", "lists the rooms"),
    "LUSERS": ("", "says how many users and rooms there are"),
    "MARKREAD": ("#room|nickname [time]", "says up to when you have read; clients do it"),
    "MODE": (
        "#room [+b|+o|+v nickname] [+k word] [+l number] [+imnst]",
        "shows or, with + or -, changes who may do what in a room; for operators and hosts",
    ),
    "MONITOR": ("+|-|C|L|S [nickname,…]", "tells you when somebody comes or goes; clients do it"),
    "MOTD": ("", "says how this chat works"),
    "NAMES": ("#room", "lists who is in a room"),
    "NICK": ("nickname", "gives you another nickname"),
    "NOTICE": ("#room|nickname text", "is a message of a program, which no program answers"),
    "OPER": ("name code", "makes you a host, with the code that the server shows when it starts"),
    "PART": ("#room[,#room] [text]", "leaves a room"),
    "PASS": ("password", "gives the password of an account, before entering; clients do it"),
    "PING": ("token", "asks whether the server is there; clients do it"),
    "PONG": ("token", "answers a PING; clients do it"),
    "PRIVMSG": (
        "#room|nickname[,nickname] text",
        "sends a message to a room, or in private",
    ),
    "QUIT": ("[text]", "leaves the chat"),
    "REDACT": ("#room id [reason]", "removes a message, one's own or any for those who keep order"),
    "SETNAME": ("realname", "changes the real name that others see"),
    "TAGMSG": ("#room|nickname", "says that you are typing; clients do it"),
    "TIME": ("", "says what time it is on the server"),
    "TOPIC": ("#room [text]", "shows or sets what a room is about"),
    "USER": ("name 0 * realname", "says who you are, before entering; clients do it"),
    "USERHOST": ("nickname …", "says which of them are here, and not away"),
    "VERSION": ("", "says which program the server is, and what it can do"),
    "WHO": ("#room|form", "lists users, and who is away"),
    "WHOIS": ("nickname", "says what is known of a user"),
    "WHOWAS": ("nickname", "says what is known of a user who has left"),
}
#: The subject of the list of commands.
_INDEX: Final = "index"


def help_(client: Client, line: Line) -> Answer:
    """HELP: a command, or the list of them."""
    subject = line.params[0] if line.params and line.params[0] else _INDEX
    if subject.casefold() == _INDEX:
        names = [" ".join(part) for part in in_lines(TOPICS)]
        texts = ["Commands of this server", *names, "HELP and one of them says more"]
    elif subject.upper() in TOPICS:
        params, sentence = TOPICS[subject.upper()]
        texts = [f"{subject.upper()} {params}".rstrip(), sentence]
    else:
        text = "There is no help on this; HELP shows all commands"
        return answer(client.numeric(numerics.HELPNOTFOUND, subject, text=text))
    first, *others, last = texts
    return answer(
        client.numeric(numerics.HELPSTART, subject, text=first),
        *(client.numeric(numerics.HELPTXT, subject, text=text) for text in others),
        client.numeric(numerics.ENDOFHELP, subject, text=last),
    )
