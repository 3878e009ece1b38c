"""docs/howto/cluster.rst, followed word for word on hosts of their own."""

import re
import shlex
import shutil
import time
from pathlib import Path
from typing import Final

import pytest

from tests.cluster.hosts import read_api
from tests.cluster.programs import require_etcd
from tests.e2e.namespaces import Host, Network, create_network
from tests.e2e.programs import CHATD, Program
from tests.timeouts import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow

ROOT: Final = Path(__file__).parent.parent.parent
PAGE: Final = (ROOT / "docs" / "howto" / "cluster.rst").read_text(encoding="utf-8")
SET_UP, REPLACING, TLS, BACKING_UP = (
    PAGE.partition(f"\n{title}\n---")[2].partition("\n---")[0]
    for title in ("Set etcd up", "Lose and replace a machine", "TLS and a password", "Back up")
)
#: The file /etc/default/etcd of the first machine.
SETTINGS: Final = dict(re.findall(r"^    (ETCD_\w+)=(.*)$", SET_UP, re.MULTILINE))
OFFICE: Final = "10.0.0.0/24"
MACHINES: Final = {"library": "10.0.0.1", "gym": "10.0.0.2", "hall": "10.0.0.3"}


def commands(text: str, program: str) -> list[str]:
    """The command lines of the page that begin with that program."""
    return re.findall(rf"^    ((?:/opt/chatd/bin/)?{program} .*?)(?:  #.*)?$", text, re.MULTILINE)


def lines_from(text: str, beginning: str, lines: int = 1) -> str:
    """So many lines of a literal block, from that which begins so."""
    start = text.index(f"\n    {beginning}") + 1
    return "\n".join(line[4:] for line in text[start:].splitlines()[:lines])


def unit() -> str:
    """The command of the systemd unit."""
    found = re.search(r"^    ExecStart=((?:.*\\\n)*.*)$", PAGE, re.MULTILINE)
    assert found is not None
    return found[1].replace("\\\n", " ")


def with_address(address: str, command: str) -> str:
    """The same command for the etcd at that address."""
    return re.sub(r"etcd://[\d.,]+", shlex.quote(address), command)


INIT, STATUS = (
    next(each for each in commands(PAGE, "chatd cluster") if f" {action} " in each)
    for action in ("init", "status")
)


class Machine:
    """A machine of the page."""

    def __init__(self, network: Network, name: str, address: str, directory: Path) -> None:
        self.host: Host = network.add_host(name, {OFFICE: f"{address}/24"})
        self.name, self.address = name, address
        self.data = directory / f"etcd-{name}"
        self.store = directory / f"chatd-{name}"
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

    def run_once_healthy(self, command: str) -> None:
        """Run a command that etcd refuses until its servers were connected for some seconds."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        words = shlex.split(command)
        while (done := self.host.start(*words)).wait() != 0:
            assert "unhealthy cluster" in done.stderr[-1], done.stderr
            assert time.monotonic() < deadline, done.stderr

    def run_script(self, script: str) -> None:
        """Have a shell run lines, which must succeed."""
        done = self.host.start("bash", "-ec", script)
        assert done.wait() == 0, done.stderr

    def start_etcd(self, scheme: str = "http:", **others: str) -> Program:
        """Do as `systemctl start etcd` does."""
        settings = {key: value.replace("http:", scheme) for key, value in self._settings.items()}
        settings |= {**others, "ETCD_DATA_DIR": str(self.data)}
        return self.host.start(
            "env", *(f"{key}={value}" for key, value in settings.items()), "etcd"
        )

    def start_node(self, command: str) -> Program:
        """Do as `systemctl start chatd` does."""
        self.store.mkdir(exist_ok=True)
        store = ("--store", str(self.store / "campus.sqlite"))
        words = shlex.split(command.replace("%H", self.name))
        node = self.host.start(*CHATD, *words[1:], "--accept-rate", "0", *store)
        node.expect_stderr("is the node")
        return node


def add_machines(network: Network, directory: Path) -> dict[str, Machine]:
    """The three machines of the page."""
    return {name: Machine(network, name, address, directory) for name, address in MACHINES.items()}


def start_all_etcd(machines: dict[str, Machine]) -> dict[str, Program]:
    """Start etcd on all machines, and wait until it is ready."""
    etcd = {name: machine.start_etcd() for name, machine in machines.items()}
    for server in etcd.values():
        server.expect_stderr("ready to serve client requests")
    return etcd


def messages(host: Host, address: str) -> list[str]:
    """The texts of the lobby, as the node with that address shows them to a host."""
    return [each["text"] for each in read_api(host, address, "/api/messages")["messages"]]


def test_three_machines_are_one_chat_and_one_is_replaced(tmp_path: Path) -> None:
    require_etcd()
    with create_network([OFFICE]) as network:
        machines = add_machines(network, tmp_path)
        library = machines["library"]
        etcd = start_all_etcd(machines)
        [health] = commands(SET_UP, "etcdctl")
        library.run(health)
        library.run(INIT)
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
        library.run_once_healthy(remove.replace("ID", number))
        library.run_once_healthy(add)
        annex = Machine(network, "annex", "10.0.0.4", tmp_path)
        changed = dict(re.findall(r"^    (ETCD_\w+)=(.*)$", REPLACING, re.MULTILINE))
        annex.start_etcd(**changed).expect_stderr("ready to serve client requests")
        library.run(health)
        [address] = re.findall(r"``--cluster (etcd://[\d.,]*10\.0\.0\.4)``", REPLACING)
        annex.start_node(with_address(address, unit()))

        listed = laptop.start(*CHATD, "servers")
        assert listed.wait() == 0, listed.stderr
        assert [line.split()[1] for line in listed.stdout[1:]] == ["library", "hall", "annex"]
        assert "annex    running" in library.run(STATUS)
        assert messages(laptop, "10.0.0.4") == ["hello"]


def test_a_log_that_is_restored_is_that_of_the_backup(tmp_path: Path) -> None:
    require_etcd()
    with create_network([OFFICE]) as network:
        machines = add_machines(network, tmp_path)
        library = machines["library"]
        etcd = start_all_etcd(machines)
        library.run(INIT)
        nodes = [machine.start_node(unit()) for machine in machines.values()]
        laptop = network.add_host("laptop", {OFFICE: "10.0.0.50/24"})
        ice = laptop.start(*CHATD, "client", "--server", "campus", "--nickname", "ice")
        ice.expect_stderr("Connected to campus")
        ice.send_line("before")
        nodes[0].expect_stderr("ice: 'before'")
        backup = tmp_path / "campus.db"
        library.run(commands(BACKING_UP, "etcdctl")[0].replace("campus.db", str(backup)))
        ice.send_line("after")
        for program in nodes:
            program.expect_stderr("ice: 'after'")
        for program in (*nodes, *etcd.values()):
            program.close()

        restore = lines_from(BACKING_UP, "etcdctl snapshot restore", 3)
        for name, machine in machines.items():
            mine = restore.replace("--name library", f"--name {name}")
            mine = mine.replace(
                "peer-urls http://10.0.0.1:", f"peer-urls http://{machine.address}:"
            )
            mine = mine.replace("/var/lib/etcd/default", str(machine.data))
            shutil.rmtree(machine.data)
            machine.run_script(mine.replace("campus.db", str(backup)))
            machine.store.rename(tmp_path / f"before-{name}")
        start_all_etcd(machines)
        nodes = [machine.start_node(unit()) for machine in machines.values()]
        ice.send_line("again")
        for node in nodes:
            node.expect_stderr("ice: 'again'")
        assert messages(laptop, "10.0.0.2") == ["before", "again"]
        exported = library.run(f"chatd export {tmp_path}/before-library/campus.sqlite")
        assert "before" in exported
        assert "after" in exported


def test_with_tls_and_a_password_nobody_else_uses_etcd(tmp_path: Path) -> None:
    require_etcd()
    settings = dict(re.findall(r"^    (ETCD_\w+)=(.*)$", TLS, re.MULTILINE))
    with create_network([OFFICE]) as network:
        machines = add_machines(network, tmp_path)
        library = machines["library"]
        library.run_script(f"cd {tmp_path}\n" + lines_from(TLS, "openssl req -x509", 2))
        etcd = []
        for name, machine in machines.items():
            sign = lines_from(TLS, "openssl req -newkey", 5).replace("CN=library", f"CN={name}")
            directory = tmp_path / f"etc-{name}"
            directory.mkdir()
            machine.run_script(
                f"cd {tmp_path}\n{sign.replace('10.0.0.1', machine.address)}\n"
                f"mv etcd.pem etcd-key.pem {directory}\ncp ca.pem {directory}"
            )
            here = {
                key: value.replace("/etc/etcd", str(directory)) for key, value in settings.items()
            }
            etcd.append(machine.start_etcd("https:", **here))
        for server in etcd:
            server.expect_stderr("ready to serve client requests")
        users = lines_from(TLS, "export ETCDCTL_CACERT", 9)
        users = users.replace("/etc/etcd", f"{tmp_path}/etc-library")
        users = users.replace("user add root", "user add root:r")  # else it asks for a password
        library.run_script(users.replace("user add chatd", "user add chatd:sesame"))

        (tmp_path / "etcd-password").write_text("sesame\n")
        address = shlex.split(lines_from(TLS, "--cluster"))[1].replace("/etc/chatd", str(tmp_path))
        library.run(with_address(address, INIT))
        for machine in machines.values():
            machine.start_node(with_address(address, unit()))
        shown = library.run(with_address(address, STATUS))
        assert shown.count("running") == 3
        stranger = library.host.start(*CHATD, *shlex.split(STATUS)[1:])
        assert stranger.wait() == 1
        nobody = address.replace("chatd@", "").partition("&password-file=")[0]
        stranger = library.host.start(*CHATD, *shlex.split(with_address(nobody, STATUS))[1:])
        assert stranger.wait() == 1
        assert "etcd demands a user and a password" in stranger.stderr[-1]
