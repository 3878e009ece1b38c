"""The numerics of IRC: replies and errors by their numbers. Pure.

Names, numbers, parameters and sentences are those of https://modern.ircdocs.horse/#numerics; those
of WHOX (354), and of SASL and accounts (900 to 908), are in the IRCv3 specifications
(https://ircv3.net/irc/).
"""

from typing import Final

from chatd.wire.irc.lines import Line

WELCOME: Final = "001"
YOURHOST: Final = "002"
CREATED: Final = "003"
MYINFO: Final = "004"
ISUPPORT: Final = "005"
UMODEIS: Final = "221"
LUSERCLIENT: Final = "251"
LUSEROP: Final = "252"
LUSERUNKNOWN: Final = "253"
LUSERCHANNELS: Final = "254"
LUSERME: Final = "255"
LOCALUSERS: Final = "265"
GLOBALUSERS: Final = "266"
AWAY: Final = "301"
USERHOST: Final = "302"
ISON: Final = "303"
UNAWAY: Final = "305"
NOWAWAY: Final = "306"
WHOISUSER: Final = "311"
WHOISSERVER: Final = "312"
WHOISOPERATOR: Final = "313"
WHOWASUSER: Final = "314"
ENDOFWHO: Final = "315"
WHOISIDLE: Final = "317"
ENDOFWHOIS: Final = "318"
WHOISCHANNELS: Final = "319"
LISTSTART: Final = "321"
LIST: Final = "322"
LISTEND: Final = "323"
CHANNELMODEIS: Final = "324"
CREATIONTIME: Final = "329"
WHOISACCOUNT: Final = "330"
NOTOPIC: Final = "331"
TOPIC: Final = "332"
TOPICWHOTIME: Final = "333"
WHOISBOT: Final = "335"
INVITELIST: Final = "336"
ENDOFINVITELIST: Final = "337"
INVITING: Final = "341"
VERSION: Final = "351"
WHOREPLY: Final = "352"
NAMREPLY: Final = "353"
WHOSPCRPL: Final = "354"
ENDOFNAMES: Final = "366"
BANLIST: Final = "367"
ENDOFLINKS: Final = "365"
ENDOFBANLIST: Final = "368"
ENDOFWHOWAS: Final = "369"
INFO: Final = "371"
MOTD: Final = "372"
ENDOFINFO: Final = "374"
MOTDSTART: Final = "375"
ENDOFMOTD: Final = "376"
YOUREOPER: Final = "381"
TIME: Final = "391"
UNKNOWNERROR: Final = "400"
NOSUCHNICK: Final = "401"
NOSUCHCHANNEL: Final = "403"
CANNOTSENDTOCHAN: Final = "404"
TOOMANYCHANNELS: Final = "405"
WASNOSUCHNICK: Final = "406"
TOOMANYTARGETS: Final = "407"
NOORIGIN: Final = "409"
INVALIDCAPCMD: Final = "410"
NORECIPIENT: Final = "411"
NOTEXTTOSEND: Final = "412"
INPUTTOOLONG: Final = "417"
UNKNOWNCOMMAND: Final = "421"
NONICKNAMEGIVEN: Final = "431"
ERRONEUSNICKNAME: Final = "432"
NICKNAMEINUSE: Final = "433"
USERNOTINCHANNEL: Final = "441"
NOTONCHANNEL: Final = "442"
USERONCHANNEL: Final = "443"
NOTREGISTERED: Final = "451"
NEEDMOREPARAMS: Final = "461"
ALREADYREGISTERED: Final = "462"
PASSWDMISMATCH: Final = "464"
YOUREBANNEDCREEP: Final = "465"
CHANNELISFULL: Final = "471"
UNKNOWNMODE: Final = "472"
INVITEONLYCHAN: Final = "473"
BANNEDFROMCHAN: Final = "474"
BADCHANNELKEY: Final = "475"
BADCHANMASK: Final = "476"
BANLISTFULL: Final = "478"
NOPRIVILEGES: Final = "481"
CHANOPRIVSNEEDED: Final = "482"
UMODEUNKNOWNFLAG: Final = "501"
USERSDONTMATCH: Final = "502"
HELPNOTFOUND: Final = "524"
HELPSTART: Final = "704"
HELPTXT: Final = "705"
INVALIDMODEPARAM: Final = "696"
ENDOFHELP: Final = "706"
MONONLINE: Final = "730"
MONOFFLINE: Final = "731"
MONLIST: Final = "732"
ENDOFMONLIST: Final = "733"
MONLISTFULL: Final = "734"
LOGGEDIN: Final = "900"
LOGGEDOUT: Final = "901"
NICKLOCKED: Final = "902"
SASLSUCCESS: Final = "903"
SASLFAIL: Final = "904"
SASLTOOLONG: Final = "905"
SASLABORTED: Final = "906"
SASLMECHS: Final = "908"

#: The sentences of numerics that always have the same one.
SENTENCES: Final[dict[str, str]] = {
    UNAWAY: "You are no longer marked as being away",
    NOWAWAY: "You have been marked as being away",
    ENDOFWHO: "End of WHO list",
    ENDOFWHOIS: "End of WHOIS list",
    LISTEND: "End of LIST",
    ENDOFINVITELIST: "End of INVITE list",
    NOTOPIC: "No topic is set",
    ENDOFNAMES: "End of NAMES list",
    ENDOFBANLIST: "End of channel ban list",
    ENDOFWHOWAS: "End of WHOWAS",
    ENDOFINFO: "End of INFO list",
    ENDOFLINKS: "End of LINKS list",
    ENDOFMOTD: "End of MOTD",
    YOUREOPER: "You are now a host",
    NOSUCHNICK: "No such nick/channel",
    NOSUCHCHANNEL: "No such channel",
    WASNOSUCHNICK: "There was no such nickname",
    NOORIGIN: "No origin specified",
    INVALIDCAPCMD: "Invalid CAP command",
    NORECIPIENT: "No recipient given",
    NOTEXTTOSEND: "No text to send",
    INPUTTOOLONG: "Input line was too long",
    UNKNOWNCOMMAND: "Unknown command",
    NONICKNAMEGIVEN: "No nickname given",
    USERNOTINCHANNEL: "They aren't on that channel",
    NOTONCHANNEL: "You're not on that channel",
    USERONCHANNEL: "is already on channel",
    NOTREGISTERED: "You have not registered",
    NEEDMOREPARAMS: "Not enough parameters",
    ALREADYREGISTERED: "You may not reregister",
    UNKNOWNMODE: "is unknown mode char to me",
    BADCHANMASK: "Bad channel mask",
    UMODEUNKNOWNFLAG: "Unknown MODE flag",
    ENDOFMONLIST: "End of MONITOR list",
    MONLISTFULL: "Monitor list is full",
    USERSDONTMATCH: "Can't change mode for other users",
    LOGGEDOUT: "You are now logged out",
    SASLSUCCESS: "SASL authentication successful",
    SASLFAIL: "SASL authentication failed",
    SASLTOOLONG: "SASL message too long",
    SASLABORTED: "SASL authentication aborted",
    SASLMECHS: "are available SASL mechanisms",
}


def numeric(number: str, server: str, client: str, *params: str, text: str | None = None) -> Line:
    """A numeric for a client.

    :param server: the server's name, which is the source.
    :param client: its nickname; empty before it has one: then ``*`` stands for it.
    :param params: those between the nickname and the sentence.
    :param text: the sentence, if it is not that of :data:`SENTENCES`.
    """
    sentence = SENTENCES.get(number) if text is None else text
    if sentence is None:
        return Line(number, (client or "*", *params), server)
    return Line(number, (client or "*", *params, sentence), server, has_text=True)
