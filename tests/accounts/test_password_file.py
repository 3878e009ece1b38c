"""The password file: its format, its permissions, its changes and its errors."""

import os
import stat
import struct
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatd.accounts.password_file import Account, Accounts, Contents, PasswordFile
from chatd.chat import limits, names
from chatd.chat.errors import BadNickname
from tests.accounts.accounts_fixture import CHEAP, fill

HASH = CHEAP.hash("cold")


def a_nickname(text: str) -> bool:
    try:
        return names.nickname(text) == text
    except BadNickname:
        return False


def file_with(tmp_path: Path, content: bytes) -> PasswordFile:
    path = tmp_path / "accounts"
    path.write_bytes(content)
    return PasswordFile(path)


def test_the_file_is_one_line_for_each_account(tmp_path: Path) -> None:
    file = file_with(tmp_path, f"Ice\tactive\t{HASH}\nmöwe\tblocked\t{HASH}\n".encode())
    assert file.read().accounts == {
        "ice": Account("Ice", HASH),
        "möwe": Account("möwe", HASH, is_blocked=True),
    }


def test_the_written_file_is_as_documented(tmp_path: Path) -> None:
    fill(tmp_path / "accounts", {"Ice": "cold", "moon": "full"}, blocked=("moon",))
    ice, moon = (tmp_path / "accounts").read_text().splitlines()
    assert ice.startswith("Ice\tactive\t$argon2id$v=19$")
    assert moon.startswith("moon\tblocked\t$argon2id$v=19$")


_nicknames = st.text(
    st.characters(categories=["L", "M", "N", "P", "S"], exclude_characters="".join(names.RESERVED)),
    max_size=25,
).filter(a_nickname)


@given(people=st.dictionaries(_nicknames, st.booleans(), min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_written_accounts_are_read_again(tmp_path: Path, people: dict[str, bool]) -> None:
    wanted = [Account(name, HASH, is_blocked) for name, is_blocked in people.items()]
    accounts = {account.key: account for account in wanted}
    file = PasswordFile(tmp_path / "accounts")

    def edit(there: Accounts) -> None:
        there.clear()
        there.update(accounts)

    file.update(edit, create=True)
    assert file.read().accounts == accounts


_PARTS = st.sampled_from([b"ice", b"moon", b"\t", b"\n", b"active", b"blocked", HASH.encode()])


@given(content=st.lists(_PARTS | st.binary(max_size=9), max_size=12).map(b"".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_bytes_are_accounts_or_an_error_without_a_secret(
    tmp_path: Path, content: bytes
) -> None:
    try:
        accounts = file_with(tmp_path, content).read().accounts
    except ValueError as fault:
        assert str(fault).isprintable()  # noqa: PT017  # either outcome is right
        assert "argon2id" not in str(fault)  # noqa: PT017  # the same
    else:
        assert all(names.casefold(account.name) == key for key, account in accounts.items())
        assert {account.password_hash for account in accounts.values()} <= {HASH}


def test_a_last_line_without_its_end_is_valid(tmp_path: Path) -> None:
    file = file_with(tmp_path, f"ice\tactive\t{HASH}".encode())
    assert list(file.read().accounts) == ["ice"]


def test_hashes_of_other_lengths_are_valid_in_lines_that_have_an_end(tmp_path: Path) -> None:
    """Only of the last line, if it has no end, a part may be lost."""
    longer = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, hash_len=64).hash("cold")
    ended = f"ice\tactive\t{longer}\nmoon\tactive\t{HASH}"
    assert list(file_with(tmp_path, ended.encode()).read().accounts) == ["ice", "moon"]
    file = file_with(tmp_path, f"moon\tactive\t{HASH}\nice\tactive\t{longer}".encode())
    with pytest.raises(ValueError, match="line 2 is cut off in the hash for ice"):
        file.read()


@pytest.mark.parametrize("lost", range(1, len(HASH)))
def test_a_file_that_is_cut_off_within_a_line_is_refused(tmp_path: Path, lost: int) -> None:
    """Also within the hash, which would be a hash of another password."""
    content = f"ice\tactive\t{HASH}\nmoon\tactive\t{HASH}".encode()
    with pytest.raises(ValueError, match="is not a password file: line 2"):
        file_with(tmp_path, content[:-lost]).read()


@pytest.mark.parametrize("content", [b"\n", b"\0", b"\0" * 200, b" ", b"\xef\xbb\xbf", b"\r\n"])
def test_a_file_of_nothing_but_blanks_or_nuls_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ValueError, match="is not a password file: line 1"):
        file_with(tmp_path, content).read()


def test_an_empty_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is empty.*restore it from a backup.*chatd account add"):
        file_with(tmp_path, b"").read()


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    line = f"ice\tactive\t{HASH}\n".encode()
    content = line * (limits.PASSWORD_FILE_BYTES // len(line) + 1)
    with pytest.raises(ValueError, match="more than 4 MiB"):
        file_with(tmp_path, content).read()


def test_a_pipe_in_place_of_the_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "accounts")
    with pytest.raises(ValueError, match="cannot be read: it is not a regular file"):
        PasswordFile(tmp_path / "accounts").read()


# --- removed accounts ---------------------------------------------------------------------------


def test_a_removed_account_is_named_in_the_file_until_it_is_added_again(tmp_path: Path) -> None:
    path = tmp_path / "accounts"
    fill(path, {"Ice": "cold", "moon": "full"})
    fill(path, {"moon": "full"})
    assert path.read_text().splitlines()[1:] == ["Ice\tremoved\t-"]
    fill(path, {"moon": "full", "ICE": "cold"})
    assert "removed" not in path.read_text()


def test_a_file_whose_last_account_is_removed_is_not_empty(tmp_path: Path) -> None:
    file = fill(tmp_path / "accounts", {"ice": "cold"})
    fill(tmp_path / "accounts", {})
    assert file.path.read_text() == "ice\tremoved\t-\n"
    assert file.read() == Contents({}, {"ice": "ice"})


def test_of_the_removed_accounts_the_last_1024_are_named(tmp_path: Path) -> None:
    path = tmp_path / "accounts"
    names = [f"name{number}" for number in range(limits.REMOVED_ACCOUNTS + 1)]
    path.write_text("".join(f"{name}\tremoved\t-\n" for name in names))
    file = fill(path, {"ice": "cold"})
    assert list(file.read().removed) == names[1:]
    fill(path, {})
    assert list(file.read().removed) == [*names[2:], "ice"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"moon", "line 2 is not a nickname, active or blocked, a hash"),
        (b"", "line 2 is not a nickname"),
        (b"moon:secret", "line 2 is not a nickname"),
        (f"moon active {HASH}".encode(), "line 2 is not a nickname"),
        (f"moon\tactive\t{HASH}\tmore".encode(), "line 2 is not a nickname"),
        (f"mo on\tactive\t{HASH}".encode(), "line 2 does not begin with a nickname"),
        (f"\tactive\t{HASH}".encode(), "line 2 does not begin with a nickname"),
        (f"{'x' * 26}\tactive\t{HASH}".encode(), "line 2 does not begin with a nickname"),
        (f"moon\tasleep\t{HASH}".encode(), "line 2 has neither active nor blocked for moon"),
        (b"moon\tactive\tsecret", "line 2 has no argon2 hash for moon"),
        (b"moon\tactive\t$2b$12$secret", "line 2 has no argon2 hash for moon"),
        (f"moon\tactive\t{HASH}\r".encode(), "line 2 has no argon2 hash for moon"),
        (f"ICE\tactive\t{HASH}".encode(), "line 2 repeats the account ICE"),
        (b"ICE\tremoved\t-", "line 2 repeats the account ICE"),
        (b"moon\tremoved\t", "line 2 has neither active nor blocked for moon"),
        (f"moon\tremoved\t{HASH}".encode(), "line 2 has neither active nor blocked for moon"),
        (b"moon\tactive\t-", "line 2 has no argon2 hash for moon"),
        (b"m\xf6we\tactive\tsecret", "line 2 is not UTF-8"),
    ],
)
def test_an_error_names_the_line_and_no_secret(tmp_path: Path, line: bytes, why: str) -> None:
    content = b"\n".join([f"ice\tactive\t{HASH}".encode(), line, b"rubbish", b""])
    with pytest.raises(ValueError, match="is not a password file") as refused:
        file_with(tmp_path, content).read()
    assert why in str(refused.value)
    assert "secret" not in str(refused.value)
    assert HASH not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("cost", "why"),
    [
        ("m=65536,t=3,p=4", None),  # as chatd account makes them
        ("m=131072,t=8,p=8", None),
        ("m=131073,t=1,p=1", "too costly: at most 128 MiB, 8 passes and 8 threads are allowed"),
        ("m=9999999,t=99,p=99", "too costly"),
        ("m=8,t=9,p=1", "too costly"),
        ("m=4294967295,t=1,p=1", "too costly"),
        ("m=1024,t=1,p=9", "too costly"),
        ("m=8,t=4294967295,p=1", "too costly"),
        ("m=8,t=1,p=2", "8 KiB for each thread"),
        ("m=08,t=1,p=1", "no argon2 hash"),
        ("m=99999999999,t=1,p=1", "no argon2 hash"),
    ],
)
def test_a_hash_that_would_cost_much_time_or_memory_is_refused_when_the_file_is_read(
    tmp_path: Path, cost: str, why: str | None
) -> None:
    expensive = HASH.replace("m=8,t=1,p=1", cost)
    file = file_with(tmp_path, f"ice\tactive\t{expensive}\n".encode())
    if why is None:
        assert list(file.read().accounts) == ["ice"]
    else:
        with pytest.raises(ValueError, match=rf"line 1 .* for ice.*{why}|line 1 .*{why}"):
            file.read()


@pytest.mark.parametrize("part", ["salt", "hash"])
def test_a_hash_of_any_length_is_refused(tmp_path: Path, part: str) -> None:
    head, salt, digest = HASH.rsplit("$", 2)
    longer = f"{head}${salt * 99}${digest}" if part == "salt" else f"{head}${salt}${digest * 99}"
    with pytest.raises(ValueError, match="no argon2 hash for ice"):
        file_with(tmp_path, f"ice\tactive\t{longer}\n".encode()).read()


def test_a_missing_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        PasswordFile(tmp_path / "none").read()


# --- permissions --------------------------------------------------------------------------------


def test_only_the_owner_may_read_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "accounts"
    umask = os.umask(0)
    try:
        fill(path, {"ice": "cold"})
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o400, 0o644, 0o660])
def test_a_change_keeps_the_mode_and_the_owner_of_the_file(tmp_path: Path, mode: int) -> None:
    """The server may run as another user, who must still be able to read it."""
    path = tmp_path / "accounts"
    file = fill(path, {"ice": "cold"})
    is_root = os.geteuid() == 0
    owner = (54_321, 54_322) if is_root else (os.geteuid(), os.getgroups()[-1])
    os.chown(path, *owner)
    path.chmod(mode)
    before = path.stat()
    file.update(lambda accounts: accounts.clear())
    after = path.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (*owner, before.st_mode)
    assert file.read().accounts == {}


def test_an_empty_file_that_was_prepared_for_the_service_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "accounts"
    path.touch()
    path.chmod(0o640)
    fill(path, {"ice": "cold"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_change_that_cannot_keep_the_owner_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = fill(tmp_path / "accounts", {"ice": "cold"})
    before = file.path.read_bytes()

    def fchown(handle: int, user: int, group: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", fchown)
    monkeypatch.setattr(os, "fstat", lambda handle: os.stat_result([0] * 4 + [54_321] * 6))
    with pytest.raises(ValueError, match="its owner and group could not be kept"):
        file.update(lambda accounts: accounts.clear())
    monkeypatch.undo()
    assert file.path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file.path]


def acl_for(user: int) -> bytes:
    """An access control list that lets `user` read a file, as Linux keeps it."""
    entries = [(1, 6, -1), (2, 4, user), (4, 0, -1), (16, 4, -1), (32, 0, -1)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)


def test_a_change_keeps_the_access_control_list(tmp_path: Path) -> None:
    path = tmp_path / "accounts"
    file = fill(path, {"ice": "cold"})
    os.setxattr(path, "system.posix_acl_access", acl_for(54_321))
    mode = path.stat().st_mode
    file.update(lambda accounts: None)
    assert os.getxattr(path, "system.posix_acl_access") == acl_for(54_321)
    assert path.stat().st_mode == mode


def test_a_change_lets_in_nobody_whom_only_the_directory_names(tmp_path: Path) -> None:
    path = tmp_path / "accounts"
    file = fill(path, {"ice": "cold"})
    path.chmod(0o640)
    os.setxattr(tmp_path, "system.posix_acl_default", acl_for(54_321))
    file.update(lambda accounts: None)
    assert "system.posix_acl_access" not in os.listxattr(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("of_file", "of_directory", "warned"),
    [
        (0o600, 0o700, []),
        (0o644, 0o755, []),
        (0o660, 0o755, ["accounts can be written by its group"]),
        (0o606, 0o755, ["accounts can be written by anyone"]),
        (0o600, 0o775, ["directory can be written by its group"]),
        (0o600, 0o777, ["directory can be written by anyone"]),
        (0o600, 0o1777, []),
        (0o666, 0o777, ["accounts can be written by anyone", "directory can be written"]),
    ],
)
def test_a_file_that_others_may_change_is_named(
    tmp_path: Path, of_file: int, of_directory: int, warned: list[str]
) -> None:
    directory = tmp_path / "directory"
    directory.mkdir()
    file = fill(directory / "accounts", {"ice": "cold"})
    file.path.chmod(of_file)
    directory.chmod(of_directory)
    sentences = file.writable_by_others()
    assert len(sentences) == len(warned)
    assert all(part in sentence for part, sentence in zip(warned, sentences, strict=True))


def test_a_link_in_a_directory_that_others_may_change_is_named(tmp_path: Path) -> None:
    fill(tmp_path / "accounts", {"ice": "cold"})
    open_directory = tmp_path / "open"
    open_directory.mkdir()
    open_directory.chmod(0o777)
    (open_directory / "link").symlink_to(tmp_path / "accounts")
    [sentence] = PasswordFile(open_directory / "link").writable_by_others()
    assert sentence.startswith(f"{open_directory} can be written by anyone")


# --- changes ------------------------------------------------------------------------------------


def test_a_failed_change_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = fill(tmp_path / "accounts", {"ice": "cold"})
    before = file.path.read_bytes()

    def edit(accounts: Accounts) -> None:
        accounts.clear()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        file.update(edit)
    assert file.path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file.path]


def test_a_reader_sees_the_old_accounts_during_a_change(tmp_path: Path) -> None:
    file = fill(tmp_path / "accounts", {"ice": "cold"})
    seen: list[Accounts] = []

    def edit(accounts: Accounts) -> None:
        accounts.clear()
        seen.append(file.read().accounts)

    file.update(edit)
    assert [list(accounts) for accounts in seen] == [["ice"]]
    assert file.read().accounts == {}


def test_of_two_changes_at_once_the_second_fails(
    tmp_path: Path,
) -> None:
    file = fill(tmp_path / "accounts", {"ice": "cold", "moon": "full"})

    def second(accounts: Accounts) -> None:
        accounts.clear()

    def first(accounts: Accounts) -> None:
        with pytest.raises(
            ValueError, match=r"another process; if none is running, remove .*accounts\.new"
        ):
            file.update(second)
        del accounts["moon"]

    file.update(first)
    assert list(file.read().accounts) == ["ice"]
    assert list(tmp_path.iterdir()) == [file.path]


def test_a_symbolic_link_to_the_file_stays_one(tmp_path: Path) -> None:
    fill(tmp_path / "accounts", {"ice": "cold"})
    link = tmp_path / "link"
    link.symlink_to("accounts")
    fill(link, {"moon": "full"})
    assert link.is_symlink()
    assert list(PasswordFile(tmp_path / "accounts").read().accounts) == ["moon"]


def test_a_missing_file_is_created_only_on_request(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        PasswordFile(tmp_path / "accounts").update(lambda accounts: None)
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_directory_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be written: No such file"):
        fill(tmp_path / "no" / "accounts", {"ice": "cold"})
    with pytest.raises(ValueError, match="cannot be read: Is a directory"):
        PasswordFile(tmp_path).read()


def test_every_change_has_another_fingerprint(tmp_path: Path) -> None:
    file = fill(tmp_path / "accounts", {"ice": "cold"})
    versions = [file.fingerprint()]
    assert file.fingerprint() == versions[0]
    was = file.path.stat()
    file.update(lambda accounts: None)
    os.utime(file.path, ns=(was.st_atime_ns, was.st_mtime_ns))  # within one tick of the clock
    versions.append(file.fingerprint())
    file.path.unlink()
    versions.append(file.fingerprint())
    assert len(set(versions)) == 3


def test_a_hash_is_not_in_the_repr_of_its_account() -> None:
    assert HASH not in repr(Account("ice", HASH))
    assert "argon2" not in repr({"ice": Account("ice", HASH)})


def test_a_fingerprint_changes_with_the_password_alone() -> None:
    password_hash, other_hash = (CHEAP.hash("cold") for _ in range(2))
    ice = Account("ice", password_hash)
    assert Account("Ice", password_hash, is_blocked=True).fingerprint == ice.fingerprint
    assert Account("ice", other_hash).fingerprint != ice.fingerprint
    assert ice.fingerprint not in password_hash
