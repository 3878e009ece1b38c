"""A chat in which nickname, address and session of each connection can be chosen."""

import pytest

from chatd.chat.commands import Command, Enter, EnterAuthenticated, SessionKeys
from chatd.chat.errors import Refusal
from chatd.chat.moderation_events import BanEntry, Bans
from chatd.chat.order_commands import GrantHost, ListBans
from chatd.chat.outbox import MemberId
from tests.fakes import Chat


class Order(Chat):
    """A hub with a recording outbox, for what hosts and operators do."""

    def come(
        self, nickname: str, address: str = "10.0.0.1", *, new: str = "", brought: str = ""
    ) -> MemberId:
        member = self.hub.reserve_slot(f"{address}:{50_000 + len(self.outbox.received)}")
        self.handle(member, Enter(nickname, keys=SessionKeys(new, brought)))
        return member

    def host(self, nickname: str = "ana") -> MemberId:
        member = self.come(nickname, "10.0.0.99")
        self.handle(member, GrantHost())
        return member

    def enter_account(self, nickname: str, address: str = "10.0.0.98") -> MemberId:
        member = self.hub.reserve_slot(f"{address}:50000")
        self.handle(member, EnterAuthenticated(nickname))
        return member

    def everything(self) -> tuple[object, ...]:
        return self.hub.state(), list(self.outbox.sent), list(self.outbox.ended)

    def refused(self, member: MemberId, command: Command, kind: type[Refusal]) -> Refusal:
        """Check that the command is refused, and has changed nothing."""
        before = self.everything()
        with pytest.raises(kind) as caught:
            self.hub.handle(member, command, self.now)
        assert type(caught.value) is kind
        assert self.everything() == before
        return caught.value

    def bans(self, member: MemberId, room: str | None = None) -> tuple[BanEntry, ...]:
        reply = self.handle(member, ListBans(room))
        assert isinstance(reply, Bans)
        assert reply.room == room
        return reply.bans

    def later(self, seconds: int) -> None:
        self.now += 1_000 * seconds

    def lose(self, member: MemberId) -> None:
        self.hub.lose_connection(member, self.now)

    def nicknames(self) -> list[str]:
        return [each.nickname for each in self.hub.users().users]

    def in_room(self, room: str) -> list[str]:
        return [each.nickname for each in self.hub.users(room).users]
