"""The answer to ``/whoami`` on a plain connection: nickname, server, and whether TLS is spoken."""

from dataclasses import dataclass, replace

from msgspec import UnsetType

from chatd.chat import commands, events
from chatd.wire import rendering


@dataclass(frozen=True, slots=True)
class Identity:
    """What ``/whoami`` shows.

    :ivar is_encrypted: whether the connection is under TLS.
    :ivar is_local: whether the client is on the server's own host.
    :ivar nickname: the member's; empty until it has entered.
    :ivar server: the server's id, once the member has entered.
    :ivar key_words: those of the server's key for TLS; empty if it has none.
    """

    is_encrypted: bool = False
    is_local: bool = True
    nickname: str = ""
    server: str = ""
    key_words: str = ""

    @property
    def is_private(self) -> bool:
        """Whether nobody on the network can read along."""
        return self.is_encrypted or self.is_local

    def after(self, command: object, result: object) -> "Identity":
        """The identity of a client whose `command` had that `result`."""
        match result, command:
            case events.Welcome(), _:
                words = "" if isinstance(result.key, UnsetType) else result.key.words
                return replace(
                    self, nickname=result.nickname, server=result.server, key_words=words
                )
            case events.Ok(), commands.Rename(nickname) | commands.Authenticate(nickname):
                return replace(self, nickname=nickname)
            case _:
                return self

    def describe(self) -> tuple[str, ...]:
        """The lines of the reply."""
        sentences = rendering.describe_self(
            self.nickname,
            self.server,
            is_encrypted=self.is_encrypted,
            is_local=self.is_local,
            key_words=self.key_words,
        )
        return tuple(map(rendering.render_notice, sentences))
