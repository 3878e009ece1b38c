"""Where a server speaks TLS, with which key, and what is said of a key that cannot be used."""

import os
import shlex
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.logger import LogLevel

from chatd.server.service import ChatServer
from chatd.taps import launch, server
from chatd.taps.server import make_server
from chatd.taps.tls import make_cluster_key, reload_certificate
from chatd.tls import fingerprint
from chatd.tls.certificate import Identity, self_signed
from chatd.tls.server_key import make_key, read_key, write_key
from tests.fakes import FakeUdpReactor, log_lines
from tests.taps.command_lines import error_message, parse
from tests.tls.test_contexts import NOW


@pytest.fixture
def key_file(state_home: Path) -> Path:
    """The file of the key of the server ``party``."""
    return state_home / "chatd" / "party.key"


def _serve(line: str) -> ChatServer:
    options = parse(server.Options(), f"127.0.0.1 --id party --store none {line}")
    return make_server(options, FakeUdpReactor())


def _refusal(line: str) -> str:
    with pytest.raises(SystemExit) as ended:
        _serve(line)
    assert isinstance(ended.value.code, str)
    assert len(ended.value.code.splitlines()) == 1
    return ended.value.code


def _tls(chat_server: ChatServer) -> Any:
    return chat_server._settings.tls


def _ports(chat_server: ChatServer) -> dict[str, tuple[object, bool]]:
    """The extra ports: each address, and whether only this host can use it."""
    return {each.name: (each.address, each.is_local) for each in chat_server._settings.extra_ports}


def test_a_server_speaks_no_tls_unless_it_is_asked_to(key_file: Path) -> None:
    assert _tls(_serve("")) is None
    assert not key_file.exists()


def test_a_server_has_one_key_from_its_first_start_on(key_file: Path) -> None:
    first = _tls(_serve("--tls on"))
    assert not first.is_required
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert _tls(_serve("--tls on")).fingerprint == first.fingerprint
    key_file.unlink()
    assert _tls(_serve("--tls on")).fingerprint != first.fingerprint


def test_the_certificate_stays_as_long_as_it_is_right(key_file: Path) -> None:
    # Or a browser would ask again at each start.
    first = _tls(_serve("--tls on")).context.identity.certificate
    assert _tls(_serve("--tls on")).context.identity.certificate == first
    again = _tls(_serve("--tls on --web-name chat.example")).context.identity
    assert again.certificate != first
    assert again.fingerprint == _tls(_serve("--tls on")).fingerprint
    key_file.with_suffix(".crt").write_text("damaged")
    assert _tls(_serve("--tls on")).fingerprint == again.fingerprint


def test_a_pipe_in_place_of_the_certificate_does_not_keep_the_server_waiting(
    key_file: Path,
) -> None:
    key_file.parent.mkdir()
    os.mkfifo(key_file.with_suffix(".crt"))
    first = _tls(_serve("--tls on")).context.identity.certificate
    assert _tls(_serve("--tls on")).context.identity.certificate == first


def test_with_tls_only_other_hosts_find_the_ports_with_tls_open() -> None:
    ports = "--jim 7001 --plain tcp:7002 --web 7003 --jim-tls 7004 --plain-tls 7005 --web-tls 7006"
    made = _serve(f"--tls only {ports}")
    assert _tls(made).is_required
    assert _ports(made) == {
        "jim": (7001, True),
        "plain": ("tcp:7002", True),
        "web": (7003, True),
        "jim-tls": (7004, False),
        "plain-tls": (7005, False),
        "web-tls": (7006, False),
    }


def test_a_port_of_its_own_speaks_nothing_but_tls() -> None:
    assert _ports(_serve("--tls 7001")) == {"tls": (7001, False)}
    assert not _tls(_serve("--tls 7001")).is_required


def test_a_port_with_tls_turns_tls_on() -> None:
    assert _tls(_serve("--web-tls 7001")) is not None


def test_launch_speaks_tls_by_default() -> None:
    options = parse(launch.Options(), "--ifaddrs 127.0.0.1/8")
    made = make_server(options, FakeUdpReactor())
    assert _tls(made) is not None
    assert _ports(made) == {"web": (None, False), "web-tls": (None, False)}
    off = parse(launch.Options(), "--ifaddrs 127.0.0.1/8 --tls off")
    assert set(_ports(make_server(off, FakeUdpReactor()))) == {"web"}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--tls yes", "--tls: 'yes' must be off, on, only or a port"),
        ("--tls 0", "--tls: '0' must be off, on, only or a port"),
        ("--tls off --web-tls 8443", "--web-tls: needs TLS, and --tls off turns that off"),
        ("--tls-key key.pem", "--tls-key: give both --tls-cert and --tls-key"),
        ("--tls-cert cert.pem", "--tls-cert: give both --tls-cert and --tls-key"),
        ("--web-tls ssl:8443", "--web-tls: 'ssl:8443'"),
        ("--jim-tls 99999", "--jim-tls: '99999' is not a whole number"),
    ],
)
def test_options_that_contradict_each_other_are_refused(line: str, sentence: str) -> None:
    assert error_message("server", line).startswith(f"chatd server: {sentence}")


def _open_to_others(path: Path) -> None:
    path.chmod(0o644)


def _damaged(path: Path) -> None:
    path.write_text("-----BEGIN PRIVATE KEY-----\nnothing\n-----END PRIVATE KEY-----\n")


def _gone(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


@pytest.mark.parametrize("damage", [_open_to_others, _damaged, _gone])
@pytest.mark.parametrize("command", ["server", "launch"])
def test_a_key_that_cannot_be_used_is_named_and_never_replaced(
    key_file: Path, damage: Callable[[Path], None], command: str
) -> None:
    _serve("--tls on")
    damage(key_file)
    before = key_file.is_symlink() or key_file.read_bytes()
    line = "127.0.0.1 --id party --tls on" if command == "server" else "--ifaddrs 127.0.0.1/8"
    options: Any = server.Options() if command == "server" else launch.Options()
    with pytest.raises(SystemExit) as ended:
        make_server(parse(options, line), FakeUdpReactor())
    sentence = str(ended.value.code)
    assert sentence.startswith(f"chatd {command}: --tls: ")
    assert str(key_file) in sentence
    assert (key_file.is_symlink() or key_file.read_bytes()) == before


def test_a_node_of_a_cluster_makes_no_key_of_its_own(key_file: Path) -> None:
    line = "--tls on --cluster etcd://127.0.0.1"
    assert f"{key_file} is not there. Copy it from where chatd cluster init" in _refusal(line)
    assert not key_file.exists()
    told = make_cluster_key("party", os.environ)
    assert str(key_file) in told
    key = read_key(key_file)
    assert fingerprint.words(fingerprint.of_key(key.public_key())) in told
    assert make_cluster_key("party", os.environ) == told, "a key is never replaced"


@pytest.fixture
def unwritable(state_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = state_home / "file"
    file.write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(file))


@pytest.mark.usefixtures("unwritable")
def test_a_new_key_that_cannot_be_kept_is_refused_if_tls_was_asked_for() -> None:
    assert "A new key cannot be kept" in _refusal("--tls on")


@pytest.mark.usefixtures("unwritable")
def test_by_default_a_new_key_that_cannot_be_kept_is_one_for_this_run() -> None:
    with log_lines(LogLevel.warn) as lines:
        made = make_server(parse(launch.Options(), "--ifaddrs 127.0.0.1/8"), FakeUdpReactor())
    assert _tls(made) is not None
    assert any("a key for this run only" in line for line in lines)


def _write(directory: Path, identity: Identity) -> str:
    certificate, key = directory / "cert.pem", directory / "key.pem"
    certificate.write_bytes(identity.certificate.public_bytes(Encoding.PEM))
    key.unlink(missing_ok=True)
    write_key(key, identity.key)
    return f"--tls-cert {shlex.quote(str(certificate))} --tls-key {shlex.quote(str(key))}"


def _identity() -> Identity:
    return self_signed(make_key(), "party", [], [], NOW)


def test_a_certificate_of_ones_own_is_served_and_read_again(tmp_path: Path) -> None:
    first, second = _identity(), _identity()
    made = _serve(_write(tmp_path, first))
    assert _tls(made).fingerprint == first.fingerprint
    _write(tmp_path, second)
    reload = reload_certificate(made)
    assert reload is not None
    with log_lines(LogLevel.warn) as lines:
        reload()
    assert _tls(made).fingerprint == second.fingerprint
    assert any("take this server for an impostor" in line for line in lines)


def test_a_broken_new_certificate_leaves_the_old_one(tmp_path: Path) -> None:
    first = _identity()
    made = _serve(_write(tmp_path, first))
    (tmp_path / "cert.pem").write_text("nothing")
    reload = reload_certificate(made)
    assert reload is not None
    with log_lines(LogLevel.error) as lines:
        reload()
    assert _tls(made).fingerprint == first.fingerprint
    assert any("The certificate stays as it was" in line for line in lines)


def test_a_foreign_key_is_refused_in_a_sentence(tmp_path: Path) -> None:
    line = _write(tmp_path, _identity())
    (tmp_path / "key.pem").unlink()
    write_key(tmp_path / "key.pem", make_key())
    assert "is not that of the certificate" in _refusal(line)


def test_sighup_reloads_nothing_where_the_certificate_is_the_servers_own() -> None:
    assert reload_certificate(_serve("--tls on")) is None
    assert reload_certificate(_serve("")) is None
