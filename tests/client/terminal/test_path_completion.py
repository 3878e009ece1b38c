"""Tab behind ``/send`` and ``/get N`` completes a path of this computer."""

from pathlib import Path

import pytest

from chatd.client.terminal.path_completion import path_completions


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("sheet.pdf", "she sells.txt", ".secret", "bad\x1b[2J.txt"):
        (tmp_path / name).touch()
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "book").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "shelf"))
    return tmp_path


@pytest.mark.parametrize(
    ("before", "word", "names"),
    [
        ("/send she", "she", ["she sells.txt", "sheet.pdf", "shelf/"]),
        ("/send ", "", ["she sells.txt", "sheet.pdf", "shelf/"]),
        ("/SEND she s", "she s", ["she sells.txt"]),
        ('/send "she s', "she s", ["she sells.txt"]),
        ("/send shelf/", "", ["book"]),
        ("/send ~/b", "b", ["book"]),
        ("/send .s", ".s", [".secret"]),
        ("/send bad", "bad", []),
        ("/send missing/x", "x", []),
        ("/send ~nobody-here/x", "x", []),
        ("/get 12 she", "she", ["she sells.txt", "sheet.pdf", "shelf/"]),
        ("/get #dev 12 shel", "shel", ["shelf/"]),
    ],
)
def test_files_and_folders_are_completed(before: str, word: str, names: list[str]) -> None:
    assert path_completions(before) == (word, names)


@pytest.mark.parametrize(
    "before",
    ["hello she", "/send", "/get 12", "/msg ice she", "/send sheet.pdf @i", '/send "sheet.pdf" #d'],
)
def test_other_words_are_not(before: str) -> None:
    assert path_completions(before) is None
