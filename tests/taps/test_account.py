"""``chatd account``: add, remove, block and list accounts; the error message of each mistake."""

import getpass
import io
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatd.accounts.hashing import Argon2Hasher
from chatd.accounts.password_file import PasswordFile
from chatd.cli import main
from chatd.taps import account
from tests.accounts.accounts_fixture import CHEAP, fill

WriteInput = Callable[..., None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of a password file, which need not exist."""
    return tmp_path / "accounts"


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords at the least cost."""
    monkeypatch.setattr("chatd.accounts.hashing.PasswordHasher", lambda: CHEAP)


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> WriteInput:
    """Write lines to standard input, which is not a terminal."""
    return lambda text="": monkeypatch.setattr(sys, "stdin", io.StringIO(text))


@pytest.fixture
def answer_prompts(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Answer the password prompts of a terminal, in order; returns the prompts."""

    def set_answers(*answers: str | BaseException) -> list[str]:
        prompts: list[str] = []
        remaining = list(answers)

        def getpass_fake(prompt: str) -> str:
            prompts.append(prompt)
            answer = remaining.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        monkeypatch.setattr(account, "is_terminal", lambda: True)
        monkeypatch.setattr(getpass, "getpass", getpass_fake)
        return prompts

    return set_answers


class Shell:
    """Runs ``chatd account``."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured

    def run(self, *argv: str | Path) -> str:
        """The output of a command that succeeds."""
        code, out, err = self._run(*argv)
        assert (code, err) == (0, "")
        return out

    def notes(self, *argv: str | Path) -> str:
        """The one line on standard error of a command that succeeds and has something to say."""
        code, _, err = self._run(*argv)
        assert code == 0
        [line] = err.splitlines()
        assert line.startswith("chatd account: ")
        return line

    def fails(self, *argv: str | Path) -> str:
        """The one line that a command prints when it fails."""
        code, out, err = self._run(*argv)
        message = code if isinstance(code, str) else err  # sys.exit prints a text, with status 1
        assert isinstance(code, str) or code == 1
        assert out == ""
        assert len(message.splitlines()) == 1
        assert message.startswith("chatd account: ")
        return message

    def _run(self, *argv: str | Path) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["account", *map(str, argv)])
        out, err = self._captured.readouterr()
        return ended.value.code, out, err


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def test_the_first_account_creates_the_file(shell: Shell, path: Path, pipe: WriteInput) -> None:
    pipe("cold\n")
    shell.run("add", path, "Ice")
    [ice] = PasswordFile(path).read().accounts.values()
    assert ice.name == "Ice"
    assert not ice.is_blocked
    assert Argon2Hasher().verify(ice.password_hash, b"cold")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "cold" not in path.read_text()


def test_the_password_is_the_first_line_of_a_pipe(
    shell: Shell, path: Path, pipe: WriteInput
) -> None:
    pipe(" two words \nand more\n")
    shell.run("add", path, "ice")
    assert Argon2Hasher().verify(
        PasswordFile(path).read().accounts["ice"].password_hash, b" two words "
    )


def test_on_a_terminal_the_password_is_prompted_for_twice(
    shell: Shell, path: Path, answer_prompts: Callable[..., list[str]]
) -> None:
    prompts = answer_prompts("cold", "cold")
    assert shell.run("add", path, "ice") == ""
    assert prompts == ["Password for ice: ", "Repeat password: "]
    assert Argon2Hasher().verify(PasswordFile(path).read().accounts["ice"].password_hash, b"cold")


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (("cold", "warm"), "passwords do not match"),
        (("", ""), "1 to 128 printable characters"),
        (("x" * 129, "x" * 129), "1 to 128 printable characters"),
        (("a\tb", "a\tb"), "1 to 128 printable characters"),
        ((EOFError(),), "no password was given"),
        ((KeyboardInterrupt(),), "no password was given"),
        (("cold", KeyboardInterrupt()), "no password was given"),
    ],
)
def test_an_invalid_password_makes_no_account(
    shell: Shell,
    path: Path,
    answer_prompts: Callable[..., list[str]],
    answers: tuple[str | BaseException, ...],
    why: str,
) -> None:
    answer_prompts(*answers)
    message = shell.fails("add", path, "ice")
    assert why in message
    assert "cold" not in message
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "\n", "x" * 129 + "\n", "x" * 10_000, "a\x07b\n"])
def test_an_invalid_password_from_a_pipe_makes_no_account(
    shell: Shell, path: Path, pipe: WriteInput, text: str
) -> None:
    pipe(text)
    assert "1 to 128 printable characters" in shell.fails("add", path, "ice")
    assert not path.exists()


def test_a_password_must_be_utf_8_text(
    shell: Shell, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\n"), "utf-8"))
    assert "the password is not UTF-8 text" in shell.fails("add", path, "ice")


def test_without_standard_input_there_is_no_password(
    shell: Shell, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert "1 to 128 printable characters" in shell.fails("add", path, "ice")


def test_a_password_may_have_128_characters(shell: Shell, path: Path, pipe: WriteInput) -> None:
    pipe("\u00e9" * 128 + "\n")
    shell.run("add", path, "ice")


@pytest.mark.parametrize("name", ["ice", "ICE"])
def test_an_existing_account_is_refused_before_the_prompt(
    shell: Shell, path: Path, answer_prompts: Callable[..., list[str]], name: str
) -> None:
    fill(path, {"Ice": "cold"})
    before = path.read_bytes()
    prompts = answer_prompts()
    assert f"{name} already has an account" in shell.fails("add", path, name)
    assert prompts == []
    assert path.read_bytes() == before


def test_an_account_is_removed(shell: Shell, path: Path) -> None:
    fill(path, {"Ice": "cold", "moon": "full"})
    shell.run("remove", path, "ice")
    assert list(PasswordFile(path).read().accounts) == ["moon"]


def test_the_last_account_is_removed_and_another_one_added(
    shell: Shell, path: Path, pipe: WriteInput
) -> None:
    fill(path, {"Ice": "cold"})
    shell.run("remove", path, "ICE")
    assert shell.run("list", path) == ""
    pipe("cold\n")
    shell.run("add", path, "ice")
    assert shell.run("list", path) == "ice\tactive\n"


def test_a_file_that_was_emptied_is_not_taken_for_one_without_accounts(
    shell: Shell, path: Path, pipe: WriteInput
) -> None:
    path.touch()
    for words in (("list", path), ("remove", path, "ice"), ("block", path, "ice")):
        assert "is empty, and chatd account never leaves it so" in shell.fails(*words)
    pipe("cold\n")
    noted = shell.notes("add", path, "ice")
    assert "was empty; if it had accounts before, restore it from a backup" in noted
    assert shell.run("list", path) == "ice\tactive\n"


@pytest.mark.parametrize("words", [("block", "ice"), ("unblock", "ice"), ("remove", "ice")])
def test_a_file_that_others_may_change_is_named_after_each_change(
    shell: Shell, path: Path, words: tuple[str, str]
) -> None:
    fill(path, {"ice": "cold"})
    path.chmod(0o620)
    action, name = words
    assert f"{path} can be written by its group" in shell.notes(action, path, name)


def test_an_account_is_blocked_and_unblocked_and_keeps_its_password(
    shell: Shell, path: Path
) -> None:
    fill(path, {"Ice": "cold", "moon": "full"})
    before = path.read_bytes()
    for _ in range(2):
        shell.run("block", path, "ICE")
        assert shell.run("list", path) == "Ice\tblocked\nmoon\tactive\n"
    for _ in range(2):
        shell.run("unblock", path, "ice")
    assert path.read_bytes() == before


def test_an_account_is_made_that_of_a_host_and_is_one_no_more(shell: Shell, path: Path) -> None:
    fill(path, {"Ice": "cold", "moon": "full"})
    before = path.read_bytes()
    for _ in range(2):
        shell.run("host", path, "ICE")
        assert shell.run("list", path) == "Ice\tactive\thost\nmoon\tactive\n"
    shell.run("block", path, "ice")
    assert shell.run("list", path) == "Ice\tblocked\thost\nmoon\tactive\n"
    shell.run("unblock", path, "ice")
    for _ in range(2):
        shell.run("unhost", path, "ice")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "line", ["--host add FILE ice", "add --host FILE ice", "add FILE ice --host"]
)
def test_a_new_account_may_be_that_of_a_host(
    shell: Shell, path: Path, pipe: WriteInput, line: str
) -> None:
    pipe("cold\n")
    shell.run(*(path if word == "FILE" else word for word in line.split()))
    assert shell.run("list", path) == "ice\tactive\thost\n"


def test_only_a_new_account_takes_the_option_for_hosts(shell: Shell, path: Path) -> None:
    fill(path, {"ice": "cold"})
    assert "--host: is for add" in shell.fails("block", "--host", path, "ice")


def test_an_empty_file_has_an_empty_list(shell: Shell, path: Path) -> None:
    fill(path, {"ice": "cold"})
    shell.run("remove", path, "ice")
    assert shell.run("list", path) == ""


@pytest.mark.parametrize("action", ["remove", "block", "unblock", "host", "unhost"])
def test_an_unknown_account_is_an_error(shell: Shell, path: Path, action: str) -> None:
    fill(path, {"ice": "cold"})
    before = path.read_bytes()
    assert shell.fails(action, path, "moon") == "chatd account: no such account: moon\n"
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "argv", [("remove", "ice"), ("block", "ice"), ("unblock", "ice"), ("list",)]
)
def test_a_missing_file_is_named_and_not_created(
    shell: Shell, path: Path, argv: tuple[str, ...]
) -> None:
    message = shell.fails(argv[0], path, *argv[1:])
    assert f"'{path}' cannot be read: No such file or directory" in message
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("argv", [("add", "moon"), ("remove", "ice"), ("list",)])
def test_an_invalid_file_is_named_and_not_changed(
    shell: Shell, path: Path, pipe: WriteInput, argv: tuple[str, ...]
) -> None:
    path.write_text("ice:secret\n")
    pipe("cold\n")
    message = shell.fails(argv[0], path, *argv[1:])
    assert f"'{path}' is not a password file: line 1 " in message
    assert "secret" not in message
    assert path.read_text() == "ice:secret\n"


def test_a_file_that_cannot_be_written_is_named(shell: Shell, path: Path, pipe: WriteInput) -> None:
    pipe("cold\n")
    message = shell.fails("add", path / "subfolder", "ice")
    assert f"'{path / 'subfolder'}' cannot be written: No such file or directory" in message


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        ((), "no action given; must be one of: add, remove, block, unblock, host, unhost, list"),
        (("rename", "FILE"), "unknown action 'rename'; must be one of: add"),
        (("add",), "add takes FILE and NAME"),
        (("add", "FILE"), "add takes FILE and NAME"),
        (("add", "FILE", "ice", "secret"), "add takes FILE and NAME"),
        (("list",), "list takes FILE"),
        (("list", "FILE", "ice"), "list takes FILE"),
        (("add", "FILE", ""), "NAME: '' is not a valid nickname"),
        (("add", "FILE", "two words"), "NAME: 'two words' is not a valid nickname"),
        (("add", "FILE", "x" * 26), "at most 25 characters"),
        (("add", "FILE", "#lobby"), "is not a valid nickname"),
        (("add", "FILE", "10.0.0.1:5555"), "is not a valid nickname"),
        (("--password", "secret", "add", "FILE", "ice"), "password"),
    ],
)
def test_a_bad_command_line_is_one_line_with_the_reason(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert why in shell.fails(*argv)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["-ice", "--ice"])
def test_a_name_may_begin_with_a_dash(
    shell: Shell, path: Path, pipe: WriteInput, name: str
) -> None:
    pipe("cold\n")
    shell.run("add", path, name)
    assert shell.run("list", path) == f"{name}\tactive\n"


@pytest.mark.parametrize("line", ["--help", "add --help", "block -h"])
def test_the_help_is_shown_behind_an_action_as_well(shell: Shell, line: str) -> None:
    assert "Accounts are nicknames that need a password." in " ".join(
        shell.run(*line.split()).split()
    )


def test_without_argon2_the_error_says_what_to_install(
    shell: Shell, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(path, {"ice": "cold"})
    monkeypatch.delitem(sys.modules, "chatd.accounts.hashing")
    monkeypatch.setitem(sys.modules, "argon2", None)
    message = shell.fails("add", path, "moon")
    assert "needs argon2-cffi: pip install 'chatd[accounts]'" in message
    assert shell.run("list", path) == "ice\tactive\n"


def test_no_reactor_is_installed(shell: Shell, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(path, {"ice": "cold"})
    monkeypatch.setitem(sys.modules, "twisted.internet.reactor", None)  # to import it now fails
    shell.run("list", path)
