"""The names of files: each is valid in every file system, and deceives nobody."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import limits, names
from chatd.files.names import clean_name


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("worksheet.pdf", "worksheet.pdf"),
        ("Übung 3 - Lösungen.pdf", "Übung 3 - Lösungen.pdf"),
        ("写真.jpg", "写真.jpg"),
        # Paths, of this system and of others.
        ("/etc/passwd", "passwd"),
        ("../../.ssh/authorized_keys", "authorized_keys"),
        ("C:\\Windows\\system32\\cmd.exe", "cmd.exe"),
        ("..\\..\\Photos: May?.JPG", "Photos_ May_.JPG"),
        ("folder/", "folder"),
        ("..", "file"),
        (".", "file"),
        ("", "file"),
        ("/", "file"),
        # What is not shown, or turns the text around.
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\0b.txt", "ab.txt"),
        ("\x1b[2Jclear\r\n.txt", "[2Jclear.txt"),
        ("half\ud800.txt", "half.txt"),
        # What hides a file, and what Windows takes away.
        (".bashrc", "bashrc"),
        ("...", "file"),
        ("report.pdf. . .", "report.pdf"),
        ("  spaces   between .txt", "spaces between .txt"),
        # The devices of Windows.
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("LPT\u00b9.txt", "_LPT\u00b9.txt"),
        ("aux .h", "_aux .h"),
        ("console.log", "console.log"),
        ("common.txt", "common.txt"),
        # An option of a command.
        ("-rf", "_-rf"),
        ('a<b>c:"|?*.txt', "a_b_c_____.txt"),
    ],
)
def test_a_name_becomes_one_that_every_file_system_takes(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


def test_a_long_name_keeps_its_extension() -> None:
    cleaned = clean_name("ä" * 500 + ".tar.gz")
    assert cleaned.startswith("ää")
    assert cleaned.endswith(".gz")
    assert limits.FILE_NAME_BYTES - 2 <= len(cleaned.encode()) <= limits.FILE_NAME_BYTES


@pytest.mark.parametrize("name", ["x" * 9_999_999, "." * 9_999_999, "x." + "y" * 9_999_999])
def test_a_huge_name_is_cut_at_once(name: str) -> None:
    assert len(clean_name(name).encode()) <= limits.FILE_NAME_BYTES


@given(st.text(max_size=300) | st.text(alphabet="./\\ -con:1\u0301\u202e", max_size=300))
def test_any_name_becomes_a_safe_one(name: str) -> None:
    cleaned = clean_name(name)
    assert 0 < len(cleaned.encode()) <= limits.FILE_NAME_BYTES
    assert not re.search(r'[/\\<>:"|?*\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]', cleaned)
    assert not cleaned.startswith((".", " ", "-"))
    assert not cleaned.endswith((".", " "))
    assert unicodedata.is_normalized("NFC", cleaned)
    assert clean_name(cleaned) == cleaned
    assert names.message_text(cleaned) == cleaned
