"""Adding exported messages to a file: all or none, once, in their order."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from chatd.chat.commands import Enter, JoinRoom, Search, SendMessage
from chatd.chat.events import Message
from chatd.chat.hub import HubSettings
from chatd.log.engine import Store, StoreFailed, StoreInUse
from chatd.log.journal_log import JournalLog
from chatd.log.operations import Handle, Operation, ReserveSlot
from chatd.store import archive as archive_module
from chatd.store import messages as messages_module
from chatd.store.engine import SQLiteEngine
from chatd.store.export import Export
from chatd.store.importing import Imported, ImportRefused, import_messages
from tests.fakes import RecordingOutbox
from tests.store.files import NOW, MakeEngine, entry, files_of, message, texts

together: Callable[..., Any] = pytest_twisted.ensureDeferred


@pytest.fixture(autouse=True)
def _small_index(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (messages_module, archive_module):
        monkeypatch.setattr(module, "PARTITION_MESSAGES", 16)
    monkeypatch.setattr(messages_module, "BATCH_MESSAGES", 5)


def said(*numbers: int, room: str = "#lobby", text: str = "said", later: int = 0) -> list[Message]:
    return [
        Message(room, number, NOW + later + number, "ice", f"{text} {number}") for number in numbers
    ]


def add(path: Path, messages: Iterable[Message]) -> Imported:
    return import_messages(path, messages, NOW)


def exported(path: Path) -> list[Message]:
    with closing(Export(path)) as export:
        return [each for page in export.pages() for each in page]


class Chat:
    """A server's log on the file."""

    def __init__(self, engine: SQLiteEngine) -> None:
        self.engine = engine
        self.log = JournalLog(
            HubSettings("party", slots=10, history=100, is_archived=True),
            RecordingOutbox(),
            lambda: NOW + 1_000_000,
            reactor,
            Store(engine, engine.archive),
            lambda text: None,
        )

    async def open(self) -> None:
        assert await self.log.open() is None
        self.ice = await self.ask(ReserveSlot("127.0.0.1:40001"))
        await self.ask(Handle(self.ice, Enter("ice")))

    def ask(self, operation: Operation[Any]) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self.log.ask(operation, done.callback)
        return done

    async def say(self, text: str, room: str = "#lobby") -> int:
        seq: int = (await self.ask(Handle(self.ice, SendMessage(text, room)))).seq
        return seq

    async def join(self, room: str) -> None:
        await self.ask(Handle(self.ice, JoinRoom(room)))


def test_messages_keep_their_room_number_time_and_sender(path: Path) -> None:
    messages = [*said(3, 4, 9), *said(7, room="#Tea", later=100)]
    assert add(path, messages) == Imported(4, 0, NOW + 3)
    assert exported(path) == messages
    assert path.stat().st_mode & 0o777 == 0o600


def test_importing_twice_doubles_nothing(path: Path) -> None:
    messages = said(*range(1, 40))
    add(path, messages)
    assert add(path, messages) == Imported(0, 39, 0)
    assert add(path, [*messages, *messages, *said(40)]) == Imported(1, 78, NOW + 40)
    assert exported(path) == said(*range(1, 41))


def test_the_order_of_the_lines_does_not_matter(path: Path) -> None:
    messages = [*said(*range(1, 30)), *said(*range(1, 30), room="#tea", later=5)]
    messages.sort(key=lambda each: (each.time, each.room))
    shuffled = Random(5).sample(messages, len(messages))  # noqa: S311  # any order will do
    add(path, shuffled[:20])
    add(path, shuffled[20:])
    found = exported(path)
    assert sorted(found, key=lambda each: (each.time, each.room)) == messages
    assert [each.time for each in found] == sorted(each.time for each in found)
    for room in ("#lobby", "#tea"):
        assert [each.seq for each in found if each.room == room] == list(range(1, 30))


@together
async def test_messages_that_come_between_others_are_found_and_listed_in_their_place(
    make_engine: MakeEngine, path: Path
) -> None:
    engine = make_engine()
    await engine.open()
    for number in range(10, 50):
        await engine.append(entry(number), [message(number, f"tea {number}")])
    await engine.close()
    messages = said(*range(1, 10), text="tea")
    messages += said(*range(1, 60), room="#kitchen", text="tea")
    assert add(path, messages).added == 68
    await engine.open()
    archive = engine.archive
    assert [each.seq for each in await archive.last("#lobby", 99)] == list(range(1, 50))
    found: list[Message] = []
    before = None
    while True:
        page = await archive.search(Search("tea", limit=10, before=before))
        found += page.messages
        before = page.before
        if before is None:
            break
    assert len(found) == 49 + 59
    assert len({(each.room, each.seq) for each in found}) == len(found)
    times = [each.time for each in found]
    assert times == sorted(times, reverse=True)
    assert {each.time for each in found} >= {each.time for each in messages}
    since = await archive.search(Search("tea", room="#kitchen", since=NOW + 58))
    assert texts(since.messages) == ["tea 59", "tea 58"]


@pytest.mark.parametrize(
    "other",
    [
        Message("#lobby", 2, NOW + 2, "ice", "another text"),
        Message("#Lobby", 2, NOW + 2, "moon", "said 2"),
        Message("#lobby", 2, NOW + 7, "ice", "said 2"),
    ],
)
@pytest.mark.parametrize("is_there", [True, False])
def test_another_message_with_the_same_number_is_refused_in_words(
    path: Path, other: Message, is_there: bool
) -> None:
    if is_there:
        add(path, said(1, 2, 3))
    with pytest.raises(ImportRefused, match=f"#[Ll]obby has another message 2 in {path}"):
        add(path, [*said(1, 2, 3), *said(4, 5), other])
    if is_there:
        assert exported(path) == said(1, 2, 3), "nothing was added"
    else:
        assert files_of(path) == [], "no file was made"


def test_messages_of_another_chat_are_refused_in_words(path: Path) -> None:
    add(path, said(1, 2, 3))
    with pytest.raises(ImportRefused, match="message 4 would be older than message 3"):
        add(path, said(4, later=-100))
    assert exported(path) == said(1, 2, 3)


def test_a_number_without_end_is_refused(path: Path) -> None:
    with pytest.raises(ImportRefused, match="too large"):
        add(path, said(2**53 - 1))


@together
async def test_rooms_go_on_behind_what_was_imported(make_engine: MakeEngine, path: Path) -> None:
    """Rooms that exist, that have ended, and that this chat has never had; also after SIGKILL."""
    first = Chat(make_engine())
    await first.open()
    await first.join("#tea")
    assert await first.say("one") == 1
    assert await first.say("one", "#tea") == 1
    await first.log.stop()
    earlier = [*said(*range(2, 50)), *said(*range(2, 30), room="#TEA"), *said(77, room="#new")]
    with pytest.raises(ImportRefused):
        add(path, earlier)  # this chat's first message is younger
    later = [
        Message(each.room, each.seq, each.time + 2_000_000, each.source, each.text)
        for each in earlier
    ]
    add(path, later)
    for life in range(3):
        chat = Chat(make_engine())
        await chat.open()
        await chat.join("#tea")
        await chat.join("#new")
        assert await chat.say("next") == 50 + life
        assert await chat.say("next", "#tea") == 30 + life
        assert await chat.say("next", "#new") == 78 + life
        assert texts(await chat.engine.archive.last("#tea", 2))[-1] == "next"
        # Closing the file without stopping the log keeps as much as SIGKILL does.
        await (chat.engine.close() if life else chat.log.stop())


@together
async def test_a_new_server_begins_with_what_was_imported(
    make_engine: MakeEngine, path: Path
) -> None:
    add(path, said(*range(1, 20)))
    chat = Chat(make_engine())
    await chat.open()
    assert await chat.say("next") == 20
    assert [each.seq for each in chat.log.hub.read_history("#lobby", 3).messages] == [18, 19, 20]
    await chat.log.stop()


@together
async def test_a_file_that_a_server_uses_is_refused(engine: SQLiteEngine, path: Path) -> None:
    with pytest.raises(StoreInUse):
        add(path, said(1))
    await engine.append(entry(1), [message(1)])


def test_an_import_that_is_interrupted_adds_nothing(path: Path) -> None:
    add(path, said(1))

    def interrupted() -> Iterable[Message]:
        yield from said(2, 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add(path, interrupted())
    assert exported(path) == said(1)
    with pytest.raises(KeyboardInterrupt):
        add(path.with_name("new.db"), interrupted())
    assert not files_of(path.with_name("new.db"))


def test_a_full_disk_is_told_and_nothing_is_added(small_disk: Path) -> None:
    path = small_disk / "chat.db"
    add(path, said(1))
    with pytest.raises(StoreFailed, match="The disk is full"):
        add(path, (each for number in range(2, 9_999) for each in said(number, text="x" * 99)))
    assert exported(path) == said(1)
    assert add(path, said(2)).added == 1


def test_a_damaged_file_is_refused(path: Path) -> None:
    add(path, (each for number in range(1, 999) for each in said(number)))
    data = bytearray(path.read_bytes())
    data[20_480:24_576] = b"\xa5" * 4_096
    path.write_bytes(data)
    with pytest.raises(StoreFailed, match="is damaged"):
        add(path, said(1_000))
    assert path.read_bytes() == data


def test_a_newer_file_is_refused_in_words(path: Path) -> None:
    add(path, said(1))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreFailed, match="was written by a newer chatd"):
        add(path, said(2))
