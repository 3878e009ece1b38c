"""History beyond memory, and the search in it."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor

from chatd.chat import limits
from chatd.chat.commands import Place, ReadMessages, Search
from chatd.chat.errors import BadSearch
from chatd.chat.events import Message, SearchResult
from chatd.chat.model import without_text
from chatd.chat.reading import place_of, select
from chatd.log.engine import (
    ArchiveChange,
    ArchivedMessage,
    PrivateLife,
    RemovedMessage,
    StoreFailed,
)
from chatd.store import archive as archive_module
from chatd.store import messages as messages_module
from chatd.store.archive import SQLiteArchive
from chatd.store.engine import SQLiteEngine
from tests.store.files import NOW, entry, message, texts
from tests.timeouts import TIMEOUT_SECONDS

together: Callable[..., Any] = pytest_twisted.ensureDeferred


@pytest.fixture
def small_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small parts of the index, and small batches."""
    for module in (messages_module, archive_module):
        monkeypatch.setattr(module, "PARTITION_MESSAGES", 16)
    monkeypatch.setattr(messages_module, "BATCH_MESSAGES", 5)


class Writer:
    """Appends one message after another; rooms count for themselves."""

    def __init__(self, engine: SQLiteEngine) -> None:
        self.engine = engine
        self.position = 0
        self.said: list[ArchivedMessage] = []

    async def say(self, *said: str, room: str = "#lobby", source: str = "ice") -> None:
        for text in said:
            self.position += 1
            seq = sum(each.message.room.casefold() == room.casefold() for each in self.said) + 1
            said_now = message(seq, text, room=room, source=source, time=NOW + self.position)
            self.said.append(said_now)
            await self.engine.append(entry(self.position), [said_now])

    async def find(self, words: str, **options: Any) -> list[str]:
        return texts((await self.engine.archive.search(Search(words, **options))).messages)


@pytest.fixture
def writer(engine: SQLiteEngine) -> Writer:
    return Writer(engine)


@together
async def test_the_last_messages_of_a_room_come_oldest_first(writer: Writer) -> None:
    await writer.say(*map(str, range(1, 11)))
    await writer.say("elsewhere", room="#tea")
    archive = writer.engine.archive
    assert texts(await archive.last("#LOBBY", 3)) == ["8", "9", "10"]
    assert texts(await archive.last("#lobby", 3, before=8)) == ["5", "6", "7"]
    assert texts(await archive.last("#lobby", 99, before=3)) == ["1", "2"]
    assert texts(await archive.last("#tea", 3)) == ["elsewhere"]


@pytest.mark.parametrize("seed", range(4))
@together
async def test_what_lies_between_two_places_is_what_a_simple_list_has_there(
    engine: SQLiteEngine, seed: int
) -> None:
    """Also of messages of one moment, where numbers are missing, and without what was removed."""
    random = Random(seed)  # noqa: S311  # repeatable
    kept = dict[str, list[Message]]({"#dev": [], "#tea": []})
    changes: list[ArchiveChange] = []
    seq, time = 0, NOW
    for _ in range(120):
        seq, time = seq + random.choice([1, 1, 1, 40]), time + random.choice([0, 0, 1, 500])
        room = random.choice(["#dev", "#tea"])
        said = message(seq, f"tea {seq}", room=room, time=time)
        changes.append(said)
        kept[room].append(said.message)
    for each in random.sample([each for room in kept for each in kept[room]], 20):
        changes.append(RemovedMessage(each.room, each.seq, "moon"))
        place = kept[each.room].index(each)
        kept[each.room][place] = without_text(each, "moon")
    await engine.append(entry(1), changes)

    def some_place() -> Place | None:
        near = random.choice([Place(0, 0), *map(place_of, kept["#dev"] + kept["#tea"])])
        moved = Place(
            near.time + random.choice([-1, 0, 0, 1]), random.choice([0, near.seq, 10**30])
        )
        return random.choice([None, near, moved])

    for _ in range(150):
        query = ReadMessages(
            random.choice(["#dev", "#DEV", "#tea"]),
            random.choice([-1, 0, 1, 3, 50, 10**9]),
            *(some_place(), some_place(), random.choice([True, False])),
        )
        expected = select(kept[query.room.lower()], query)
        assert await engine.archive.between(query) == expected, query


@together
async def test_of_a_private_life_only_its_members_read_what_lies_between(
    engine: SQLiteEngine,
) -> None:
    await engine.append(entry(1), [message(1, "psst"), PrivateLife("#lobby", 1)])
    assert await engine.archive.between(ReadMessages("#lobby", 9)) == ()
    assert texts(await engine.archive.between(ReadMessages("#lobby", 9), frozenset({1}))) == [
        "psst"
    ]
    assert await engine.archive.between(ReadMessages("#nowhere", 9)) == ()


@together
async def test_what_follows_a_number_comes_oldest_first(writer: Writer) -> None:
    await writer.say(*map(str, range(1, 11)))
    archive = writer.engine.archive
    assert texts(await archive.after("#Lobby", 7, 2)) == ["8", "9"]
    assert texts(await archive.after("#lobby", 0, 2)) == ["1", "2"]
    assert texts(await archive.after("#lobby", -5, 1)) == ["1"]


@pytest.mark.parametrize("number", [-(10**30), -1, 10**9, 2**63, 10**30])
@together
async def test_numbers_that_nothing_has_find_nothing_amiss(writer: Writer, number: int) -> None:
    await writer.say("one")
    archive = writer.engine.archive
    expected = ["one"] if number < 0 else []
    assert texts(await archive.after("#lobby", number, 5)) == expected
    assert texts(await archive.last("#lobby", 5, number)) == ([] if number < 0 else ["one"])
    assert await writer.find("one", before=number) == ([] if number < 0 else ["one"])
    assert await writer.find("one", since=number) == (["one"] if number < NOW else [])
    assert len(await archive.last("#lobby", number)) <= 1
    assert len(await archive.after("#lobby", 0, number)) <= 1


@pytest.mark.parametrize("room", ["#nowhere", "", "lobby", "#" * 9_999, "' OR 1=1 --", "#\ud800"])
@together
async def test_a_room_that_is_unknown_has_no_messages(writer: Writer, room: str) -> None:
    await writer.say("one")
    assert await writer.engine.archive.last(room, 9) == ()
    assert await writer.engine.archive.after(room, 0, 9) == ()
    assert await writer.find("one", room=room) == []
    assert await writer.find("one", source=room) == []


@pytest.mark.usefixtures("small_index")
@pytest.mark.parametrize("count", [3, 20, 100])
@together
async def test_all_words_must_occur_and_the_newest_comes_first(writer: Writer, count: int) -> None:
    for number in range(count):
        await writer.say(f"apple number{number}", f"pear number{number}")
    assert await writer.find("apple") == [f"apple number{n}" for n in reversed(range(count))][:50]
    assert await writer.find(f"number{count - 2} apple ") == [f"apple number{count - 2}"]
    assert await writer.find("apple pear") == []
    assert await writer.find("number0 pear ") == ["pear number0"]


@pytest.mark.usefixtures("small_index")
@together
async def test_pages_follow_each_other_without_a_gap_while_others_talk(writer: Writer) -> None:
    for number in range(100):
        await writer.say(f"tea {number}", "water")
    found: list[str] = []
    before = None
    for _ in range(20):
        result = await writer.engine.archive.search(Search("tea", before=before, limit=7))
        found += texts(result.messages)
        before = result.before
        await writer.say("more tea")
        if before is None:
            break
    assert found == [f"tea {number}" for number in reversed(range(100))]


@pytest.mark.usefixtures("small_index")
@together
async def test_a_page_that_is_exactly_full_may_be_the_last(writer: Writer) -> None:
    await writer.say("tea 1", "tea 2", "tea 3")
    first = await writer.engine.archive.search(Search("tea", limit=2))
    assert texts(first.messages) == ["tea 3", "tea 2"]
    second = await writer.engine.archive.search(Search("tea", limit=2, before=first.before))
    assert (texts(second.messages), second.before) == (["tea 1"], None)
    assert (await writer.engine.archive.search(Search("tea", limit=3))).before is None


@pytest.mark.usefixtures("small_index")
@together
async def test_a_search_can_be_for_a_room_a_sender_and_a_time(writer: Writer) -> None:
    for number in range(40):
        await writer.say(f"hi {number}", source="Ice", room="#Tea")
        await writer.say(f"hi {number}", source="moon")
    assert await writer.find("hi", room="#tea", limit=2) == ["hi 39", "hi 38"]
    assert await writer.find("hi", source="ICE", room="#lobby") == []
    assert await writer.find("", source="ice", limit=1) == ["hi 39"]
    assert await writer.find("", room="#TEA", limit=2) == ["hi 39", "hi 38"]
    assert await writer.find("7 ", source="moon") == ["hi 7"]
    assert await writer.find("hi", since=NOW + 79) == ["hi 39", "hi 39"]
    assert await writer.find("hi", since=NOW + 80) == ["hi 39"]
    assert await writer.find("hi", since=NOW + 81) == []
    assert await writer.find("hi", source="nobody") == []
    assert len(await writer.find("hi", since=NOW + 11)) == 50
    assert len(await writer.find("hi", since=NOW + 11, limit=100)) == 70


@pytest.mark.parametrize("source", ['a"b', "x*", "10.0.0.7:1234", "ice moon", "Éa", "京", "'"])
@pytest.mark.usefixtures("small_index")
@together
async def test_a_sender_of_any_name_is_found(writer: Writer, source: str) -> None:
    for number in range(6):
        await writer.say(f"in the index {number}", source="10.0.0.7:1234")
    found = await writer.find("index", source=source)
    assert len(found) == (6 if source == "10.0.0.7:1234" else 0)


@pytest.mark.parametrize("words", ["", "  ", "!!", '"'])
@together
async def test_a_search_for_nothing_is_refused_in_words(writer: Writer, words: str) -> None:
    with pytest.raises(BadSearch, match=r"Say what to search for|needs a word"):
        await writer.find(words)


@together
async def test_an_enormous_search_is_refused_in_words(writer: Writer) -> None:
    with pytest.raises(BadSearch, match="at most"):
        await writer.find("a " * 100_000)
    most = ('"a b" ' * limits.SEARCH_CHARACTERS)[: limits.SEARCH_CHARACTERS]
    assert await writer.find(most) == []
    distinct = " ".join(map(str, range(99)))[: limits.SEARCH_CHARACTERS]
    assert await writer.find(distinct) == []


@pytest.mark.usefixtures("small_index")
@together
async def test_a_page_has_a_bound(writer: Writer) -> None:
    await writer.say(*["tea"] * (limits.SEARCH_REPLY_MESSAGES + 5))
    assert len(await writer.find("tea", limit=10**9)) == limits.SEARCH_REPLY_MESSAGES
    assert len(await writer.find("tea", limit=-1)) == 1


@pytest.mark.usefixtures("small_index")
@together
async def test_every_script_is_found_in_the_index_as_well(writer: Writer) -> None:
    said = ["我爱北京天安门", "ภาษาไทยไม่มี", "서울에서 만나요", "हिन्दी में", "party🎉🎉", "Grüße"]
    await writer.say(*said)
    for text, words in zip(said, ["北京", "ไทย", "에서", "हिन्दी", "🎉", "GRUSSE"], strict=True):
        assert await writer.find(words) == [text]


@together
async def test_a_server_need_not_run(writer: Writer, path: Path) -> None:
    await writer.say("kept")
    archive = SQLiteArchive(path, reactor)
    assert texts(await archive.last("#lobby", 9)) == ["kept"]
    await writer.engine.close()
    assert texts(await archive.last("#lobby", 9)) == ["kept"]
    await archive.close()
    archive = SQLiteArchive(path, reactor)
    assert texts(await archive.last("#lobby", 9)) == ["kept"]
    await archive.close()


@pytest.mark.parametrize(
    "change",
    [
        "text = NULL",
        "text = x'ff'",
        "text = ''",
        "text = 'a' || char(27) || '[31m'",
        "text = hex(zeroblob(4000))",
        "source = ''",
        "source = 'not a nickname'",
        "seq = -4",
        "seq = 'x'",
        "time = 'now'",
        "time = -1",
        "name = 'no room'",
    ],
)
@pytest.mark.usefixtures("small_index")
@together
async def test_only_valid_messages_come_out_of_a_file_that_was_changed_by_hand(
    writer: Writer, path: Path, change: str
) -> None:
    await writer.say("tea one", "tea two", "tea three")
    await writer.engine.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA ignore_check_constraints = 1")
    connection.execute("CREATE TABLE loose AS SELECT * FROM messages")
    connection.execute("DROP TABLE messages")
    connection.execute("ALTER TABLE loose RENAME TO messages")
    connection.execute("CREATE UNIQUE INDEX messages_by_number ON messages (room, seq)")
    connection.execute(f"UPDATE messages SET {change} WHERE id = 2")  # noqa: S608
    connection.commit()
    connection.close()
    await writer.engine.open()
    assert texts(await writer.engine.archive.last("#lobby", 9)) == ["tea one", "tea three"]
    assert await writer.find("tea") == ["tea three", "tea one"]
    await writer.say("tea four", "tea five", "tea six")  # it is indexed now
    assert await writer.find("tea", limit=4) == ["tea six", "tea five", "tea four", "tea three"]


@together
async def test_text_that_is_not_utf_8_does_no_harm(writer: Writer, path: Path) -> None:
    await writer.say("tea one", "tea two")
    await writer.engine.close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE messages SET text = CAST(x'746561ff' AS TEXT) WHERE id = 1")
    connection.commit()
    connection.close()
    await writer.engine.open()
    assert await writer.find("tea") == ["tea two", "tea\ufffd"]


@together
async def test_a_file_that_is_gone_is_told_and_found_again(writer: Writer, path: Path) -> None:
    await writer.say("tea")
    elsewhere = path.with_name("elsewhere.db")
    path.rename(elsewhere)
    with pytest.raises(StoreFailed, match="was moved, removed or replaced"):
        await writer.find("tea")
    elsewhere.rename(path)
    assert await writer.find("tea") == ["tea"]


@pytest.mark.usefixtures("small_index")
@together
async def test_a_page_of_which_only_a_part_is_shown_goes_on_behind_that_part(
    writer: Writer,
) -> None:
    await writer.say(*(f"tea {number}" for number in range(40)))
    whole = await writer.engine.archive.search(Search("tea", limit=30))
    shown = whole.first(7)
    assert texts(shown.messages) == [f"tea {number}" for number in range(39, 32, -1)]
    following = await writer.engine.archive.search(Search("tea", before=shown.before, limit=1))
    assert texts(following.messages) == ["tea 32"]


@together
async def test_a_history_does_not_wait_for_a_search(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await writer.say("tea")
    may_go_on = Event()

    def slow(*arguments: object) -> SearchResult:
        assert may_go_on.wait(TIMEOUT_SECONDS)
        return SearchResult()

    monkeypatch.setattr(archive_module, "_search", slow)
    searching = writer.engine.archive.search(Search("tea"))
    assert texts(await writer.engine.archive.last("#lobby", 9)) == ["tea"]
    await writer.say("said meanwhile")
    assert not searching.called
    may_go_on.set()
    assert await searching == SearchResult()
