"""Sending messages: to a room, to the lobby, or to some members alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chatd.chat import commands, events, irc_commands, names
from chatd.chat.events import Reply
from chatd.chat.joining import Joining
from chatd.chat.members import Nicknames
from chatd.chat.model import Member, Room
from chatd.chat.outbox import NOBODY, Outbox
from chatd.chat.permissions import Permissions
from chatd.chat.rooms import Rooms
from chatd.chat.sessions import Sessions
from chatd.chat.tagged_messages import TaggedPrivate, tagged
from chatd.chat.tags import NO_TAGS, Tags, TagsSent

#: What a member sends that may have tags.
_Sent = commands.SendMessage | commands.SendPrivate | None


class Messages:
    """Sends what members say.

    Whoever sends anything else asks :meth:`Permissions.check_may_write` as well.

    :ivar accounts: the casefolded nicknames that need a password, and whether each is blocked.
    :ivar sent_private: counts private messages.
    :ivar last_number: of what is in no room: private messages, and tags without a text.
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
        self.sent_private = self.last_number = 0
        self._nicknames = nicknames
        self._rooms = rooms
        self._sessions = sessions
        self._joining = joining
        self._permissions = permissions
        self._outbox = outbox
        self.handlers: dict[type, Callable[[Member, Any, int], Reply]] = {
            commands.SendMessage: self.send,
            commands.SendTagged: self.send,
            commands.SendToLobby: self.send_to_lobby,
            commands.SendPrivate: self.send_private,
            commands.SendPrivateTagged: self.send_private,
            irc_commands.SendTags: self.send_tags,
            commands.SendFile: self.send_file,
        }

    def send(self, member: Member, command: commands.SendMessage, now: int) -> Reply:
        """Send a message to the others in a room.

        :raises Refusal: if it is not in the room or may not write there, or the text is invalid.
        """
        text = names.message_text(command.text)
        room = self._writable_room(member, command.room, now)
        message = room.history.add(
            member.nickname, text, now, action=command.action, notice=command.notice
        )
        if room.settings.slow:
            room.wrote[member.member_id] = now
        told: events.Message = message
        if type(command) is not commands.SendMessage or member.is_authenticated or member.is_bot:
            told = tagged(message, _tags(member, command))
        room.tell(told, member.member_id)
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
            *(member, command.to, text, now, _tags(member, command)),
            action=command.action,
            notice=command.notice,
        )

    def send_tags(self, member: Member, command: irc_commands.SendTags, now: int) -> Reply:
        """Send tags without a text: nobody else is told of it, and nothing is kept.

        :raises Refusal: as of a message with a text.
        """
        tags = Tags(command.tags, member.is_authenticated, member.is_bot)
        if command.room is not None:
            room = self._writable_room(member, command.room, now)
            self.last_number += 1
            sent = TagsSent(member.nickname, room.name, (), now, self.last_number, tags)
            room.tell(sent, member.member_id)
            return events.Ok(room.name, self.last_number, now)
        reached, undelivered = self._recipients(member, command.to, now)
        self.sent_private += 1
        self.last_number += 1
        to = tuple(each.nickname for each in reached)
        sent = TagsSent(member.nickname, None, to, now, self.last_number, tags)
        for each in reached:
            self._outbox.to_member(each.member_id, sent)
        return events.PrivateSent(now, undelivered, to, number=self.last_number)

    def send_file(self, member: Member, command: commands.SendFile, now: int) -> Reply:
        """Send a file, as a message whose text is the name of the file.

        The sender gets the message as well: the file did not come over its chat connection.

        :raises Refusal: as of a message with a text.
        """
        file = command.file
        if command.room is None:
            tags = _tags(member)
            return self._send_private(member, command.to, file.name, now, tags, file=file)
        room = self._writable_room(member, command.room, now)
        message = room.history.add(member.nickname, file.name, now, file=file)
        if room.settings.slow:
            room.wrote[member.member_id] = now
        tags = _tags(member)
        room.tell(message if tags == NO_TAGS else tagged(message, tags), NOBODY)
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
        """The room of that name, if `member` is in it and may write there.

        :raises Refusal: if not.
        """
        # Fast path: most commands give the room's exact name; get_joined also finds other spellings
        # and refuses.
        room = member.rooms.get(room_name) or self._rooms.get_joined(member, room_name)
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
        tags: Tags,
        *,
        action: bool = False,
        file: events.File | None = None,
        notice: bool = False,
    ) -> Reply:
        reached, undelivered = self._recipients(member, recipients, now)
        to = tuple(each.nickname for each in reached)
        self.sent_private += 1
        self.last_number += 1
        message = TaggedPrivate(
            *(member.nickname, to, now, text, 0, action, file, notice, self.last_number, tags)
        )
        receivers = {each.member_id: each for each in reached}
        if file is not None:
            receivers.setdefault(member.member_id, member)
        for each in receivers.values():
            session = self._sessions.of(each.member_id)
            own: events.PrivateMessage = message
            if session is not None:  # which no IRC client has
                own = self._sessions.add_private(session, message)
            self._outbox.to_member(each.member_id, own)
        away = tuple(
            events.AwayNote(each.nickname, each.away_text) for each in reached if each.away_text
        )
        return events.PrivateSent(now, undelivered, to, away, self.last_number)


def _tags(member: Member, command: _Sent = None) -> Tags:
    """What IRC clients are told besides of what `member` sends."""
    if isinstance(command, commands.SendTagged | commands.SendPrivateTagged):
        return Tags(command.tags, member.is_authenticated, member.is_bot, command.cuts)
    return Tags(account=member.is_authenticated, bot=member.is_bot)
