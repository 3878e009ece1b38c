"""Entering: CAP, PASS, NICK, USER and AUTHENTICATE, until the welcome; and renaming. Pure.

Sources: https://modern.ircdocs.horse/#connection-setup and #connection-messages;
https://ircv3.net/specs/extensions/sasl-3.1.

A client enters once it has sent NICK and USER, and CAP END if it negotiates. It is in no room then:
IRC clients join those that their user has chosen.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from chatd.chat import commands, errors, events, irc_commands, irc_limits, names
from chatd.chat.errors import Blocked, Refusal
from chatd.chat.names import LOBBY, casefold
from chatd.wire.irc import capabilities, features, modes, numerics, sasl
from chatd.wire.irc.capabilities import Recipient
from chatd.wire.irc.client import VERSION, Answer, Client, Steps, answer
from chatd.wire.irc.lines import Line
from chatd.wire.irc.masks import source, user_name
from chatd.wire.irc.refusals import closing, not_enough, refused
from chatd.wire.irc.text import remove_formatting


def cap(client: Client, line: Line) -> Steps:
    """CAP: what the client and the server agree on."""
    recipient = Recipient(
        client.server.name,
        client.nickname or client.wanted,
        features.offered(client.server),
        is_registered=bool(client.nickname),
    )
    agreed, lines = capabilities.negotiate(client.agreed, line.params, recipient)
    knows_batches = features.MULTILINE in agreed.enabled
    batch = client.batch if knows_batches else None
    return (yield from _enter_if_complete(replace(client, agreed=agreed, batch=batch), lines))


def password(client: Client, line: Line) -> Answer:
    """PASS: the password of the account whose nickname the client enters with."""
    if client.nickname:
        return answer(client.numeric(numerics.ALREADYREGISTERED))
    if not line.params:
        return answer(not_enough(client, line.command))
    return Answer(client=replace(client, password=line.params[0]))


def user(client: Client, line: Line) -> Steps:
    """USER: the client's user name and real name."""
    if client.nickname:
        return answer(client.numeric(numerics.ALREADYREGISTERED))
    if len(line.params) < 4 or not line.params[0] or not line.params[3]:
        return answer(not_enough(client, line.command))
    real_name = remove_formatting(line.params[3])[: irc_limits.REAL_NAME_CHARACTERS].strip()
    client = replace(client, user=user_name(line.params[0]), real_name=real_name)
    return (yield from _enter_if_complete(client))


def nick(client: Client, line: Line) -> Steps:
    """NICK: the nickname to enter with, or another one than before."""
    if not line.params or not line.params[0]:
        return answer(client.numeric(numerics.NONICKNAMEGIVEN))
    wanted = line.params[0]
    try:
        names.nickname(wanted)
    except Refusal as refusal:
        # The hub would say the same, but only when everything else has come, too. And it lets a
        # connection be called by its address, which is for those that have no other nickname.
        return answer(refused(client, refusal, line.command, wanted))
    if client.nickname:
        return (yield from _rename(client, wanted))
    return (yield from _enter_if_complete(replace(client, wanted=wanted)))


def _rename(client: Client, wanted: str) -> Steps:
    result = yield commands.Rename(wanted)
    if isinstance(result, Refusal):
        return answer(refused(client, result, "NICK", wanted))
    nickname = names.nickname(wanted)
    if not client.account or casefold(nickname) == casefold(client.nickname):
        return _renamed(client, nickname)
    # Renaming away signs out.
    renamed = _renamed(replace(client, account=""), nickname)
    now = renamed.client or client
    return Answer((*renamed.lines, now.numeric(numerics.LOGGEDOUT, now.source)), now)


def _renamed(client: Client, nickname: str, *lines: Line) -> Answer:
    if nickname == client.nickname:
        return Answer(lines)
    told = Line("NICK", (nickname,), client.source)
    return Answer((*lines, told), replace(client, nickname=nickname))


def authenticate(client: Client, line: Line) -> Steps:
    """AUTHENTICATE: the password of an account by SASL, before entering or after."""
    if not line.params:
        return answer(not_enough(client, line.command))
    step = sasl.authenticate(client.exchange, line.params[0])
    match step:
        case sasl.Exchange(received=received):
            lines = () if received else (Line("AUTHENTICATE", ("+",), client.server.name),)
            return Answer(lines, replace(client, exchange=step))
        case sasl.Failure(number):
            return _not_authenticated(client, number)
        case sasl.Credentials(account, secret):
            return (yield from _log_in(client, account, secret))


def _not_authenticated(client: Client, number: str) -> Answer:
    lines = [client.numeric(numerics.SASLFAIL)] if number == numerics.SASLMECHS else []
    mechanisms = (sasl.MECHANISM,) if number == numerics.SASLMECHS else ()
    lines.insert(0, client.numeric(number, *mechanisms))
    return Answer(tuple(lines), replace(client, exchange=None))


def _log_in(client: Client, account: str, secret: str) -> Steps:
    client = replace(client, exchange=None)
    if client.nickname:
        result = yield commands.Authenticate(account, secret)
    else:
        result = yield commands.CheckPassword(account, secret)
    if isinstance(result, Refusal):
        number = numerics.NICKLOCKED if isinstance(result, Blocked) else numerics.SASLFAIL
        return Answer((client.numeric(number, text=str(result)),), _signed_out(client))
    nickname = names.nickname(account)
    client = replace(client, account=nickname)
    lines = (_logged_in(client, nickname), client.numeric(numerics.SASLSUCCESS))
    if not client.nickname:
        return Answer(lines, client)
    renamed = _renamed(client, nickname, *lines)
    return replace(renamed, client=renamed.client or client)


def _signed_out(client: Client) -> Client:
    """`client` after a wrong password: before it has entered, the right one of before is void."""
    return client if client.nickname else replace(client, account="")


def _logged_in(client: Client, account: str) -> Line:
    text = f"You are now logged in as {account}"
    shown = source(client.nickname or client.wanted or "*")
    return client.numeric(numerics.LOGGEDIN, shown, account, text=text)


# --- entering -----------------------------------------------------------------------------------


def _enter_if_complete(client: Client, lines: Iterable[Line] = ()) -> Steps:
    """Enter, if the client has said all that is needed, after the answer `lines`."""
    sent = tuple(lines)
    is_complete = client.wanted and client.user and not client.agreed.is_negotiating
    if client.nickname or not is_complete:
        return Answer(sent, client)
    if client.exchange is not None:
        # sasl-3.1: who enters meanwhile does so without a password.
        client = replace(client, exchange=None)
        sent += (client.numeric(numerics.SASLABORTED),)
    return (yield from _enter(client, sent))


def _enter(client: Client, sent: tuple[Line, ...]) -> Steps:
    # Before it enters, as the others may ask at once. A real name that no text can be is left out.
    yield irc_commands.SetUserInfo(client.user, client.real_name)
    has_account = bool(client.account)
    if has_account:
        # An account is a nickname: who has the password of one enters under it.
        result = yield commands.EnterChecked()
    else:
        result = yield commands.Enter(client.wanted, ())
        if isinstance(result, errors.PasswordRequired) and client.password:
            result = yield commands.Authenticate(client.wanted, _secret(client))
            has_account = True
    if isinstance(result, Refusal):
        return (yield from _not_entered(client, sent, result))
    assert isinstance(result, events.Welcome)  # noqa: S101  # nosec B101  # it has no session
    entered = replace(
        client,
        nickname=result.nickname,
        wanted="",
        account=result.nickname if has_account else "",
        password="",  # nosec B106  # forgotten
        files_url=result.files or "",
    )
    return Answer((*sent, *_welcome(entered, result)), entered)


def _secret(client: Client) -> str:
    """The password in PASS, which may have the account before it: ``PASS ice:secret``."""
    account, colon, secret = client.password.partition(":")
    is_named = colon and casefold(account) == casefold(client.wanted)
    return secret if is_named else client.password


def _not_entered(client: Client, sent: tuple[Line, ...], refusal: Refusal) -> Steps:
    if isinstance(refusal, errors.Full) and not refusal.closes_connection:
        # Others could watch until there is a slot; an IRC client can only come again.
        yield commands.Quit()
        return Answer((*sent, closing(str(refusal))))
    if refusal.closes_connection:
        return Answer((*sent, closing(str(refusal))))
    line = refused(client, refusal, "NICK", client.wanted)
    # The client may choose another nickname, which it has no password for.
    return Answer((*sent, line), replace(client, wanted="", account=""))


def _welcome(client: Client, welcome: events.Welcome) -> list[Line]:
    server = client.server
    # In UTC, as the server need not be where the user is.
    started = datetime.fromtimestamp(welcome.started / 1_000, UTC)
    return [
        client.numeric(
            numerics.WELCOME,
            text=f"Welcome to the {server.network} network, {client.source}",
        ),
        client.numeric(
            numerics.YOURHOST, text=f"Your host is {server.name}, running version {VERSION}"
        ),
        client.numeric(
            numerics.CREATED, text=f"This server was started {started:%Y-%m-%d %H:%M} UTC"
        ),
        client.numeric(
            numerics.MYINFO,
            *(server.name, VERSION, modes.USER_LETTERS, modes.LETTERS, modes.LETTERS_WITH_PARAM),
        ),
        *features.feature_lines(client),
        *message_of_the_day(client),
    ]


def message_of_the_day(client: Client) -> list[Line]:
    """The lines of MOTD."""
    texts = (
        f"This is {client.server.network}, a chat for people on one network.",
        "They may use chatd's own client, its web page, nc or IRC: all are in the same rooms.",
        f"Most people are in {LOBBY}: /join {LOBBY}",
    )
    start = f"- {client.server.name} Message of the day -"
    return [
        client.numeric(numerics.MOTDSTART, text=start),
        *(client.numeric(numerics.MOTD, text=f"- {text}") for text in texts),
        client.numeric(numerics.ENDOFMOTD),
    ]
