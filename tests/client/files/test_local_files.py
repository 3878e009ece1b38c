"""Files of this computer: which can be sent, and where those of others are saved."""

import os
from pathlib import Path

import pytest

from chatd.chat import limits
from chatd.client.files.local_files import SavedFile, SourceFile
from chatd.client.files.problem import FileProblem


def open_source(path: Path | str) -> SourceFile:
    return SourceFile(str(path), lambda: None)


def save(wanted: Path | str, name: str, data: bytes = b"data") -> Path:
    saved = SavedFile(str(wanted), name)
    saved.write(data)
    return saved.finish()


# --- sending ------------------------------------------------------------------------------------


def test_as_many_bytes_are_read_as_there_were_at_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "sheet.txt"
    path.write_bytes(b"12345")
    source = open_source(path)
    with path.open("ab") as file:
        file.write(b"678")
    assert (source.name, source.size) == ("sheet.txt", 5)
    assert source.read(3) + source.read(100) + source.read(100) == b"12345"
    source.close()


def test_a_tilde_is_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "sheet.txt").write_bytes(b"x")
    source = open_source("~/sheet.txt")
    assert source.size == 1
    source.close()


def test_a_tilde_that_is_nobodys_home_directory_is_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert save("~$letter.docx", "sheet.pdf").name == "~$letter.docx"
    source = open_source("~$letter.docx")
    assert source.name == "~$letter.docx"
    source.close()
    with pytest.raises(FileProblem, match=r"^there is no such file$"):
        open_source("~nobody-here/sheet.pdf")


def test_a_path_with_a_nul_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="no file can have that path"):
        SavedFile(f"{tmp_path}/nul\x00", "sheet.pdf")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing", "there is no such file"),
        ("nul\x00", "there is no such file"),
        ("folder", "it is a folder, and only files can be sent"),
        ("pipe", "it is not an ordinary file"),
        ("empty", "it is empty"),
        ("large", "it has 20.0 MB, and a file may have at most 20.0 MB"),
    ],
)
def test_what_cannot_be_sent_is_said_in_a_phrase(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    with (tmp_path / "large").open("wb") as file:
        file.truncate(limits.FILE_BYTES + 1)
    with pytest.raises(FileProblem, match=f"^{why}$"):
        open_source(tmp_path / name)


# --- saving -------------------------------------------------------------------------------------


def test_a_file_is_saved_in_the_present_folder_under_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert save("", "sheet.pdf") == tmp_path / "sheet.pdf"
    assert [each.name for each in tmp_path.iterdir()] == ["sheet.pdf"]


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    (tmp_path / "sheet.pdf").write_bytes(b"mine")
    assert save(tmp_path, "sheet.pdf", b"one").name == "sheet (2).pdf"
    assert save(tmp_path / "sheet.pdf", "other.pdf", b"two").name == "sheet (3).pdf"
    assert (tmp_path / "sheet.pdf").read_bytes() == b"mine"
    assert (tmp_path / "sheet (2).pdf").read_bytes() == b"one"


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    (tmp_path / "sheet.pdf").symlink_to(target)
    (tmp_path / "sheet.pdf.part").symlink_to(target)
    assert save(tmp_path, "sheet.pdf").name == "sheet (2).pdf"
    assert not target.exists()


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("../../.bashrc", "bashrc"),
        ("/etc/passwd", "passwd"),
        ("a\x00b\x1b[2J", "ab[2J"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("..", "file"),
        ("", "file"),
    ],
)
def test_a_name_of_a_false_server_leads_nowhere_else(tmp_path: Path, name: str, saved: str) -> None:
    assert save(tmp_path, name) == tmp_path / saved


def test_a_file_that_was_not_complete_leaves_nothing_behind(tmp_path: Path) -> None:
    saved = SavedFile(str(tmp_path), "sheet.pdf")
    saved.write(b"half")
    saved.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wanted", ["missing/sheet.pdf", "missing/"])
def test_a_folder_that_is_not_there_is_said(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(FileProblem, match=r"cannot be written \(No such file or directory\)$"):
        SavedFile(f"{tmp_path}/{wanted}", "sheet.pdf")
