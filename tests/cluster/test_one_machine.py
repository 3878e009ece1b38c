"""``make cluster``: a cluster on one machine."""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.cluster.one_machine import GUESTS
from tests.cluster.programs import require_etcd
from tests.e2e.programs import Program, programs
from tests.timeouts import TIMEOUT_SECONDS

COMMAND = (sys.executable, "-m", "tests.cluster.one_machine", "--nickname", "ice")
#: Starting nine programs takes some seconds, and longer on a busy machine.
WITHIN = 4 * TIMEOUT_SECONDS


def processes(stderr: list[str]) -> dict[str, int]:
    """The processes that the user is told of, by their names."""
    told = re.findall(r"kill -9 (\d+) +# (\w+ \w)$", "\n".join(stderr), re.MULTILINE)
    return {name: int(process) for process, name in told}


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_what_is_piped_in_reaches_the_clients_of_the_other_nodes_and_nothing_stays_behind() -> None:
    require_etcd()
    done = subprocess.run(
        COMMAND, input="hello\n", capture_output=True, text=True, check=False, timeout=WITHIN
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all(lines.count(f"[{guest}] ice: hello") == 1 for guest in GUESTS)
    told = processes(done.stderr.splitlines())
    assert sorted(told) == ["etcd a", "etcd b", "etcd c", "node a", "node b", "node c"]
    assert not [name for name, process in told.items() if is_running(process)]


@pytest.mark.slow
def test_a_node_can_be_killed_and_ctrl_c_ends_everything() -> None:
    require_etcd()
    with programs() as start:
        trial: Program = start(COMMAND)
        trial.expect_stderr("Connected to campus", within=WITHIN)
        told = processes(trial.stderr)
        os.kill(told["node b"], signal.SIGKILL)
        trial.send_line("still here")
        for guest in GUESTS:
            trial.expect_stdout(f"[{guest}] ice: still here")
        trial.send_signal(signal.SIGINT)
        trial.wait(WITHIN)
        assert not [name for name, process in told.items() if is_running(process)]


def test_without_etcd_a_sentence_says_what_to_install() -> None:
    done = subprocess.run(
        COMMAND, capture_output=True, text=True, check=False, env={**os.environ, "PATH": "/"}
    )
    assert done.returncode == 1
    assert done.stderr == "make cluster needs etcd; on Debian: apt install etcd-server\n"
