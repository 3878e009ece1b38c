"""What real IRC clients send first, in the order of what they sent to a server of ours.

(HexChat and Halloy after their sources.) A client asks for those of the capabilities it knows that
the server offers. Its nickname is ``ice``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NICKNAME: Final = "ice"


@dataclass(frozen=True)
class Opening:
    """The lines of one client up to the moment when its user can talk.

    :ivar lines: ``{request}`` stands for the capabilities that it asks for.
    :ivar knows: capabilities.
    :ivar rooms: those that it joins.
    :ivar line_end: of each line.
    """

    lines: Sequence[str]
    knows: str = ""
    rooms: tuple[str, ...] = ("#lobby",)
    line_end: str = "\r\n"

    def data(self, offered: Sequence[str]) -> bytes:
        """The bytes that it sends to a server that offers these capabilities."""
        request = " ".join(each for each in self.knows.split() if each in offered)
        return "".join(line.format(request=request) + self.line_end for line in self.lines).encode()


OPENINGS: Final = {
    "WeeChat 3.8": Opening(
        (
            "CAP LS 302",
            "NICK ice",
            "USER ada 0 * :Ada",
            "CAP REQ :{request}",
            "CAP END",
            "JOIN #lobby,#dev",
            "MODE #lobby",
            "MODE #dev",
            "WHO #lobby %cuhsnfdar",
            "WHO #dev %cuhsnfdar",
            "PING party.chatd",
        ),
        "account-notify away-notify cap-notify chghost extended-join invite-notify message-tags "
        "multi-prefix server-time setname userhost-in-names",
        ("#lobby", "#dev"),
    ),
    "irssi 1.4": Opening(
        (
            "CAP LS 302",
            "JOIN :",  # by this it learns whether the server knows of CAP
            "CAP REQ :{request}",
            "CAP END",
            "NICK ice",
            "USER ada ada 10.35.11.111 :Ada Lovelace",
            "MODE ice +i",
            "JOIN #lobby,#dev",
            "MODE #lobby",
            "MODE #dev",
            "WHO #lobby %tcuhnfdar,743",
            "WHO #dev %tcuhnfdar,743",
            "MODE #lobby b",
            "MODE #dev b",
            "PING party.chatd",
        ),
        "multi-prefix extended-join setname invite-notify away-notify chghost account-notify "
        "server-time",
        ("#lobby", "#dev"),
    ),
    "ircII": Opening(
        ("NICK ice", "USER ada . . :Ada Lovelace", "JOIN #lobby ", "MODE #lobby"), line_end="\n"
    ),
    "irc-framework 4 (The Lounge, KiwiIRC)": Opening(
        (
            "CAP LS 302",
            "NICK ice",
            "USER ada 0 * Ada",
            "CAP REQ :{request}",
            "CAP END",
            "JOIN #lobby",
            "MODE #lobby",
            "WHO #lobby %tcuhnfdaor,171",
            "PRIVMSG #lobby hello",
            "PING 1795788043",
        ),
        "cap-notify batch multi-prefix message-tags away-notify invite-notify account-notify "
        "account-tag server-time userhost-in-names extended-join chghost setname echo-message",
    ),
    "pydle 1.2": Opening(
        (
            "CAP LS 302",
            "NICK ice",
            "USER ada 0 * Ada",
            "CAP REQ :{request}",
            "CAP END",
            "WHOIS <unregistered>",  # it asks about itself, and does not know its nickname yet
            "JOIN #lobby",
            "WHOIS ice",
            "MODE #lobby",
            "WHO #lobby %tnurha,542",
        ),
        "account-notify account-tag away-notify cap-notify chghost echo-message extended-join "
        "invite-notify message-tags multi-prefix userhost-in-names",
    ),
    "irc 20 (Python)": Opening(("NICK ice", "USER ada 0 * :Ada", "JOIN #lobby")),
    "HexChat": Opening(
        (
            "CAP LS 302",
            "NICK ice",
            "USER ada 0 * :realname",
            "CAP REQ :{request} ",  # with a space at its end
            "CAP END",
            "MODE ice",
            "JOIN #lobby,#dev",
            "MODE #lobby",
            "MODE #dev",
            "WHO #lobby %chtsunfra,152",
            "PING LAG1795788043",
        ),
        "away-notify multi-prefix account-notify extended-join server-time userhost-in-names "
        "cap-notify chghost setname invite-notify account-tag extended-monitor",
        ("#lobby", "#dev"),
    ),
    "Halloy": Opening(
        (
            "CAP LS 302",
            "NICK ice",
            "USER ada 0 * :Ada",
            "CAP REQ :{request}",
            "CAP END",
            "JOIN #lobby",
            "WHO #lobby %tcnf,9",
            "CHATHISTORY LATEST #lobby * 100",
            "MODE #lobby",
        ),
        "account-notify away-notify batch chghost draft/chathistory draft/multiline echo-message "
        "extended-join extended-monitor invite-notify labeled-response message-tags multi-prefix "
        "server-time setname userhost-in-names",
    ),
}
