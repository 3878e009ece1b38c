"""docs/howto/cluster.rst, followed word for word on hosts of their own."""

import re
import shlex
from pathlib import Path
from typing import Final

import pytest

from tests.cluster.hosts import read_api
from tests.cluster.programs import require_etcd
from tests.e2e.namespaces import Host, Network, create_network
from tests.e2e.programs import CHATD, Program

ROOT: Final = Path(__file__).parent.parent.parent
PAGE: Final = (ROOT / "docs" / "howto" / "cluster.rst").read_text(encoding="utf-8")
SET_UP, REPLACING = (
    PAGE.partition(f"\n{title}\n---")[2].partition("\n---")[0]
    for title in ("Set etcd up", "Lose and replace a machine")
)
#: The file /etc/default/etcd of the first machine.
SETTINGS: Final = dict(re.findall(r"^    (ETCD_\w+)=(.*)$", SET_UP, re.MULTILINE))
OFFICE: Final = "10.0.0.0/24"
MACHINES: Final = {"library": "10.0.0.1", "gym": "10.0.0.2", "hall": "10.0.0.3"}


def commands(text: str, program: str) -> list[str]:
    """The command lines of the page that begin with that program."""
    return re.findall(rf"^    ((?:/opt/chatd/bin/)?{program} .*?)(?:  #.*)?$", text, re.MULTILINE)


def unit() -> str:
    """The command of the systemd unit."""
    found = re.search(r"^    ExecStart=((?:.*\\\n)*.*)$", PAGE, re.MULTILINE)
    assert found is not None
    return found[1].replace("\\\n", " ")


class Machine:
    """A machine of the page."""

    def __init__(self, network: Network, name: str, address: str, directory: Path) -> None:
        self.host: Host = network.add_host(name, {OFFICE: f"{address}/24"})
        self._name = name
        self._directory = directory
        self._settings = SETTINGS | {
            key: value.replace("10.0.0.1", address)
            for key, value in SETTINGS.items()
            if key.endswith("_URLS")
        }
        self._settings["ETCD_NAME"] = name

    def run(self, command: str) -> str:
        """Run a command, which must succeed, and return its output."""
        words = shlex.split(command.removeprefix("/opt/chatd/bin/"))
        done = self.host.start(*(CHATD if words[0] == "chatd" else words[:1]), *words[1:])
        assert done.wait() == 0, done.stderr
        return "\n".join(done.stdout)

    def start_etcd(self, **others: str) -> Program:
        """Do as `systemctl start etcd` does."""
        settings = {**self._settings, **others, "ETCD_DATA_DIR": f"{self._directory}/{self._name}"}
        return self.host.start(
            "env", *(f"{key}={value}" for key, value in settings.items()), "etcd"
        )

    def start_node(self, command: str) -> Program:
        """Do as `systemctl start chatd` does."""
        words = shlex.split(command.replace("%H", self._name))
        node = self.host.start(*CHATD, *words[1:], "--accept-rate", "0")
        node.expect_stderr("is the node")
        return node


@pytest.mark.slow
def test_three_machines_are_one_chat_and_one_is_replaced(tmp_path: Path) -> None:
    require_etcd()
    with create_network([OFFICE]) as network:
        machines = {
            name: Machine(network, name, address, tmp_path) for name, address in MACHINES.items()
        }
        library = machines["library"]
        etcd = {name: machine.start_etcd() for name, machine in machines.items()}
        for server in etcd.values():
            server.expect_stderr("ready to serve client requests")
        [health] = commands(SET_UP, "etcdctl")
        library.run(health)
        [init] = [each for each in commands(PAGE, "chatd cluster") if " init " in each]
        library.run(init)
        nodes = {name: machine.start_node(unit()) for name, machine in machines.items()}
        laptop = network.add_host("laptop", {OFFICE: "10.0.0.50/24"})
        ice = laptop.start(*CHATD, "client", "--server", "campus", "--nickname", "ice")
        ice.expect_stderr("Connected to campus")
        ice.send_line("hello")
        for node in nodes.values():
            node.expect_stderr("ice: 'hello'")

        for program in (nodes["gym"], etcd["gym"]):
            program.close()
        member_list, remove, add = commands(REPLACING, "etcdctl")
        number = next(
            line.partition(",")[0]
            for line in library.run(member_list).splitlines()
            if "gym" in line
        )
        library.run(remove.replace("ID", number))
        library.run(add)
        annex = Machine(network, "annex", "10.0.0.4", tmp_path)
        changed = dict(re.findall(r"^    (ETCD_\w+)=(.*)$", REPLACING, re.MULTILINE))
        annex.start_etcd(**changed).expect_stderr("ready to serve client requests")
        assert library.run(health) == ""
        [address] = re.findall(r"``--cluster (etcd://[\d.,]*10\.0\.0\.4)``", REPLACING)
        annex.start_node(re.sub(r"etcd://[\d.,]+", address, unit()))

        listed = laptop.start(*CHATD, "servers")
        assert listed.wait() == 0, listed.stderr
        assert [line.split()[1] for line in listed.stdout[1:]] == ["library", "hall", "annex"]
        status = next(each for each in commands(PAGE, "chatd cluster") if " status " in each)
        assert "annex    running" in library.run(status)
        messages = read_api(laptop, "10.0.0.4", "/api/messages")["messages"]
        assert [each["text"] for each in messages] == ["hello"]
