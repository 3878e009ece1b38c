"""Sending messages: to a room, to the lobby, or to some members alone."""

from collections.abc import Mapping, Sequence

from chatd.chat import commands, events, names
from chatd.chat.events import Reply
from chatd.chat.joining import Joining
from chatd.chat.members import Nicknames
from chatd.chat.model import Member, Room
from chatd.chat.outbox import NOBODY, Outbox
from chatd.chat.permissions import Permissions
from chatd.chat.rooms import Rooms
from chatd.chat.sessions import Sessions


class Messages:
    """Sends what members say.

    Whoever sends anything else asks :meth:`Permissions.check_may_write` as well.

    :ivar accounts: the casefolded nicknames that need a password, and whether each is blocked.
    :ivar sent_private: counts private messages.
    """

    def __init__(
        self,
        nicknames: Nicknames,
        rooms: Rooms,
        sessions: Sessions,
        joining: Joining,
        permissions: Permissions,
        outbox: Outbox,
    ) -> None:
        self.accounts: Mapping[str, bool] = {}
        self.sent_private = 0
        self._nicknames = nicknames
        self._rooms = rooms
        self._sessions = sessions
        self._joining = joining
        self._permissions = permissions
        self._outbox = outbox

    def send(self, member: Member, command: commands.SendMessage, now: int) -> Reply:
        """Send a message to the others in a room.

        :raises Refusal: if it is not in the room or may not write there, or the text is invalid.
        """
        text = names.message_text(command.text)
        room = self._writable_room(member, command.room, now)
        message = room.history.add(
            member.nickname, text, now, action=command.action, notice=command.notice
        )
        if room.settings.slow and member.member_id in room.members:
            room.wrote[member.member_id] = now
        room.tell(message, member.member_id)
        return events.Ok(room.name, message.seq, message.time)

    def send_to_lobby(self, member: Member, command: commands.SendToLobby, now: int) -> Reply:
        """Send a message to the lobby, and join it before, if need be.

        :raises Refusal: if the text is not valid, or the member may not write or join there.
        """
        text = names.message_text(command.text)  # a refused command must change nothing
        self._permissions.check_may_write(member, self._rooms.get(names.LOBBY), now)
        if names.LOBBY not in member.rooms:
            self._joining.join(member, commands.JoinRoom(names.LOBBY), now)
        return self.send(member, commands.SendMessage(text), now)

    def send_private(self, member: Member, command: commands.SendPrivate, now: int) -> Reply:
        """Send a message to some members.

        :raises Refusal: if the text is not valid, none of them is here, or the member is muted.
        """
        text = names.message_text(command.text)
        return self._send_private(
            member, command.to, text, now, action=command.action, notice=command.notice
        )

    def send_file(self, member: Member, command: commands.SendFile, now: int) -> Reply:
        """Send a file, as a message whose text is the name of the file.

        The sender gets the message as well: the file did not come over its chat connection.

        :raises Refusal: as of a message with a text.
        """
        file = command.file
        if command.room is None:
            return self._send_private(member, command.to, file.name, now, file=file)
        room = self._writable_room(member, command.room, now)
        message = room.history.add(member.nickname, file.name, now, file=file)
        if room.settings.slow and member.member_id in room.members:
            room.wrote[member.member_id] = now
        room.tell(message, NOBODY)
        return events.Ok(room.name, message.seq, message.time)

    def check_file(self, member: Member, command: commands.SendFile, now: int) -> None:
        """Check what can be checked before the file is there.

        :raises Refusal: if :meth:`send_file` would refuse it now.
        """
        if command.room is None:
            self._recipients(member, command.to, now)
        else:
            self._writable_room(member, command.room, now)

    def _writable_room(self, member: Member, room_name: str, now: int) -> Room:
        """The room of that name, if `member` may write there, mostly as it is in it.

        :raises Refusal: if not.
        """
        # Fast path: most commands give the room's exact name; get_writable also finds other
        # spellings and refuses.
        room = member.rooms.get(room_name) or self._rooms.get_writable(member, room_name)
        self._permissions.check_may_write(member, room, now)
        return room

    def _recipients(
        self, member: Member, to: Sequence[str], now: int
    ) -> tuple[list[Member], tuple[events.Undelivered, ...]]:
        """The members with the nicknames `to`, to whom `member` may write, and the others.

        :raises Refusal: if there are none, or `member` may not write to them.
        """
        reached, undelivered = self._nicknames.resolve_recipients(to, self.accounts)
        self._permissions.check_may_write_to(member, reached, now)
        return reached, undelivered

    def _send_private(
        self,
        member: Member,
        recipients: Sequence[str],
        text: str,
        now: int,
        *,
        action: bool = False,
        file: events.File | None = None,
        notice: bool = False,
    ) -> Reply:
        reached, undelivered = self._recipients(member, recipients, now)
        to = tuple(each.nickname for each in reached)
        message = events.PrivateMessage(
            member.nickname, to, now, text, action=action, file=file, notice=notice
        )
        self.sent_private += 1
        receivers = {each.member_id: each for each in reached}
        if file is not None:
            receivers.setdefault(member.member_id, member)
        for each in receivers.values():
            session = self._sessions.of(each.member_id)
            own = message if session is None else self._sessions.add_private(session, message)
            self._outbox.to_member(each.member_id, own)
        away = tuple(
            events.AwayNote(each.nickname, each.away_text) for each in reached if each.away_text
        )
        return events.PrivateSent(now, undelivered, to, away)
