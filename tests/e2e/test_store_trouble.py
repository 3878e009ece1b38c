"""Servers whose file cannot be used, or cannot be any more: they say so, and the chat goes on."""

import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.native_peer import Peer, enter
from tests.e2e.programs import CHATD, Program, programs
from tests.ports import IFADDRS, free_port, free_udp_port
from tests.small_disk import mounted_disk

Start = Callable[[Path], tuple[Program, int]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a server with that file, and returns it with its port."""
    with programs() as start_one:

        def server(path: Path) -> tuple[Program, int]:
            port = free_port()
            program = start_one(
                [
                    *(*CHATD, "server", *IFADDRS, "--id", "kept", "--flood", "0"),
                    *("--port", str(port), "--discovery-port", str(free_udp_port())),
                    *("--store", str(path)),
                ]
            )
            program.expect_stderr("kept answers discovery")
            return program, port

        yield server


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted_disk(tmp_path / "disk", "1m") as directory:
        yield directory


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted_disk(tmp_path / "disk", "32m") as directory:
        yield directory


def say(peer: Peer, *texts: str) -> None:
    for number, text in enumerate(texts):
        peer.send("message", {"text": text}, id=f"say {number}")
        assert peer.receive("ok")["id"] == f"say {number}"


def history(port: int) -> list[tuple[int, str]]:
    reader = enter(port, "reader")
    reader.send("history", {"limit": 200})
    messages = reader.receive("history")["data"]["messages"]
    reader.close()
    return [(each["seq"], each["text"]) for each in messages]


def fill(path: Path) -> None:
    """Make the file as large as the disk allows."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4_096))


def notice(peer: Peer) -> str:
    text: str = peer.receive("notice")["data"]["text"]
    return text


def test_a_server_whose_disk_is_full_says_so_and_loses_nothing_once_there_is_room(
    start: Start, small_disk: Path
) -> None:
    path = small_disk / "chat.sqlite"
    program, port = start(path)
    ice = enter(port, "ice")
    say(ice, "before")
    filler = small_disk / "filler"
    fill(filler)
    count = 0
    sentence = (
        "This chat is not kept at present: The disk is full, and nothing more can be kept in "
        "chat.sqlite"  # members are not told where that is
    )
    for count in range(1, 200):  # the write-ahead log may have some room
        ice.send("message", {"text": f"{count} " + "x" * 3_000}, id=count)
        frame = ice.receive_any()
        if frame["type"] == "notice":
            assert frame["data"]["text"].startswith(sentence)
            break
    else:
        pytest.fail("the disk was not full")
    ice.receive("ok")
    late = enter(port, "late")
    assert notice(late).startswith(sentence)
    say(late, "while nothing is kept")
    filler.unlink()
    assert notice(ice) == "This chat is kept again."
    say(ice, "kept again")
    for peer in (ice, late):
        peer.close()
    program.send_signal(signal.SIGKILL)
    program.wait()
    _, port = start(path)
    found = history(port)
    assert [seq for seq, _ in found] == list(range(1, count + 4))
    assert found[0][1] == "before"
    assert [text for _, text in found[-2:]] == ["while nothing is kept", "kept again"]
    assert "Traceback" not in "\n".join(program.stderr)


def test_a_server_whose_file_is_removed_says_so_and_begins_another_one(
    start: Start, tmp_path: Path
) -> None:
    path = tmp_path / "chat.sqlite"
    program, port = start(path)
    ice = enter(port, "ice")
    say(ice, "in the first file")
    for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        each.unlink()
    ice.send("message", {"text": "in no file"}, id=1)
    assert "was moved, removed or replaced; put it back" in notice(ice)
    ice.receive("ok")
    assert notice(ice) == "This chat is kept again."
    say(ice, "in the second file")
    ice.close()
    program.send_signal(signal.SIGKILL)
    program.wait()
    _, port = start(path)
    # The one that failed was perhaps kept in the first file.
    assert history(port) == [(2, "in no file"), (3, "in the second file")]
    assert "Traceback" not in "\n".join(program.stderr)


def kept(start: Start, path: Path) -> None:
    """Have a server fill the file, and stop."""
    program, port = start(path)
    ice = enter(port, "ice")
    say(ice, *(f"{number} " + "x" * 200 for number in range(100)))
    ice.close()
    program.send_signal(signal.SIGTERM)
    assert program.wait() == 0


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for start in range(4_096, len(data), 8_192):
        data[start : start + 4_096] = b"\xa5" * len(data[start : start + 4_096])
    path.write_bytes(data)


def make_newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "damaged": (damage, " is damaged; move it away, or put a backup in its place."),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:10_000]), " is damaged; move"),
    "no file of chatd": (lambda path: path.write_text("x" * 9_999), " is not a file of chatd"),
    "newer": (make_newer, " was written by a newer chatd (format 99, this one knows "),
    "read-only": (
        lambda path: subprocess.run(["mount", "-o", "remount,ro", path.parent], check=True),
        " cannot be written; give this user the right to, or name another file.",
    ),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_server_that_cannot_use_its_file_says_so_and_leaves_it_as_it_is(
    start: Start, disk: Path, kind: str
) -> None:
    path = disk / "chat.sqlite"
    kept(start, path)
    make_unusable, words = UNUSABLE[kind]
    make_unusable(path)
    before = path.read_bytes()
    program, port = start(path)
    program.expect_stderr("nothing is kept of this chat: ")
    ice = enter(port, "ice")
    assert words in notice(ice)
    say(ice, "hello")
    assert history(port)[-1][1] == "hello"
    ice.close()
    program.send_signal(signal.SIGTERM)
    assert program.wait() == 0
    assert [each for each in program.stderr if words in each]
    assert "Traceback" not in "\n".join(program.stderr)
    after = path.read_bytes()
    assert len(after) == len(before)
    # A file whose damage is seen only when it is read counts how often it was opened.
    assert sum(one != other for one, other in zip(before, after, strict=True)) < 32
