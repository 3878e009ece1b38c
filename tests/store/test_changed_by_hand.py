"""Files that somebody has changed or that a disk has damaged: a server says so, or goes on."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from chatd.chat.commands import Enter, JoinRoom, ReadHistory, Search, SendMessage
from chatd.chat.events import History, Message, Ok
from chatd.chat.hub import HubSettings
from chatd.log.engine import LogLost, Store, StoreFailed
from chatd.log.journal_log import JournalLog
from chatd.log.operations import Clear, Handle, Operation, ReserveSlot
from chatd.store import archive as archive_module
from chatd.store import messages as messages_module
from chatd.store.engine import SQLiteEngine
from chatd.store.export import Export
from chatd.store.importing import ImportRefused, import_messages
from chatd.store.retention import Keep
from tests.fakes import RecordingOutbox
from tests.store.files import NOW, MakeEngine

together: Callable[..., Any] = pytest_twisted.ensureDeferred


@pytest.fixture(autouse=True)
def _small_index(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (messages_module, archive_module):
        monkeypatch.setattr(module, "PARTITION_MESSAGES", 32)
    monkeypatch.setattr(messages_module, "BATCH_MESSAGES", 8)


class Chat:
    """A server's log on the file, which counts the problems that its members are told of."""

    def __init__(self, engine: SQLiteEngine) -> None:
        self.engine = engine
        self.told: list[str] = []
        self.log = JournalLog(
            HubSettings("party", slots=10, history=20, is_archived=True),
            RecordingOutbox(),
            lambda: NOW,
            reactor,
            Store(engine, engine.archive, str(engine.path)),
            self.told.append,
        )

    def ask(self, operation: Operation[Any]) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self.log.ask(operation, done.callback)
        return done

    async def use(self, count: int) -> Exception | None:
        """Do all that members do; what has failed at the start."""
        problem: Exception | None = await self.log.open()
        ice = await self.ask(ReserveSlot("127.0.0.1:40001"))
        await self.ask(Handle(ice, Enter("ice")))
        await self.ask(Handle(ice, JoinRoom("#tea")))
        for number in range(count):
            for room in ("#lobby", "#tea"):
                reply = await self.ask(Handle(ice, SendMessage(f"words {number}", room)))
                assert isinstance(reply, Ok), reply
        assert isinstance(await self.ask(Handle(ice, ReadHistory("#lobby", 99))), History)
        if problem is None:
            await self.read()
        await self.ask(Clear())
        await self.log.stop()
        return problem

    async def read(self) -> None:
        archive = self.engine.archive
        for call in (
            lambda: archive.last("#lobby", 999),
            lambda: archive.after("#tea", 0, 999),
            lambda: archive.search(Search("words")),
            lambda: archive.search(Search("words 3", room="#tea", source="ice", since=NOW)),
            self.engine.retain,
        ):
            try:
                await call()
            except StoreFailed as error:
                assert str(self.engine.path) in str(error)  # noqa: PT017 (or none is raised)


@pytest.fixture(scope="module")
def filled() -> dict[str, bytes]:
    """What the first test of this process has filled a file with."""
    return {}


@pytest.fixture
def fill(filled: dict[str, bytes], make_engine: MakeEngine, path: Path) -> Callable[[], Any]:
    """Puts eighty messages into the file, and a snapshot."""

    async def put() -> None:
        if "file" not in filled:
            chat = Chat(make_engine())
            assert await chat.use(40) is None
            assert chat.told == []
            filled["file"] = path.read_bytes()
        path.write_bytes(filled["file"])

    return put


async def use_all(make_engine: MakeEngine, path: Path) -> tuple[Exception | None, list[str]]:
    """A server, an export and an import with the file."""
    chat = Chat(make_engine(keep=Keep(None, 50, None)))
    problem = await chat.use(12)
    assert problem is None or isinstance(problem, StoreFailed | LogLost)
    try:
        with closing(Export(path)) as export:
            for _ in export.pages():
                pass
        import_messages(path, [Message("#tea", 9_999, NOW + 9, "ice", "imported")], NOW)
    except (StoreFailed, ImportRefused) as error:
        assert str(path) in str(error) or isinstance(error, ImportRefused)  # noqa: PT017
    return problem, chat.told


def by_hand(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA writable_schema = ON")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


LOOSE = (
    "CREATE TABLE loose AS SELECT * FROM messages",
    "DROP TABLE messages",
    "ALTER TABLE loose RENAME TO messages",
)
#: What leaves the chat usable, and is not even noticed.
HARMLESS = {
    "every other message": ("DELETE FROM messages WHERE id % 2",),
    "all messages": ("DELETE FROM messages",),
    "all rooms": ("DELETE FROM rooms",),
    "numbers doubled": (*LOOSE, "UPDATE messages SET seq = 5"),
    "ids doubled": (*LOOSE, "UPDATE messages SET id = 5"),
    "texts of bytes": ("UPDATE messages SET text = x'ff00fe'",),
    "texts without end": ("UPDATE messages SET text = hex(zeroblob(1000000)) WHERE id < 9",),
    "no texts": (*LOOSE, "UPDATE messages SET text = NULL"),
    "names of bytes": ("UPDATE messages SET source = x'ff'", "UPDATE rooms SET name = x'ff'"),
    "times of text": ("UPDATE messages SET time = 'now'",),
    "times in the future": ("UPDATE messages SET time = 9007199254740991",),
    "rooms of text": ("UPDATE messages SET room = 'x' || room",),
    "keys of bytes": ("UPDATE rooms SET key = CAST(x'ff' || id AS TEXT)",),
    "an index too many": ("CREATE VIRTUAL TABLE search_999 USING fts5(words)",),
    "no index": ("DROP TABLE search_0", "DROP TABLE search_1", "DROP TABLE search_2"),
    "an index without data": ("DELETE FROM search_2_data",),
    "an index of nonsense": ("UPDATE search_2_data SET block = x'a5a5a5a5a5a5'",),
    "an index without its table": ("DROP TABLE search_2_data",),
    "a table in place of an index": ("DROP TABLE search_2", "CREATE TABLE search_2 (words)"),
    "no numbers": ("DELETE FROM numbers",),
    "numbers of text": ("UPDATE numbers SET value = 'many'",),
    "another table": ("CREATE TABLE diary (text)",),
}
#: What cannot be used: the server says so, and keeps nothing.
HARMFUL = {
    "numbers without end": ("UPDATE numbers SET value = 9223372036854775807",),
    "ids without end": ("UPDATE messages SET id = 9223372036854775000 WHERE id = 80",),
    "no messages at all": ("DROP TABLE messages",),
    "no journal": ("DROP TABLE entries",),
    "no snapshots": ("DROP TABLE parts",),
    "a snapshot of nonsense": ("UPDATE parts SET data = x'00'",),
    "a snapshot of text": ("UPDATE parts SET data = 'state'",),
    "a snapshot at no position": (
        "CREATE TABLE others AS SELECT * FROM snapshots",
        "DROP TABLE snapshots",
        "ALTER TABLE others RENAME TO snapshots",
        "UPDATE snapshots SET position = 'here'",
    ),
    "a newer format": ("PRAGMA user_version = 7",),
    "another program": ("PRAGMA application_id = 7",),
    "no schema": ("DELETE FROM sqlite_master WHERE name = 'messages'",),
}


@pytest.mark.parametrize("change", HARMLESS)
@together
async def test_a_chat_goes_on_whatever_was_done_to_its_archive_and_index(
    make_engine: MakeEngine, path: Path, fill: Callable[[], Any], change: str
) -> None:
    await fill()
    by_hand(path, *HARMLESS[change])
    problem, told = await use_all(make_engine, path)
    assert (problem, told) == (None, [])


@pytest.mark.parametrize("change", HARMFUL)
@together
async def test_a_file_that_cannot_be_used_any_more_is_told_in_words(
    make_engine: MakeEngine, path: Path, fill: Callable[[], Any], change: str
) -> None:
    await fill()
    by_hand(path, *HARMFUL[change])
    problem, told = await use_all(make_engine, path)
    assert isinstance(problem, StoreFailed | LogLost)
    assert str(path) in str(problem)
    assert told == []


@pytest.mark.parametrize("seed", range(24))
@together
async def test_a_damaged_file_is_told_in_words_or_does_no_harm(
    make_engine: MakeEngine, path: Path, fill: Callable[[], Any], seed: int
) -> None:
    await fill()
    random = Random(seed)  # noqa: S311  # any damage will do
    data = bytearray(path.read_bytes())
    for _ in range(random.choice([1, 3, 20])):
        start = random.randrange(len(data))
        length = random.choice([1, 16, 4_096])
        data[start : start + length] = random.randbytes(len(data[start : start + length]))
    if seed % 4 == 0:
        del data[random.randrange(len(data)) :]
    path.write_bytes(data)
    await use_all(make_engine, path)
    shutil.rmtree(path.parent, ignore_errors=True)
