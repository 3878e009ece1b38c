"""The files that a server keeps: limits, restarts, and what goes wrong on a disk."""

import errno
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import capturedLogs

from chatd.chat import limits
from chatd.chat.events import File
from chatd.chat.file_errors import (
    DiskFull,
    EmptyFile,
    FileGone,
    FilesFailed,
    FileTooLarge,
    NoSuchFile,
    TooManyUploads,
)
from chatd.file_lock import FileLock, Locked
from chatd.files import directory
from chatd.files.incoming import Sender
from chatd.files.store import FileStore
from tests.files.stores import ICE, MOON, NOW, begin, content, keep, make_store, result_of
from tests.small_disk import mounted_disk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def store(path: Path) -> Iterator[FileStore]:
    store = make_store(path)
    assert result_of(store.open()) is None
    yield store
    store.close()


def names(path: Path) -> list[str]:
    """The files in the folder, without the lock."""
    return sorted(each.name for each in path.iterdir() if each.name != "lock")


def restarted(store: FileStore, path: Path, **options: Any) -> FileStore:
    """The store of the server's next start."""
    store.close()
    again = make_store(path, **options)
    assert result_of(again.open()) is None
    return again


def lookup(store: FileStore, file: File) -> Any:
    return result_of(store.get(file.id))


def test_a_file_is_kept_as_it_was_sent(store: FileStore) -> None:
    file = keep(store, b"GIF89a and more", name="../../holiday .gif ")
    assert (file.name, file.bytes, file.media_type) == ("holiday .gif", 15, "image/gif")
    assert lookup(store, file) == file
    assert content(store, file.id) == b"GIF89a and more"


def test_the_same_file_twice_is_two_files(store: FileStore) -> None:
    one, other = keep(store, b"same", seq=1), keep(store, b"same", seq=2)
    assert one.id != other.id
    store.remove("#dev", 1)
    assert isinstance(lookup(store, one), FileGone)
    assert content(store, other.id) == b"same"


def test_only_the_server_s_user_reads_the_files(store: FileStore, path: Path) -> None:
    keep(store, b"secret")
    assert path.stat().st_mode & 0o777 == 0o700
    assert {each.stat().st_mode & 0o777 for each in path.iterdir()} == {0o600}


def test_a_restart_loses_nothing(store: FileStore, path: Path) -> None:
    public, private = keep(store, b"public", seq=7), keep(store, b"private", room="")
    again = restarted(store, path)
    assert lookup(again, public) == public
    assert content(again, private.id) == b"private"
    again.remove("#DEV", 7)
    assert isinstance(lookup(again, public), FileGone)
    assert isinstance(lookup(restarted(again, path), public), NoSuchFile)
    again.close()


def test_a_crash_leaves_nothing_half(store: FileStore, path: Path) -> None:
    whole = keep(store, b"whole", seq=1)
    begin(store, 100).write(b"the beginning")
    keep(store, b"without a record")
    (path / f"{2:022}.json").unlink(missing_ok=True)
    (path / f"{3:022}.json").unlink()
    (path / f"{4:022}.json").write_text("{}")
    (path / f"{whole.id}.new").write_text("half a record")
    (path / "notes of somebody.txt").write_text("not ours")
    again = restarted(store, path)
    assert names(path) == [f"{whole.id}.data", f"{whole.id}.json", "notes of somebody.txt"]
    assert lookup(again, whole) == whole
    again.close()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.with_suffix(".data").write_bytes(b"shorter"),
        lambda path: path.with_suffix(".data").unlink(),
        lambda path: path.with_suffix(".json").write_text("no JSON"),
        lambda path: path.with_suffix(".json").write_text('{"file": 1}'),
        lambda path: path.with_suffix(".json").write_text("x" * 1_000_000),
        lambda path: path.with_suffix(".json").rename(path.with_name("9" * 22 + ".json")),
    ],
)
def test_what_does_not_fit_together_is_removed(
    store: FileStore, path: Path, spoil: Callable[[Path], object]
) -> None:
    file = keep(store, b"some content")
    spoil(path / file.id)
    again = restarted(store, path)
    assert isinstance(lookup(again, file), NoSuchFile)
    assert names(path) == []
    again.close()


def test_links_in_the_folder_are_not_followed(store: FileStore, path: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret content")
    file = keep(store, b"other  content")
    (path / f"{file.id}.data").unlink()
    (path / f"{file.id}.data").symlink_to(secret)
    assert isinstance(result_of(store.open_content(file.id)), FilesFailed)
    again = restarted(store, path)
    assert isinstance(lookup(again, file), NoSuchFile)
    assert secret.read_bytes() == b"secret content"
    again.close()


def test_a_file_that_is_not_complete_is_nowhere(store: FileStore, path: Path) -> None:
    incoming = begin(store, 100)
    incoming.write(b"the beginning")
    incoming.discard()
    incoming.discard()
    assert names(path) == []


def test_a_message_that_was_refused_leaves_no_file(store: FileStore, path: Path) -> None:
    incoming = begin(store, 4)
    incoming.write(b"file")
    file = result_of(incoming.complete("#dev"))
    incoming.discard()
    assert isinstance(lookup(store, file), FileGone)
    assert names(path) == []


def test_too_large_and_empty_files_are_refused_before_they_begin(store: FileStore) -> None:
    assert isinstance(result_of(store.begin("a", limits.FILE_BYTES + 1, ICE)), FileTooLarge)
    assert isinstance(result_of(store.begin("a", 0, ICE)), EmptyFile)


# --- making room ----------------------------------------------------------------------------------


def fill(store: FileStore, count: int, sender: Callable[[int], Sender]) -> list[File]:
    return [keep(store, b"x" * 10, sender(number), seq=number + 1) for number in range(count)]


def test_the_oldest_files_make_room_for_new_ones(
    store: FileStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FILES_BYTES", 35)
    files = fill(store, 5, lambda number: Sender(f"member-{number}", f"10.0.0.{number}"))
    assert [isinstance(lookup(store, each), FileGone) for each in files] == [True] * 2 + [False] * 3
    assert len(names(path)) == 6
    assert "has made room" in str(lookup(store, files[0]))


def test_a_member_s_files_push_out_its_own_only(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MEMBER_FILES_BYTES", 20)
    others = keep(store, b"x" * 10, MOON)
    files = fill(store, 4, lambda number: Sender("ice", f"10.0.0.{number}"))
    assert lookup(store, others) == others
    assert [isinstance(lookup(store, each), File) for each in files] == [False] * 2 + [True] * 2


def test_an_address_with_many_nicknames_pushes_out_its_own_only(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ADDRESS_FILES_BYTES", 20)
    others = keep(store, b"x" * 10, MOON)
    files = fill(store, 4, lambda number: Sender(f"member-{number}", "10.0.0.1"))
    assert lookup(store, others) == others
    assert [isinstance(lookup(store, each), File) for each in files] == [False] * 2 + [True] * 2


def test_there_are_at_most_so_many_files(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEPT_FILES", 3)
    files = fill(store, 5, lambda number: Sender(f"member-{number}", ""))
    assert [isinstance(lookup(store, each), File) for each in files] == [False] * 2 + [True] * 3


def test_the_links_that_say_that_a_file_is_gone_are_bounded(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KEPT_FILES", 1)
    monkeypatch.setattr(limits, "GONE_FILES", 2)
    files = fill(store, 5, lambda number: ICE)
    assert [type(lookup(store, each)) for each in files] == [
        NoSuchFile,
        NoSuchFile,
        FileGone,
        FileGone,
        File,
    ]


def test_uploads_at_once_are_bounded_for_a_member(store: FileStore) -> None:
    going = [begin(store, 1) for _ in range(limits.MEMBER_UPLOADED_FILES)]
    assert isinstance(result_of(store.begin("a", 1, ICE)), TooManyUploads)
    begin(store, 1, MOON)
    going[0].discard()
    begin(store, 1, ICE)


def test_uploads_at_once_are_bounded_for_an_address_and_not_for_this_host(
    store: FileStore,
) -> None:
    for number in range(limits.ADDRESS_UPLOADED_FILES):
        begin(store, 1, Sender(f"member-{number}", "10.0.0.1"))
    assert isinstance(result_of(store.begin("a", 1, Sender("another", "10.0.0.1"))), TooManyUploads)
    for number in range(limits.ADDRESS_UPLOADED_FILES + 1):
        begin(store, 1, Sender(f"local-{number}", ""))


def test_uploads_at_once_are_bounded_in_all(store: FileStore) -> None:
    many = limits.UPLOADED_BYTES // limits.FILE_BYTES
    for number in range(many):
        begin(store, limits.FILE_BYTES, Sender(f"member-{number}", ""))
    refusal = result_of(store.begin("a", limits.FILE_BYTES, MOON))
    assert isinstance(refusal, TooManyUploads)
    assert str(refusal) == "The members send too many files at once; try again in a moment."


def test_a_private_file_is_kept_for_a_day(path: Path) -> None:
    now = NOW
    store = make_store(path, lambda: now)
    public, private = keep(store, b"public"), keep(store, b"private", room="")
    now += 1_000 * limits.PRIVATE_FILE_SECONDS
    store.expire()
    assert lookup(store, private) == private
    now += 1
    store.expire()
    assert isinstance(lookup(store, private), FileGone)
    assert lookup(store, public) == public
    store.close()


def test_no_file_is_kept_for_longer_than_messages(path: Path) -> None:
    now = NOW
    store = make_store(path, lambda: now, keep_seconds=3_600)
    files = keep(store, b"public"), keep(store, b"private", room="")
    now += 3_600_001
    store = restarted(store, path, now=lambda: now, keep_seconds=3_600)
    assert [type(lookup(store, each)) for each in files] == [FileGone, FileGone]
    assert names(path) == []
    store.close()


# --- the disk -------------------------------------------------------------------------------------


def test_two_servers_do_not_use_one_folder(store: FileStore, path: Path) -> None:
    other = make_store(path)
    assert isinstance(result_of(other.open()), FilesFailed)
    assert isinstance(result_of(other.begin("a", 1, ICE)), FilesFailed)
    with pytest.raises(Locked):
        other.directory.open()
    keep(store, b"still mine")
    store.close()
    keep(other, b"mine now")
    other.close()


def test_a_temporary_folder_is_deleted_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = make_store(None)
    keep(store, b"for now")
    [folder] = tmp_path.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    store.close()
    assert not list(tmp_path.iterdir())


def test_a_temporary_folder_takes_the_place_of_one_that_another_server_has(
    store: FileStore, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    other = make_store(path, may_be_temporary=True)
    keep(other, b"beside")
    assert names(path) == []
    other.close()
    assert list(tmp_path.iterdir()) == [path]


def test_a_temporary_folder_that_was_deleted_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = make_store(None)
    keep(store, b"lost")
    [folder] = tmp_path.iterdir()
    shutil.rmtree(folder)
    folder.mkdir()  # by somebody else, perhaps
    file = keep(store, b"new")
    assert content(store, file.id) == b"new"
    assert not list(folder.iterdir())
    store.close()


def test_a_store_that_is_closed_takes_nothing(store: FileStore) -> None:
    file = keep(store, b"file")
    store.close()
    assert isinstance(lookup(store, file), FilesFailed)
    assert isinstance(result_of(store.begin("a", 1, ICE)), FilesFailed)


def test_a_folder_that_is_deleted_is_made_again(store: FileStore, path: Path) -> None:
    lost = keep(store, b"lost", seq=1)
    incoming = begin(store, 4)
    shutil.rmtree(path)
    assert isinstance(result_of(store.open_content(lost.id)), FileGone)
    assert isinstance(lookup(store, lost), FileGone)
    assert result_of(incoming.write(b"file")) is None  # it has no name any more
    assert isinstance(result_of(incoming.complete("#dev")), FilesFailed)
    file = keep(store, b"new")
    assert content(store, file.id) == b"new"
    assert isinstance(result_of(make_store(path).open()), FilesFailed)  # it is locked again


class Disk:
    """Calls on another thread, some of which fail."""

    def __init__(self) -> None:
        self.error: OSError | None = None

    def __call__(self, call: Callable[[], Any]) -> Deferred[Any]:
        return maybeDeferred(self._call, call)

    def _call(self, call: Callable[[], Any]) -> Any:
        if self.error is not None:
            raise self.error
        return call()


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, FilesFailed),
        (errno.EACCES, FilesFailed),
        (errno.EIO, FilesFailed),
    ],
)
def test_a_disk_that_fails_is_said_once_and_works_again_when_it_can(
    path: Path, code: int, refusal: type[Exception]
) -> None:
    disk = Disk()
    store = make_store(path, in_thread=disk)
    keep(store, b"before")
    with capturedLogs() as logged:
        for number in range(3):
            disk.error = OSError(code, os.strerror(code), f"{number}.part")  # a file of each upload
            assert isinstance(result_of(store.begin("a", 1, ICE)), refusal)
        disk.error = None
        keep(store, b"after")
        keep(store, b"after that")
    assert [each["log_level"].name for each in logged] == ["error", "info"]
    assert logged[0]["error"] == os.strerror(code)
    store.close()


def test_a_disk_that_fills_up_in_the_middle_keeps_nothing(path: Path) -> None:
    disk = Disk()
    store = make_store(path, in_thread=disk)
    incoming = begin(store, 10)
    incoming.write(b"12345")
    disk.error = OSError(errno.ENOSPC, "No space left on device")
    assert isinstance(result_of(incoming.write(b"67890")), DiskFull)
    disk.error = None
    incoming.discard()
    assert names(path) == []
    store.close()


def test_a_full_disk_refuses_before_anything_is_read(tmp_path: Path) -> None:
    with mounted_disk(tmp_path / "small", "1M") as disk:
        store = make_store(disk / "files")
        assert isinstance(result_of(store.begin("a", 1_000, ICE)), DiskFull)
        store.close()


def test_files_that_begin_at_once_make_a_deleted_folder_once(
    store: FileStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(path)
    both = threading.Barrier(2)

    def lock(file: Path) -> FileLock:
        with suppress(threading.BrokenBarrierError):
            both.wait(0.5)  # the other thread has this long to get here, too
        return FileLock(file)

    monkeypatch.setattr(directory, "FileLock", lock)
    with ThreadPoolExecutor(2) as threads:
        for descriptor in threads.map(store.directory.create, ["a" * 22, "b" * 22], [1, 1]):
            os.close(descriptor)
    assert names(path) == [f"{'a' * 22}.part", f"{'b' * 22}.part"]


def test_a_folder_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    store = make_store(blocked / "files")
    assert isinstance(result_of(store.open()), FilesFailed)
    assert isinstance(result_of(store.begin("a", 1, ICE)), FilesFailed)
    blocked.unlink()
    keep(store, b"now it works")
    store.close()
