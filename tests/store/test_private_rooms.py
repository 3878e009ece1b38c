"""What was said in private rooms: in the file, and read by their members alone."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import ensureDeferred

from chatd.chat.commands import Search
from chatd.chat.events import Message
from chatd.log.engine import ArchivedMessage, PrivateLife
from chatd.store import messages as messages_module
from chatd.store.engine import SQLiteEngine
from chatd.store.export import Export
from chatd.store.retention import Keep
from tests.store.files import NOW, MakeEngine, entry, texts

together: Callable[..., Any] = pytest_twisted.ensureDeferred

#: The lives of #tea: it was public, had a key, and is public again.
BEFORE, PRIVATE, AFTER = 2, 3, 4


def said(seq: int, life: int, text: str, room: str = "#tea") -> ArchivedMessage:
    return ArchivedMessage(life, Message(room, seq, NOW + seq, "ice", text))


async def fill(engine: SQLiteEngine) -> None:
    """Three lives of #tea; the second one becomes private after its first message."""
    await engine.append(entry(1), [said(1, BEFORE, "tea for all")])
    await engine.append(entry(2), [said(2, PRIVATE, "tea before there was a key")])
    await engine.append(entry(3), [PrivateLife("#TEA", PRIVATE), said(3, PRIVATE, "tea for us")])
    await engine.append(entry(4), [said(4, AFTER, "tea for all again")])
    await engine.append(entry(5), [said(5, 1, "tea in the lobby", "#lobby")])


@pytest.fixture(params=["indexed", "not indexed"])
def kept(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, make_engine: MakeEngine
) -> SQLiteEngine:
    if request.param == "indexed":
        monkeypatch.setattr(messages_module, "BATCH_MESSAGES", 1)
    engine = make_engine()
    pytest_twisted.blockon(engine.open())
    pytest_twisted.blockon(ensureDeferred(fill(engine)))
    return engine


PUBLIC = ["tea for all", "tea for all again"]


@together
async def test_whoever_is_not_in_it_reads_and_finds_what_is_public(kept: SQLiteEngine) -> None:
    archive = kept.archive
    assert texts(await archive.last("#tea", 9)) == PUBLIC
    assert texts(await archive.last("#tea", 1, before=4)) == ["tea for all"]
    assert texts(await archive.after("#tea", 1, 9)) == ["tea for all again"]
    found = await archive.search(Search("tea"))
    assert texts(found.messages) == ["tea in the lobby", *PUBLIC[::-1]]
    assert texts((await archive.search(Search("", room="#tea"))).messages) == PUBLIC[::-1]
    assert (await archive.search(Search("key"))).messages == ()
    # That of another private room is of no use.
    assert texts(await archive.last("#tea", 9, lives=frozenset({99}))) == PUBLIC


@together
async def test_members_read_and_find_what_was_said_among_them_too(kept: SQLiteEngine) -> None:
    lives = frozenset({PRIVATE, 77})
    whole = ["tea for all", "tea before there was a key", "tea for us", "tea for all again"]
    assert texts(await kept.archive.last("#tea", 9, lives=lives)) == whole
    assert texts(await kept.archive.after("#tea", 2, 9, lives)) == whole[2:]
    found = await kept.archive.search(Search("tea", room="#tea"), lives)
    assert texts(found.messages) == whole[::-1]


@together
async def test_pages_of_a_search_are_full_although_there_are_private_messages_between(
    kept: SQLiteEngine,
) -> None:
    page = await kept.archive.search(Search("tea", room="#tea", limit=1))
    rest = await kept.archive.search(Search("tea", room="#tea", limit=1, before=page.before))
    assert texts((*page.messages, *rest.messages)) == PUBLIC[::-1]
    assert rest.before is None


@together
async def test_an_export_has_them_only_if_that_is_asked_for(kept: SQLiteEngine, path: Path) -> None:
    await kept.append(entry(6), [PrivateLife("#secret", 5), said(6, 5, "psst", "#secret")])
    with closing(Export(path)) as export:
        public = [each.text for page in export.pages() for each in page]
        assert not export.has_room("#secret")
    with closing(Export(path, with_private=True)) as export:
        everything = [each.text for page in export.pages() for each in page]
        assert export.has_room("#secret")
    assert public == [*PUBLIC, "tea in the lobby"]
    assert len(everything) == 6


@together
async def test_a_life_is_remembered_as_long_as_its_messages(
    make_engine: MakeEngine, path: Path
) -> None:
    engine = make_engine(keep=Keep(None, 2, None))
    await engine.open()
    await fill(engine)
    await engine.retain()
    assert texts(await engine.archive.last("#tea", 9, lives=frozenset({PRIVATE}))) == [
        "tea for all again"
    ]
    await engine.append(entry(6), [said(6, PRIVATE, "whose life nobody has told of")])
    assert len(await engine.archive.last("#tea", 9)) == 2  # it is forgotten that it was private
    await engine.append(entry(7), [PrivateLife("#tea", PRIVATE)])
    assert len(await engine.archive.last("#tea", 9)) == 1
