"""A chat of IRC clients in memory: the hub, and their dialects, without a server."""

from dataclasses import replace as with_fields

from chatd.chat import commands, errors, events, order_commands
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import Refusal
from chatd.chat.events import Event
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.moderation_errors import NoSuchMessage, WrongHostCode
from chatd.chat.outbox import MemberId
from chatd.wire.dialect import Dialect, LocalReply, Result, proceed
from chatd.wire.irc.capabilities import Capabilities
from chatd.wire.irc.client import Client, Server
from chatd.wire.irc.dialect import of_client
from tests.fakes import RecordingOutbox

HOST_CODE = "k7xp-m2qa"
SERVER = Server("work.chatd", "work")


class IrcOutbox(RecordingOutbox):
    """Shows each client at once what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.clients: dict[MemberId, IrcClient] = {}

    def to_member(self, member: MemberId, event: Event) -> None:
        self.clients[member].told(event)

    def to_all(self, event: Event, origin: MemberId, rooms: frozenset[str] | None = None) -> None:
        near = {member for room in rooms or () for member in self.rooms.get(room, ())}
        self._send(self.recipients if rooms is None else near | {origin}, event, origin)

    def _send(self, members: set[MemberId], event: Event, origin: MemberId) -> None:
        for member in sorted(members):
            client = self.clients[member]
            if member != origin or type(event) in client.dialect.echoes:
                client.told(event)


class IrcChat:
    """A hub, its clock, and the accounts with their passwords.

    :ivar now: in milliseconds since 1970.
    :ivar blocked: the accounts that nobody may use.
    """

    def __init__(self, accounts: dict[str, str] | None = None, slots: int = 20) -> None:
        self.now = 1_000_000
        self.accounts = accounts or {}
        self.blocked: set[str] = set()
        self.outbox = IrcOutbox()
        self.hub = Hub(HubSettings("work", slots, 100), self.outbox, self.now)
        self.hub.set_accounts(dict.fromkeys(self.accounts, False), frozenset(), self.now)

    def mute(self, nickname: str) -> None:
        """A host mutes a member in the whole chat."""
        host = self.come("host")
        host.send(f"OPER host {HOST_CODE}")
        self.hub.handle(host.member, order_commands.Mute(nickname), self.now)

    def connect(self, *capabilities: str) -> "IrcClient":
        """A client that has sent nothing, but agreed on `capabilities`."""
        return IrcClient(self, capabilities)

    def come(self, nickname: str, *capabilities: str) -> "IrcClient":
        """A client that has entered, and read its welcome."""
        client = self.connect(*capabilities)
        lines = client.send(f"NICK {nickname}", f"USER {nickname} 0 * :{nickname}")
        assert lines[0].startswith(":work.chatd 001 "), lines
        return client


class IrcClient:
    """One client: it sends lines, and reads what came.

    :ivar lines: what it has not read yet.
    :ivar replies: the replies of its dialect.
    """

    def __init__(self, chat: IrcChat, capabilities: tuple[str, ...] = ()) -> None:
        self.chat = chat
        agreed = Capabilities(enabled=frozenset(capabilities))
        self.dialect: Dialect = of_client(Client(SERVER, agreed))
        self.member = chat.hub.connect_without_slot("10.0.0.1:4000")
        self.lines: list[str] = []
        self.replies: list[LocalReply] = []
        self._checked = ""
        chat.outbox.clients[self.member] = self

    def send(self, *lines: str | bytes) -> list[str]:
        """Send `lines`, and read all that came."""
        for line in lines:
            self._receive(line if isinstance(line, bytes) else line.encode())
        return self.read()

    def read(self) -> list[str]:
        """All lines that came since the last time."""
        lines, self.lines = self.lines, []
        return lines

    def told(self, event: Event) -> None:
        """The hub tells the client of `event`."""
        self._show(self.dialect.encode_event(event, self.chat.now))

    def _show(self, data: bytes) -> None:
        *lines, rest = data.decode().split("\r\n")
        assert not rest
        self.lines += lines

    def _receive(self, frame: bytes) -> None:
        try:
            request = self.dialect.decode(frame)
        except Refusal as refusal:
            self._show(self.dialect.encode_reply(refusal, refusal.request_id, self.chat.now))
            return
        while True:
            result: Result
            if isinstance(request.command, LocalReply):
                result = request.command
                self.dialect = self.dialect.updated(request, result)
                self.replies.append(result)
                self._show(self.dialect.encode_reply(result, request.request_id, self.chat.now))
            else:
                try:
                    result = self._carry_out(request.command)
                except Refusal as refusal:
                    result = refusal
            following = proceed(request, result)
            if following is None:
                return
            request = following

    def _carry_out(self, command: ClientCommand) -> Result:
        match command:
            case commands.Authenticate(account, password):
                self._check(account, password)
                return self._handle(commands.EnterAuthenticated(account, ()))
            case commands.CheckPassword(account, password):
                self._check(account, password)
                self._checked = account
                return events.Ok()
            case commands.EnterChecked():
                return self._handle(commands.EnterAuthenticated(self._checked, ()))
            case order_commands.GiveHostCode(code):
                if code != HOST_CODE:
                    raise WrongHostCode
                return self._handle(order_commands.GrantHost())
            case order_commands.RedactMessage(room, seq, time, reason):
                return self._remove(room, seq, time, reason)
            case order_commands.RemoveMessage():
                raise TypeError("an IRC client names a message by its id")
            case _:
                return self._handle(command)

    def _remove(self, room: str, seq: int, time: int, reason: str) -> Result:
        """As the server does: it looks for the message first."""
        said = self.chat.hub.archived.find(self.member, room, seq)
        if said is None or said.time != time:
            raise NoSuchMessage(room, seq)
        return self._handle(order_commands.RemoveFound(said.room, seq, said.source, time, reason))

    def _check(self, account: str, password: str) -> None:
        if account in self.chat.blocked:
            raise errors.Blocked(account)
        if self.chat.accounts.get(account) != password:
            raise errors.WrongPassword

    def _handle(self, command: commands.Command) -> Result:
        result = self.chat.hub.handle(self.member, command, self.chat.now)
        if isinstance(result, events.Welcome):
            return with_fields(result, files="http://10.0.0.1:8080/files/")
        return result
