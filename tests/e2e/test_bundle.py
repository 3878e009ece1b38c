"""Getting chatd to others without the Internet: bundle, page, pip."""

import json
import os
import platform
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

import chatd
from tests.e2e.namespaces import create_network
from tests.e2e.programs import CHATD

OFFICE: Final = "10.35.11.0/24"
PAGE: Final = "http://10.35.11.111:8080/"
MACHINES: Final = {"x86_64": "linux", "aarch64": "linux-arm"}

#: A machine may have indexes and folders of its own, which others do not have.
OWN_SETTINGS: Final = ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PYTHONPATH")


def test_others_install_chatd_from_the_page_with_one_line_and_no_other_network(
    tmp_path: Path,
) -> None:
    python = f"3.{sys.version_info.minor}"
    bundle = [*CHATD, "bundle", str(tmp_path / "dist"), "--python", python]
    done = subprocess.run(
        [*bundle, "--platform", MACHINES[platform.machine()]],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "chatd server --web 8080 --dist" in done.stdout
    venv.create(tmp_path / "fresh", with_pip=True, symlinks=True)
    programs = tmp_path / "fresh" / "bin"
    clean = ["env", *(f"--unset={name}" for name in OWN_SETTINGS), f"PIP_CONFIG_FILE={os.devnull}"]
    with create_network([OFFICE]) as network:
        host = network.add_host("host1", {OFFICE: "10.35.11.111/24"})
        other = network.add_host("host2", {OFFICE: "10.35.11.112/24"})
        server = host.start(
            *(*CHATD, "server", "--id", "class", "--store", "none"),
            *("--web", "8080", "--dist", str(tmp_path / "dist")),
        )
        server.expect_stderr(f"The web page is {PAGE}")
        url = f"{PAGE}api/invite"
        fetch = f"from urllib.request import urlopen; print(urlopen({url!r}).read().decode())"
        asked = other.start(sys.executable, "-c", fetch)
        assert asked.wait() == 0
        line = json.loads("".join(asked.stdout))["pip"][0].split()
        assert line[:2] == ["pip", "install"]
        pip = other.start(*clean, str(programs / "pip"), *line[1:])
        assert pip.wait() == 0, (pip.stdout, pip.stderr)
        version = other.start(*clean, str(programs / "chatd"), "--version")
        assert version.wait() == 0
        assert version.stdout == [f"chatd {chatd.__version__}"]
        moon = other.start(*clean, str(programs / "chatd"), "client", "class", "-n", "moon")
        moon.expect_stderr("Connected to class")
