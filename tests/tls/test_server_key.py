"""The server's key: made once, for the server's user alone, and never replaced."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x448
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from chatd.tls import fingerprint, server_key
from chatd.tls.server_key import KeyUnusable, make_key, read_key, read_or_make_key, write_key


def fingerprint_of(key: server_key.PrivateKey) -> str:
    return fingerprint.of_key(key.public_key())


def pem(key: object, password: bytes | None = None) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(  # type: ignore[attr-defined, no-any-return]  # any kind of key
        Encoding.PEM, PrivateFormat.PKCS8, encryption
    )


def write(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_the_key_is_made_at_the_first_start_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "party.key"
    made = read_or_make_key(path)
    assert fingerprint_of(read_or_make_key(path)) == fingerprint_of(made)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["party.key"]


def test_two_servers_that_start_at_once_have_one_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "party.key"
    others = make_key()

    def make_slowly() -> server_key.PrivateKey:
        write_key(path, others)  # the other server is faster
        return make_key()

    monkeypatch.setattr(server_key, "make_key", make_slowly)
    assert fingerprint_of(read_or_make_key(path)) == fingerprint_of(others)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not a private key in PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "is not a private key"),
        (os.urandom(1_000), "is not a private key in PEM"),
        (b"x" * 300_000, "is not a file in PEM"),
        (pem(x448.X448PrivateKey.generate()), "is neither of an elliptic curve nor"),
        (pem(make_key(), b"secret"), "is encrypted"),
        (pem(ec.generate_private_key(ec.SECP256K1())), "is on secp256k1, which no client can use"),
    ],
)
def test_a_damaged_or_foreign_key_is_named_and_not_replaced(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = write(tmp_path / "party.key", content)
    with pytest.raises(KeyUnusable, match=complaint):
        read_or_make_key(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o660, 0o666])
def test_a_key_that_others_may_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "party.key", pem(make_key()), mode)
    with pytest.raises(KeyUnusable, match=f"chmod 600 {path}"):
        read_key(path)


def test_a_group_may_read_a_key_of_the_operators(tmp_path: Path) -> None:
    read_key(write(tmp_path / "tls.key", pem(make_key()), 0o640))


def test_a_directory_in_place_of_the_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="There is no file"):
        read_or_make_key(tmp_path)


def test_a_link_to_nowhere_is_refused_and_not_followed(tmp_path: Path) -> None:
    link = tmp_path / "party.key"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyUnusable, match="There is no file"):
        read_or_make_key(link)
    assert [each.name for each in tmp_path.iterdir()] == ["party.key"]


def test_a_directory_that_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="cannot be written: No such file or directory"):
        read_or_make_key(tmp_path / "missing" / "party.key")


def test_a_system_without_randomness_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(curve: object) -> None:
        raise RuntimeError("no entropy")

    monkeypatch.setattr(ec, "generate_private_key", fail)
    with pytest.raises(KeyUnusable, match="cannot be made: no entropy"):
        make_key()
