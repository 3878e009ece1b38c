"""The input history: in a file that only its owner can read, and never in the way."""

import json
import os
import pwd
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.chat.errors import Refusal
from chatd.client.terminal.input_history import InputHistory, history_file, is_private
from chatd.wire.slash_commands import parse
from chatd.wire.user_inputs import UserInput


class Run:
    """One run of a client that uses the file."""

    def __init__(self, path: Path | None) -> None:
        self.notices: list[str] = []
        self.history = InputHistory(path, self.notices.append)
        self.lines = list(self.history.load_history_strings())[::-1]

    def type(self, *lines: str) -> None:
        for line in lines:
            self.history.append_string(line)
            self.history.save(line, parse_or_none(line))


def parse_or_none(line: str) -> UserInput | None:
    """What the terminal hands over with `line`: None if it is not valid."""
    try:
        return parse(line)
    except Refusal:
        return None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "chatd" / "input-history"


def test_a_later_run_has_the_lines_that_were_typed(path: Path) -> None:
    Run(path).type("one", "two\nlines", "\N{SNOWFLAKE}")
    later = Run(path)
    assert later.lines == ["one", "two\nlines", "\N{SNOWFLAKE}"]
    assert later.notices == []


def test_in_the_same_run_every_line_is_recalled_private_ones_as_well(path: Path) -> None:
    Run(path).type("before")
    run = Run(path)
    run.type("one", "@moon psst", "two")
    assert list(run.history.load_history_strings()) == ["two", "@moon psst", "one", "before"]


def test_only_the_owner_may_read_it(path: Path) -> None:
    before = os.umask(0)
    try:
        Run(path).type("one")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def is_private_now(path: Path) -> bool:
    modes = (path.stat().st_mode, path.parent.stat().st_mode)
    return tuple(map(stat.S_IMODE, modes)) == (0o600, 0o700)


def make_public(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o755)
    path.touch()
    path.chmod(0o644)


def test_a_file_that_others_could_read_is_private_from_the_start_of_the_next_run(
    path: Path,
) -> None:
    make_public(path)
    Run(path)
    assert is_private_now(path)


def test_a_file_that_others_could_read_is_private_after_the_next_line(path: Path) -> None:
    run = Run(path)
    make_public(path)
    run.type("one")
    assert is_private_now(path)


def test_a_file_that_is_cut_to_its_length_stays_private(path: Path) -> None:
    make_public(path)
    path.write_text('"one"\n' * (limits.INPUT_HISTORY_LINES + 1))
    leftover = path.with_name(f"input-history.{os.getpid()}")
    leftover.touch()
    leftover.chmod(0o644)
    Run(path)
    assert is_private_now(path)
    assert path.read_text().count("one") == limits.INPUT_HISTORY_LINES


def test_a_directory_of_somebody_else_is_used_as_it_is(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chmod(path: object, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    make_public(path)
    monkeypatch.setattr(os, "fchmod", chmod)
    monkeypatch.setattr(Path, "chmod", chmod)
    run = Run(path)
    run.type("one")
    assert (run.notices, Run(path).lines) == ([], ["one"])


@pytest.mark.parametrize(
    "line",
    ["@moon hi", "  @moon hi", "/msg moon hi", "/msg", " /msg moon hi", "/mgs moon hi", "@", "/x"],
)
def test_private_messages_and_what_may_have_been_meant_as_one_are_left_out(
    line: str, path: Path
) -> None:
    assert is_private(line, parse_or_none(line))
    run = Run(path)
    run.type(line, "hello")
    assert json.loads(path.read_text()) == "hello"


@pytest.mark.parametrize("line", ["hello", "/users", "/join #dev", "//x", "see @moon", "/message"])
def test_all_other_lines_are_stored(line: str) -> None:
    assert not is_private(line, parse_or_none(line))


def test_the_file_does_not_grow_without_bound(path: Path) -> None:
    run = Run(path)
    run.type(*(f"line {number}" for number in range(limits.INPUT_HISTORY_LINES + 5)))
    assert Run(path).lines[0] == "line 5"
    assert len(path.read_text().splitlines()) == limits.INPUT_HISTORY_LINES


def test_only_the_end_of_a_large_file_is_read(path: Path) -> None:
    path.parent.mkdir(parents=True)
    long = json.dumps("x" * 4_000)
    path.write_text(f"{long}\n" * (limits.INPUT_HISTORY_BYTES // len(long) + 10) + '"last"\n')
    run = Run(path)
    assert run.lines[-1] == "last"
    assert run.notices == []


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\n", b"[" * 100_000, b"{}\n17\nnull\n", b"x"])
def test_a_damaged_file_is_reported_and_its_valid_lines_are_kept(
    content: bytes, path: Path
) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b'"one"\n' + content)
    run = Run(path)
    assert run.lines == ["one"]
    [sentence] = run.notices
    assert "is damaged" in sentence
    run.type("two")
    assert Run(path).lines == ["one", "two"]


@given(content=st.lists(st.sampled_from([b'"hi"', b"\n", b'"', b"[" * 99]) | st.binary(max_size=9)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_is_in_the_file_only_lines_are_loaded(path: Path, content: list[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(content))
    run = Run(path)
    assert all(isinstance(line, str) and line for line in run.lines)
    assert len(run.notices) <= 1
    assert (Run(path).lines, Run(path).notices) == (run.lines, [])


def test_a_pipe_in_place_of_the_file_is_reported_once_and_does_not_block(path: Path) -> None:
    path.parent.mkdir(parents=True)
    os.mkfifo(path)  # reading one would wait for ever
    run = Run(path)
    run.type("one", "two")
    assert run.lines == []
    [sentence] = run.notices
    assert "cannot be read" in sentence
    assert str(path) in sentence


def test_a_directory_that_cannot_be_made_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "chatd" / "input-history", tmp_path):
        run = Run(path)
        run.type("one", "two")
        assert len(run.notices) == 1


def test_the_file_is_in_the_users_state_directory() -> None:
    assert history_file({"XDG_STATE_HOME": "/var/me"}) == Path("/var/me/chatd/input-history")
    for relative in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "me"}):
        environment = relative | {"HOME": "/home/me"}
        assert history_file(environment) == Path("/home/me/.local/state/chatd/input-history")


@pytest.mark.parametrize("home", ["", "me", "."])
def test_without_a_usable_home_it_is_in_that_of_the_user_database(home: str) -> None:
    directory = pwd.getpwuid(os.getuid()).pw_dir
    expected = Path(directory) / ".local/state/chatd/input-history"
    assert history_file({"HOME": home}) == expected


def test_a_missing_home_directory_is_reported_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(user: int) -> None:
        raise KeyError(user)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert history_file({"HOME": ""}) is None
    run = Run(history_file({}))
    run.type("one")
    [sentence] = run.notices
    assert sentence.startswith("The input history cannot be saved: you have no home directory")
    assert run.lines == []
