"""The address of an etcd: what can be written behind ``--cluster``, and that it hides passwords."""

from pathlib import Path

import pytest

from chatd.etcd.address import PASSWORD_VARIABLE, EtcdAddress, Server, parse_address

PASSWORD = "sesame %"  # noqa: S105  # an example


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("etcd://10.0.0.1", [("10.0.0.1", 2379)]),
        ("etcd://10.0.0.1/", [("10.0.0.1", 2379)]),
        (
            "etcd://10.0.0.1:2379,10.0.0.2,10.0.0.3:1",
            [("10.0.0.1", 2379), ("10.0.0.2", 2379), ("10.0.0.3", 1)],
        ),
        ("etcd://etcd-1.example.org:65535", [("etcd-1.example.org", 65_535)]),
        ("etcd://[::1],[fd00::2]:4001", [("::1", 2379), ("fd00::2", 4001)]),
    ],
)
def test_an_address_names_servers_and_their_ports(
    text: str, servers: list[tuple[str, int]]
) -> None:
    address = parse_address(text, {})
    assert address == EtcdAddress(tuple(Server(*each) for each in servers))
    assert parse_address(str(address), {}) == address


def test_an_address_may_ask_for_tls_with_files() -> None:
    address = parse_address("etcds://h1,h2:1?ca=/etc/my%20ca.pem&cert=node.pem&key=node.key", {})
    assert address == EtcdAddress(
        (Server("h1"), Server("h2", 1)),
        is_tls=True,
        ca=Path("/etc/my ca.pem"),
        cert=Path("node.pem"),
        key=Path("node.key"),
    )
    assert str(address) == "etcds://h1:2379,h2:1"


@pytest.mark.parametrize("where", ["address", "file", "environment"])
def test_a_password_can_be_in_three_places_and_is_never_shown(where: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    texts = {
        "address": "etcd://ch%40td:sesame%20%25@h1",
        "file": f"etcd://ch%40td@h1?password-file={file}",
        "environment": "etcd://ch%40td@h1",
    }
    environment = {PASSWORD_VARIABLE: PASSWORD} if where == "environment" else {}
    address = parse_address(texts[where], environment)
    assert (address.user, address.password) == ("ch@td", PASSWORD)
    assert "sesame" not in f"{address!r} {address}"


def test_without_a_user_the_password_of_the_environment_is_not_used() -> None:
    assert parse_address("etcd://h1", {PASSWORD_VARIABLE: PASSWORD}).password == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must be an address of etcd, such as etcd://10.0.0.1:2379,10.0.0.2,10.0.0.3"),
        ("10.0.0.1:2379", "must be an address of etcd"),
        ("http://10.0.0.1:2379", "must be an address of etcd"),
        ("etcd://h1/v3", "must be an address of etcd"),
        ("etcd://h1#x", "must be an address of etcd"),
        ("etcd://a@b@h1", "must be an address of etcd"),
        ("etcd://", "has '' where a host is due"),
        ("etcd://h1,", "has '' where a host is due"),
        ("etcd://h1, h2", "has ' h2' where a host is due"),
        ("etcd://-h1", "has '-h1' where a host is due"),
        ("etcd://h1\n", "has 'h1\\n' where a host is due"),
        ("etcd://[h1]", "has 'h1' where a host is due"),
        ("etcd://[::1", "has '['"),
        ("etcd://::1", "has '' where a host is due"),
        ("etcd://fd00::1", "has no valid port behind 'fd00'; IPv6 addresses go in brackets"),
        ("etcd://h1:", "has no valid port behind 'h1'"),
        ("etcd://h1:0", "has no valid port behind 'h1'"),
        ("etcd://h1:65536", "has no valid port behind 'h1'"),
        ("etcd://h1:٣", "has no valid port behind 'h1'"),
        ("etcd://[::1]x", "has no valid port behind '::1'"),
        ("etcd://h1,h1:2379", "names a server twice"),
        ("etcd://h1?ca=x", "has ca=, which is for etcds:// (TLS)"),
        ("etcds://h1?cert=x", "has only one of cert= and key="),
        ("etcds://h1?ca=", "may have behind the question mark: ca=FILE"),
        ("etcds://h1?ca=x&ca=y", "may have behind the question mark: ca=FILE"),
        ("etcds://h1?insecure=1", "may have behind the question mark: ca=FILE"),
        ("etcd://chatd@h1", "has the user 'chatd' without a password; set CHATD_ETCD_PASSWORD"),
        ("etcd://:sesame@h1", "has a password without a user"),
        ("etcd://h1?password-file=FILE", "has a password without a user"),
        ("etcd://chatd@h1?password-file=/no/where", "cannot be read: No such file or directory"),
        ("etcd://chatd@h1?password-file=/", "cannot be read: Is a directory"),
        ("etcd://chatd@h1?password-file=EMPTY", "must be one line: the password"),
        ("etcd://chatd@h1?password-file=LONG", "must be one line: the password"),
        ("etcd://chatd@h1?password-file=BINARY", "is not UTF-8 text"),
    ],
)
def test_any_other_address_is_refused_with_a_sentence(
    text: str, sentence: str, tmp_path: Path
) -> None:
    contents = {"FILE": b"x", "EMPTY": b"\n", "LONG": b"two\nlines", "BINARY": b"\xff\xfe"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        text = text.replace(f"={name}", f"={tmp_path / name}")
    with pytest.raises(ValueError) as refused:
        parse_address(text, {})
    assert sentence in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    ["etcd://u:sesame@h1:x", "etcd://u:sesame@", "etcd://u:sesame@h1?x", "u:sesame@h1"],
)
def test_a_refusal_does_not_show_the_password(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_address(text, {})
    assert "sesame" not in str(refused.value)
