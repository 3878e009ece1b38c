"""``chatd completion`` in real shells, and the manual pages in a real formatter."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from chatd.taps import completion
from chatd.taps.commands import COMMANDS
from chatd.taps.option_table import all_commands
from tests.e2e.pty_terminal import TAB, terminals

pytestmark = pytest.mark.smoke

ROOT: Final = Path(__file__).parent.parent.parent
NAMES: Final = {name for name, *_ in COMMANDS}
LEVELS: Final = {"debug", "info", "warn", "error", "critical"}


def need(program: str) -> None:
    """Skip the test without that program, or fail it if ``CHATD_REQUIRE_SHELLS`` is set."""
    if shutil.which(program) is None:
        if os.environ.get("CHATD_REQUIRE_SHELLS"):
            pytest.fail(f"{program} is not installed")
        pytest.skip(f"{program} is not installed")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with two files and a folder, and the script of each shell."""
    for shell, make in completion.ACTIONS.items():
        (tmp_path / f"completion.{shell}").write_text("\n".join([*make(all_commands()), ""]))
    (tmp_path / "a file.log").touch()
    (tmp_path / "packages").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def in_bash(line: str) -> set[str]:
    """What bash offers for the last word of `line`, split as bash splits it: also at ``=``."""
    script = (
        "source ./completion.bash\n"
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _chatd\n'
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    words = line.replace("=", " = ").split(" ")
    if line.endswith("="):
        words.pop()
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", *words],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return {each for each in done.stdout.splitlines() if each}


def in_fish(line: str) -> set[str]:
    """What fish offers for the last word of `line`."""
    need("fish")
    command = f"source ./completion.fish; complete -C {line!r}"
    environment = {**os.environ, "HOME": str(Path.cwd())}
    done = subprocess.run(
        ["fish", "--no-config", "-c", command],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    return {each.partition("\t")[0] for each in done.stdout.splitlines()}


@pytest.mark.parametrize("offers", [in_bash, in_fish])
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("chatd ", NAMES),
        ("chatd ser", {"server", "servers"}),
        ("chatd server --log-l", {"--log-level"}),
        ("chatd server --log-level ", LEVELS),
        ("chatd server --id work --log-level w", {"warn"}),
        ("chatd client --nick", {"--nickname"}),
        ("chatd account bl", {"block"}),
        ("chatd completion ", {"bash", "zsh", "fish"}),
        ("chatd bundle --platform win", {"windows", "windows-arm"}),
        # What only the user knows: nothing is offered, least of all another option or a file.
        ("chatd server --id ", set()),
        ("chatd servers --wait ", set()),
    ],
)
def test_a_shell_offers_what_there_is(
    folder: Path, offers: Callable[[str], set[str]], line: str, offered: set[str]
) -> None:
    assert offers(line) == offered


def test_bash_completes_a_value_behind_an_equals_sign(folder: Path) -> None:
    assert in_bash("chatd server --log-level=") == LEVELS
    assert in_bash("chatd server --log-level=d") == {"debug"}


def test_files_and_folders_are_offered_where_they_belong(folder: Path) -> None:
    assert in_bash("chatd server --log-file a") == {"a file.log"}
    assert in_bash("chatd server --dist ") == {"packages"}
    assert in_bash("chatd export a") == {"a file.log"}
    assert in_fish("chatd server --dist p") == {"packages/"}


def test_zsh_completes_commands_options_and_values(folder: Path) -> None:
    need("zsh")
    with terminals() as open_one:
        terminal = open_one(["zsh", "-f", "-i"], {"PS1": "ready> ", "HOME": str(folder)})
        terminal.expect("ready>")
        terminal.send_line("autoload -Uz compinit; compinit -u -D; source ./completion.zsh; clear")
        terminal.expect_last_lines("ready>")
        terminal.send_keys(f"chatd hos{TAB}")
        terminal.expect("chatd host ")
        terminal.send_keys(f"--log-le{TAB}")
        terminal.expect("chatd host --log-level=")
        terminal.send_keys(f"cri{TAB}")
        terminal.expect("chatd host --log-level=critical")
        terminal.send_keys(f"--writes qu{TAB}")
        terminal.expect("chatd host --log-level=critical --writes queued")


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "man").glob("*.1")), ids=lambda p: p.name)
def test_a_manual_page_is_formatted_without_errors(page: Path) -> None:
    need("mandoc")
    subprocess.run(["mandoc", "-T", "lint", "-W", "error", page], check=True)
    done = subprocess.run(
        ["mandoc", "-T", "ascii", page], check=True, capture_output=True, text=True
    )
    # A formatter prints a character and a backspace for bold.
    text = re.sub(".\b", "", done.stdout)
    for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "SEE ALSO"):
        assert f"\n{heading}\n" in text
    name = page.stem.removeprefix("chatd-")
    options = {each.name: each.options for each in all_commands()}.get(name, ())
    assert all(f"--{option.long}" in text for option in options)
