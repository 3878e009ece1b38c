"""Resuming on the server's side: the tokens of sessions, and sending what was missed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from itertools import pairwise

from msgspec import UNSET

from chatd.chat import limits
from chatd.chat.commands import Enter, EnterAuthenticated, SessionKeys
from chatd.chat.errors import Refusal
from chatd.chat.events import Message, Missed, Ok, Resumed, Watching, Welcome
from chatd.chat.names import casefold
from chatd.chat.outbox import MemberId
from chatd.chat.resuming import MissedPage, first_page
from chatd.log.engine import Archive, Gap
from chatd.log.operations import ReadMissed
from chatd.server.chat import Chat
from chatd.server.pipeline import Pipeline
from chatd.server.send_queue import Output
from chatd.wire.dialect import Result, Resume


class Resumption:
    """The part of a session that lets its client resume: its tokens, and the missed messages.

    The hub, and so the journal, knows the digests of tokens alone.
    """

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._brought = self._new = ""
        self._seen: Mapping[str, int] = {}
        self._keys = SessionKeys()
        self._catch_up: CatchUp | None = None

    def hello(self, resume: Resume, is_encrypted: bool) -> None:
        """The client says ``hello``, and can resume.

        :param is_encrypted: whether it says so over TLS.
        """
        self._brought, self._new = resume.token, self._chat.new_token()
        self._seen = resume.seen
        new, brought = (digest(token, is_encrypted) for token in (self._new, resume.token))
        self._keys = SessionKeys(new, brought, resume.private)

    def with_keys(self, command: Enter | EnterAuthenticated) -> Enter | EnterAuthenticated:
        """`command` with what the client enters with."""
        return replace(command, keys=self._keys)

    def completed(
        self, result: Result, files_url: Callable[[bool], str], is_encrypted: bool
    ) -> Result:
        """`result` with what the hub does not know, if it is a welcome.

        That is the token that the client has from now on, the server's key, and where files are.

        :param files_url: returns an empty text if the server takes none.
        """
        if type(result) is Ok:  # the reply to each message
            return result
        key, files = self._chat.describe_key(), files_url(is_encrypted) or UNSET
        match result:
            case Resumed(welcome):
                again = replace(welcome, session=self._brought, key=key, files=files)
                return replace(result, welcome=again)
            case Welcome():
                return replace(result, session=self._new, key=key, files=files)
            case Watching():
                return replace(result, key=key, files=files)
        return result

    def send_missed(
        self,
        resumed: Resumed,
        member_id: MemberId,
        output: Output,
        pipeline: Pipeline,
        send: Callable[[Missed], None],
    ) -> None:
        """Send what the client has missed; its next frames wait until it has that."""
        # A room that has ended meanwhile may have begun again in another case.
        seen_by_key = {casefold(room): seq for room, seq in self._seen.items()}
        seen = {
            room: seen_by_key[casefold(room)]
            for room in resumed.welcome.rooms
            if casefold(room) in seen_by_key and room not in resumed.restarted
        }

        def done() -> None:
            self._catch_up = None
            pipeline.unanswered -= 1
            pipeline.go_on()

        pipeline.unanswered += 1
        self._catch_up = CatchUp(self._chat, member_id, output, seen, send, done)
        self._catch_up.read()
        pipeline.pause()

    def stop(self) -> None:
        """The client is gone."""
        if self._catch_up is not None:
            self._catch_up.stop()
            self._catch_up = None


class CatchUp:
    """Sends a client what it has missed, page by page, each when the one before is read.

    The work queue reads the pages, so that nobody else waits for them.

    :param seen: for each room, the number of the last message that the client was sent.
    :param send: sends one part.
    :param done: called when the client was sent everything, or is gone.
    """

    def __init__(
        self,
        chat: Chat,
        member_id: MemberId,
        output: Output,
        seen: Mapping[str, int],
        send: Callable[[Missed], None],
        done: Callable[[], None],
    ) -> None:
        self._chat = chat
        self._member_id = member_id
        self._output = output
        self._seen = seen
        self._gaps: frozenset[str] = frozenset()
        # Those among them where no message was missed: the numbers have only gone on.
        self._whole: frozenset[str] = frozenset()
        self._send = send
        self._done = done
        # Held until it is known whether another part follows.
        self._last: Missed | None = None
        self._is_stopped = False

    def stop(self) -> None:
        """The client is gone."""
        self._is_stopped = True

    def _read_next(self) -> None:
        self._output.when_ready(lambda: self._chat.work_queue.add(self.read))

    def read(self) -> None:
        """Read and send the next page."""
        if self._is_stopped:
            return
        operation = ReadMissed(self._member_id, self._seen, self._gaps)
        self._chat.ordered_log.ask(operation, self._page_read)

    def _page_read(self, page: MissedPage | Refusal) -> None:
        if self._is_stopped:
            return
        if isinstance(page, Refusal):
            self._done()
            return
        for part in page.parts:
            self._send_later(replace(part, gap=part.gap and part.room not in self._whole))
        self._seen = page.seen
        if page.is_complete:
            if self._last is not None:
                self._send(self._last)
            self._done()
        elif page.room_beyond is not None:
            self._read_archive(page.room_beyond, page.own)
        else:
            self._read_next()

    def _send_later(self, part: Missed) -> None:
        if not (part.messages or part.gap):
            return
        if self._last is not None:
            self._send(replace(self._last, more=True))
        self._last = part

    def _read_archive(self, room: str, own: frozenset[tuple[str, int]]) -> None:
        if self._chat.archive is None:
            self._archive_read(room, own, (), is_gap=True)
            return
        archive = self._chat.archive
        found = archive.after(room, self._seen[room], limits.MISSED_MESSAGES, self._lives())
        found.addErrback(lambda failure: ())  # then these messages are a gap
        found.addCallback(partial(self._look_for_gap, archive, room, own))

    def _lives(self) -> frozenset[int]:
        return self._chat.hub.archived.readable_lives(self._member_id)

    def _look_for_gap(
        self,
        archive: Archive,
        room: str,
        own: frozenset[tuple[str, int]],
        messages: tuple[Message, ...],
    ) -> None:
        if self._is_stopped:
            return
        seen = self._seen[room]
        try:
            newest = self._chat.hub.archived.last_seq(room)
        except Refusal:
            newest = 0  # the room has ended while the archive was read
        # The archive of a node may be ahead of a log that was restored from a backup.
        messages = tuple(each for each in messages if each.seq <= newest)
        missing = self._chat.ordered_log.gap(room)
        if missing is not None and seen < missing.last:
            messages = _before_gap(messages, missing)
            if not messages or (seen + 1 < messages[0].seq and missing.first <= messages[0].seq):
                self._archive_read(room, own, messages, is_gap=True)
                return
        if messages and messages[0].seq == seen + 1:
            self._archive_read(room, own, messages, is_gap=False)
            return
        # The numbers of a room that begins anew go on from those of other rooms. The oldest
        # messages are deleted first: if one that was seen is kept, so are all after it.
        found = archive.last(room, 1, seen + 1, self._lives())
        found.addErrback(lambda failure: ())
        found.addCallback(lambda older: self._archive_read(room, own, messages, is_gap=not older))

    def _archive_read(
        self,
        room: str,
        own: frozenset[tuple[str, int]],
        messages: tuple[Message, ...],
        is_gap: bool,
    ) -> None:
        if self._is_stopped:
            return
        if not messages:
            self._gaps |= {room}
            if not is_gap:
                self._whole |= {room}
        else:
            page = first_page(messages, limits.MISSED_MESSAGES, limits.MISSED_CHARACTERS)
            others = tuple(each for each in page if (room, each.seq) not in own)
            self._send_later(Missed(room, others, gap=is_gap))
            self._seen = {**self._seen, room: page[-1].seq}
        self._read_next()


def _before_gap(messages: tuple[Message, ...], missing: Gap) -> tuple[Message, ...]:
    """The first of `messages`, as far as nothing that is missing may lie between them."""
    for place, (one, other) in enumerate(pairwise(messages), 1):
        if one.seq + 1 < other.seq and one.seq < missing.last and missing.first <= other.seq:
            return messages[:place]
    return messages


def digest(token: str, is_encrypted: bool) -> str:
    """The digest by which the hub knows a token; empty if there is none.

    A token that was given over TLS has another one over plain TCP, where it is of no use.
    """
    prefix = "tls:" if is_encrypted else ""
    return token and sha256((prefix + token).encode("utf-8", "surrogatepass")).hexdigest()
