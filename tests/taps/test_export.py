"""``chatd export`` and ``chatd import``: what a user types, and the sentence for each mistake."""

import io
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chatd.chat import limits
from chatd.chat.events import Message
from chatd.cli import main
from chatd.store.importing import import_messages
from chatd.store.lock import Lock
from chatd.taps.export import parse_since

#: Runs ``chatd``; returns the exit status or the sentence, and what is on standard output.
RunChatd = Callable[..., tuple[object, str, str]]
Pipe = Callable[[str | bytes], None]

NOON = 1_795_003_200_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with three messages."""
    path = tmp_path / "party.sqlite"
    messages = [
        Message("#lobby", 1, NOON, "ice", "hello <b>\x1b"[:-1]),
        Message("#tea", 1, NOON + 60_000, "moon", "two\nlines \u202e"),
        Message("#lobby", 2, NOON + 120_000, "moon", "bye"),
    ]
    import_messages(path, messages, NOON)
    return path


@pytest.fixture
def chatd(capsys: pytest.CaptureFixture[str]) -> RunChatd:
    def run(*argv: object) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(each) for each in argv])
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return run


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Pipe:
    def put(data: str | bytes) -> None:
        raw = data.encode() if isinstance(data, str) else data
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))

    return put


def line(seq: int = 1, text: str = "hi", room: str = "#lobby", when: int = NOON) -> str:
    fields = {"room": room, "seq": seq, "time": when, "source": "ice", "text": text}
    return json.dumps(fields) + "\n"


def test_text_is_written_unless_asked_otherwise(path: Path, chatd: RunChatd) -> None:
    status, out, err = chatd("export", path)
    assert (status, err) == (0, "")
    assert [each[20:] for each in out.splitlines()] == [
        "ice: hello <b>",
        "#tea moon: two",
        "#tea moon: lines <U+202E>",
        "moon: bye",
    ]


def test_options_may_come_before_and_after_the_file(path: Path, chatd: RunChatd) -> None:
    _, out, _ = chatd("export", path, "--format", "jsonl", "--room", "#TEA")
    assert [json.loads(each)["text"] for each in out.splitlines()] == ["two\nlines \u202e"]
    assert chatd("export", "--room=#TEA", "--format=jsonl", path)[1] == out
    assert "\u202e" not in out


def test_a_page_is_written_to_a_file_for_this_user_only(
    path: Path, chatd: RunChatd, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    assert chatd("export", path, "--format", "html", "--output", page) == (0, "", "")
    html = page.read_text()
    assert "<title>party</title>" in html
    assert "hello &lt;b&gt;" in html
    assert page.stat().st_mode & 0o777 == 0o600
    page.chmod(0o644)
    assert chatd("export", path, "-o", page)[0] == 0
    assert page.stat().st_mode & 0o777 == 0o644, "it stays as its owner wants it"
    assert "html" not in page.read_text()


def test_an_id_names_the_default_file(
    path: Path, chatd: RunChatd, state_home: Path, monkeypatch: pytest.MonkeyPatch, pipe: Pipe
) -> None:
    pipe(line(1, "in a/b"))
    status, out, _ = chatd("import", "./a b.db")
    assert status == 0
    assert Path("a b.db").exists()
    Path("a b.db").unlink()
    Path("a b.db-lock").unlink()
    pipe(line(1, "in the default file"))
    status, out, _ = chatd("import", "büro")
    kept = state_home / "chatd" / "b%C3%BCro.sqlite"
    assert (status, out) == (0, f"Messages added to {kept}: 1. There already: 0.\n")
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    assert "in the default file" in chatd("export", "büro")[1]
    monkeypatch.setenv("STATE_DIRECTORY", str(state_home / "chatd"))
    assert "in the default file" in chatd("export", "büro")[1]
    monkeypatch.chdir(path.parent)
    assert "bye" in chatd("export", "party.sqlite")[1], "a file with that name comes first"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("cwd"))


@pytest.mark.parametrize("format_name", ["text", "jsonl", "html"])
def test_a_chat_without_messages_is_no_mistake(
    tmp_path: Path, chatd: RunChatd, pipe: Pipe, format_name: str
) -> None:
    pipe("")
    assert chatd("import", tmp_path / "new.db")[0] == 0
    status, out, err = chatd("export", tmp_path / "new.db", "--format", format_name)
    assert (status, err) == (0, "")
    assert "There are no messages." in out if format_name == "html" else out == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "name one FILE; see --help"),
        ("a b", "name one FILE; see --help"),
        ("PARTY --format pdf", "--format: 'pdf' must be one of: text, jsonl, html"),
        ("PARTY --since yesterday", "--since: 'yesterday' is neither a date such as 2026-11-30"),
        ("PARTY --bogus", "option --bogus not recognized"),
        ("PARTY --format", "option --format requires argument"),
    ],
)
def test_a_wrong_option_is_one_line_with_status_1(
    path: Path, chatd: RunChatd, words: str, sentence: str
) -> None:
    status, out, _ = chatd("export", *words.replace("PARTY", str(path)).split())
    assert isinstance(status, str)  # on standard error, with status 1
    assert status.startswith(f"chatd export: {sentence}")
    assert len(status.splitlines()) == 1
    assert out == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            "nowhere",
            "There is no file nowhere, and none of a chat of that id: STATE/nowhere.sqlite",
        ),
        ("./nowhere.db", "There is no file nowhere.db"),
        (".", "There is no file ., and none of a chat of that id: STATE/..sqlite"),
        ("/", "/ is a directory; name a file"),
        ("PARTY --room #nowhere", "There are no messages of #nowhere in PARTY"),
        ("PARTY --room \x1b[2J", "There are no messages of <U+001B>[2J in PARTY"),
        ("PARTY --output PARTY", "--output: 'PARTY' is the file of the chat itself"),
        ("PARTY --output PARTY-wal", "--output: 'PARTY-wal' is the file of the chat itself"),
        ("PARTY --output no/where", "--output: 'no/where' cannot be written: No such file or dir"),
        ("PARTY --output /", "--output: '/' cannot be written: Is a directory"),
        ("PARTY --output /dev/full", "--output: '/dev/full' cannot be written: No space left"),
    ],
)
def test_what_cannot_be_exported_is_one_line_with_status_1(
    path: Path, chatd: RunChatd, state_home: Path, words: str, sentence: str
) -> None:
    argv = words.replace("PARTY", str(path)).split(" ")
    status, out, err = chatd("export", *argv)
    assert (status, out) == (1, "")
    expected = sentence.replace("PARTY", str(path)).replace("STATE", str(state_home / "chatd"))
    assert err.startswith(f"chatd export: {expected}")
    assert len(err.splitlines()) == 1
    assert not (state_home / "chatd").exists()


def test_a_file_is_written_as_a_whole_or_stays_as_it_was(
    path: Path, chatd: RunChatd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "EXPORT_PAGE_MESSAGES", 1)
    page = tmp_path / "page.html"
    page.write_text("before")
    before = set(tmp_path.iterdir())
    data = path.read_bytes()
    damaged = bytearray(data)
    damaged[8_192:] = b"\xa5" * (len(data) - 8_192)
    path.write_bytes(damaged)
    status, _, err = chatd("export", path, "--format", "html", "--output", page)
    assert status == 1
    assert f"{path} is damaged; move it away, or put a backup in its place" in err
    assert page.read_text() == "before"
    assert set(tmp_path.iterdir()) - before <= {Path(f"{path}-wal"), Path(f"{path}-shm")}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-30T17:00Z", 1_796_058_000_000),
        ("2026-11-30T17:00+02:00", 1_796_050_800_000),
        ("1900-01-01", 0),
        ("999999w", 0),
    ],
)
def test_a_time_may_be_given_with_its_zone(value: str, expected: int) -> None:
    assert parse_since(value) == expected


def test_a_time_may_be_given_as_an_age() -> None:
    before = time.time() * 1_000
    age = before - parse_since("12h")
    assert 12 * 3_600_000 - 60_000 < age <= 12 * 3_600_000 + 1
    assert parse_since("2d") < parse_since("40h") < parse_since("30m")


@pytest.mark.parametrize("value", ["", "7", "0d", "-1d", "7x", "tomorrow", "2026-13-01", "٣d"])
def test_any_other_time_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="neither a date such as"):
        parse_since(value)


def test_rows_that_are_no_messages_are_left_out_and_counted(path: Path, chatd: RunChatd) -> None:
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("UPDATE messages SET text = x'00' WHERE id = 1")
    connection.commit()
    connection.close()
    status, out, err = chatd("export", path)
    assert status == 0
    assert len(out.splitlines()) == 3
    assert err == f"chatd export: rows of {path} that are no messages, and were left out: 1\n"


# --- chatd import ---------------------------------------------------------------------------------


def test_what_was_exported_can_be_imported_elsewhere(
    path: Path, chatd: RunChatd, tmp_path: Path, pipe: Pipe
) -> None:
    exported, again = tmp_path / "chat.jsonl", tmp_path / "again.db"
    chatd("export", path, "--format", "jsonl", "--output", exported)
    status, out, err = chatd("import", again, "--input", exported)
    assert (status, out, err) == (0, f"Messages added to {again}: 3. There already: 0.\n", "")
    assert chatd("export", again, "--format", "jsonl")[1] == exported.read_text()
    pipe(exported.read_bytes())
    assert chatd("import", again)[1] == f"Messages added to {again}: 0. There already: 3.\n"


def test_old_messages_are_said_to_be_deleted_by_a_server(
    tmp_path: Path, chatd: RunChatd, pipe: Pipe
) -> None:
    pipe(line(when=1_000_000_000_000))
    out = chatd("import", tmp_path / "new.db")[1]
    assert "Some are older than 30 days: a server deletes them when it starts" in out


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("hello\n", "line 1 is no message in JSON: "),
        (line() + "\n{}\n", "line 3 is no message in JSON: "),
        (line().encode() + b"\xff\n", "line 2 is no message in JSON: "),
        (line().encode("utf-16"), "line 1 is no message in JSON: "),
        (line() + "[" * 60_000, "line 2 is no message in JSON: "),
        ("x" * 70_000, "line 1 has more than 65536 bytes"),
        (line(text="\x1b[2J"), "line 1 has a room, number, time, sender or text that no mess"),
        (line(text="x" * 5_000), "line 1 has a room, number, time, sender or text that no mess"),
        (line(seq=0), "line 1 has a room, number, time, sender or text that no message can have"),
        (line(seq=-1), "line 1 has a room, number, time, sender or text that no message can have"),
        (line(seq=2**70), "line 1 "),
        (line(room="lobby"), "line 1 has a room, number, time, sender or text that no message"),
        (line(when=-1), "line 1 has a room, number, time, sender or text that no message can"),
        (line() + line(text="other"), "#lobby has another message 1 in "),
    ],
)
def test_what_cannot_be_imported_is_one_line_and_nothing_is_added(
    tmp_path: Path, chatd: RunChatd, pipe: Pipe, data: str | bytes, sentence: str
) -> None:
    pipe(data)
    status, out, err = chatd("import", tmp_path / "new.db")
    assert (status, out) == (1, "")
    assert err.startswith(f"chatd import: {sentence}")
    assert err.endswith("; nothing was added\n")
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_server_has_to_be_stopped_first(path: Path, chatd: RunChatd, pipe: Pipe) -> None:
    lock = Lock(path)
    pipe(line(9))
    assert chatd("import", path)[2] == (
        f"chatd import: a server uses {path}; stop it first; nothing was added\n"
    )
    assert chatd("export", path)[0] == 0
    lock.release()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("PARTY --input nowhere", "--input: 'nowhere' cannot be read: No such file or directory"),
        ("PARTY --input /", "--input: '/' cannot be read: Is a directory"),
        ("no/where.db --input /dev/null", "There is no directory no; make it, or name another f"),
        ("/ --input /dev/null", "/ is a directory; name a file"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_with_status_1(
    path: Path, chatd: RunChatd, words: str, sentence: str
) -> None:
    status, out, err = chatd("import", *words.replace("PARTY", str(path)).split())
    assert (status, out) == (1, "")
    assert err.startswith(f"chatd import: {sentence}")
    assert len(err.splitlines()) == 1


def test_a_terminal_is_not_waited_for(
    path: Path, chatd: RunChatd, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, terminal = os.openpty()
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        status, _, err = chatd("import", path)
    os.close(leader)
    assert status == 1
    assert err.startswith("chatd import: standard input is a terminal; name a file with --input")
