"""The servers that were met: the first key counts, until the user trusts another one."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.tls.known_servers import KnownServers, address_key, id_key, parse

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "known_servers"


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def make(path: Path, warnings: list[str]) -> Callable[[], KnownServers]:
    return lambda: KnownServers(path, warnings.append, lambda: date(2026, 11, 27))


Make = Callable[[], KnownServers]


def test_a_server_keeps_the_key_with_which_it_was_met_first(make: Make, path: Path) -> None:
    assert make().get("party") is None
    assert make().meet("party", A) == A
    assert make().meet("party", B) == A
    assert make().get("party") == A
    assert path.read_text() == f"party {A} met 2026-11-27\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_another_key_counts_once_the_user_has_trusted_it(make: Make) -> None:
    make().meet("party", A)
    make().trust("party", B)
    assert make().get("party") == B
    assert make().meet("party", A) == B


def test_a_server_that_was_forgotten_is_met_anew(make: Make) -> None:
    make().meet("party", A)
    make().forget("party")
    assert make().get("party") is None
    assert make().meet("party", B) == B


def test_any_id_can_be_kept_and_is_no_address(make: Make) -> None:
    ids = ["party", "Party", "my party", "7:a", "[::1]:7777", "10.0.0.1:7777", "ü%20", "- met"]
    for number, server_id in enumerate(ids):
        make().meet(id_key(server_id), f"{number:064x}")
    make().meet(address_key("10.0.0.1", 7777), A)
    known = make()
    assert [known.get(id_key(each)) for each in ids] == [f"{n:064x}" for n in range(len(ids))]
    assert known.get(address_key("10.0.0.1", 7777)) == A


def test_a_host_name_is_the_same_in_any_case() -> None:
    assert address_key("Chat.Example", 7777) == address_key("chat.example", 7777)


def test_two_clients_that_meet_a_server_at_once_agree_on_its_key(make: Make) -> None:
    one, other = make(), make()
    one._append("party", A, "met")  # both have seen that it is unknown
    other._append("party", B, "met")
    assert one.get("party") == other.get("party") == A


def test_a_damaged_line_is_left_out_and_named_once(
    make: Make, path: Path, warnings: list[str]
) -> None:
    make().meet("party", A)
    with path.open("ab") as file:
        file.write(b"\xff\x00garbage\nclass " + B.encode()[:20])
    known = make()
    assert known.meet("lab", C) == C
    assert known.get("party") == A
    assert known.get("lab") == C
    assert known.get("class") is None
    assert warnings == [f"{path} is damaged: line 2 says nothing and is left out."]


def test_blank_lines_and_comments_are_allowed() -> None:
    contents = parse(f"# mine\n\n  party {A} met 2026-11-27  \r\n".encode())
    assert contents.fingerprints == {"party": A}
    assert not contents.damaged


@given(st.binary(max_size=300))
def test_no_content_is_an_error(content: bytes) -> None:
    parse(content)


def test_without_a_file_servers_are_known_as_long_as_the_program_runs(warnings: list[str]) -> None:
    known = KnownServers(None, warnings.append)
    assert known.meet("party", A) == A
    assert known.meet("party", B) == A
    assert not warnings


def test_on_a_home_that_cannot_be_written_the_user_is_told_once(
    tmp_path: Path, warnings: list[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    path = blocked / "known_servers"
    known = KnownServers(path, warnings.append)
    known.meet("party", A)
    known.meet("lab", B)
    assert known.get("party") == A
    assert known.meet("party", C) == A
    assert sum("cannot be written" in each for each in warnings) == 1


def test_a_directory_in_place_of_the_file_is_said(
    path: Path, make: Make, warnings: list[str]
) -> None:
    path.mkdir(parents=True)
    assert make().get("party") is None
    assert "cannot be read (Is a directory)" in warnings[0]


def test_a_pipe_in_place_of_the_file_is_said_and_waited_for_by_nobody(
    path: Path, make: Make, warnings: list[str]
) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    known = make()
    assert known.meet("party", A) == A
    assert known.get("party") == A
    assert "cannot be read (it is not a regular file)" in warnings[0]
    assert "cannot be written (it is not a regular file)" in warnings[1]


def test_it_is_known_whether_a_decision_was_written_down(make: Make, path: Path) -> None:
    assert make().trust("party", A)
    assert make().forget("party")
    path.unlink()
    path.mkdir()
    assert not make().trust("party", A)
    assert not make().forget("party")


def test_the_file_does_not_grow_beyond_its_limit(
    make: Make, path: Path, warnings: list[str]
) -> None:
    path.parent.mkdir()
    path.write_text("# " + "x" * (limits.KNOWN_SERVERS_BYTES - 3) + "\n")
    assert make().meet("party", A) == A
    assert path.stat().st_size == limits.KNOWN_SERVERS_BYTES
    assert "it is full" in warnings[0]


def test_only_the_user_may_read_which_servers_were_met(make: Make, path: Path) -> None:
    old = os.umask(0)
    try:
        make().meet("party", A)
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
