"""``chatd fingerprint`` prints what others tell a server by."""

import socket
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from chatd.taps import fingerprint as command
from chatd.taps import server
from chatd.taps.server import make_server
from chatd.tls import fingerprint
from chatd.tls.certificate import self_signed
from chatd.tls.server_key import make_key, write_key
from tests.fakes import FakeUdpReactor
from tests.taps.command_lines import parse
from tests.tls.test_contexts import NOW


def _run(*words: str) -> int:
    options = command.Options()
    options.parseOptions(words)
    return command.run(options)


@pytest.mark.parametrize(("id_", "words"), [("party", ("--id", "party")), ("a/b", ("--id", "a/b"))])
def test_it_is_that_of_the_server_with_that_id(
    id_: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    options = server.Options()
    options.parseOptions(["127.0.0.1", "--store", "none", "--id", id_, "--tls", "on"])
    made = make_server(options, FakeUdpReactor())
    assert _run(*words) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == [fingerprint.words(made.fingerprint), made.fingerprint]


def test_without_an_id_it_is_that_of_the_host(capsys: pytest.CaptureFixture[str]) -> None:
    made = make_server(parse(server.Options(), "127.0.0.1 --store none --tls on"), FakeUdpReactor())
    assert made.chat.settings.server_id == socket.gethostname()
    assert _run() == 0
    assert made.fingerprint in capsys.readouterr().out


def test_a_key_and_its_certificate_have_one_fingerprint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    identity = self_signed(make_key(), "party", [], [], NOW)
    write_key(tmp_path / "key.pem", identity.key)
    (tmp_path / "cert.pem").write_bytes(identity.certificate.public_bytes(Encoding.PEM))
    for name in ("key.pem", "cert.pem"):
        assert _run(str(tmp_path / name)) == 0
        assert capsys.readouterr().out.splitlines()[1] == identity.fingerprint


def test_where_there_is_no_key_none_is_made(
    state_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="chatd fingerprint: There is no file"):
        _run("--id", "party")
    assert capsys.readouterr().out == ""
    assert not (state_home / "chatd").exists()


def test_a_file_or_an_id_is_given_not_both() -> None:
    with pytest.raises(SystemExit, match="give FILE or --id, not both"):
        _run("--id", "party", "key.pem")
