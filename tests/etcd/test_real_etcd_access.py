"""Who may use a real etcd: users, certificates; and an etcd that has no space left."""

from pathlib import Path

import pytest

from chatd.etcd.messages import Answer
from chatd.log.engine import Snapshot
from chatd.log.shared_engine import LogUnreachable, LogUnusable
from tests.etcd.certificates import Authority
from tests.etcd.real_etcd import real_etcd
from tests.etcd.real_nodes import Node, nodes
from tests.fakes import on_reactor
from tests.ports import HOST

pytestmark = pytest.mark.slow


@on_reactor
async def test_a_user_needs_a_password_and_the_right_to_the_keys(tmp_path: Path) -> None:
    with real_etcd(tmp_path, 1) as etcd:
        [server] = etcd.servers
        root = Node(f"etcd://{server.address}", "x")
        for path, body in (
            ("user/add", {"name": "root", "password": "r"}),
            ("role/add", {"name": "root"}),
            ("user/grant", {"user": "root", "role": "root"}),
            ("user/add", {"name": "chatd", "password": "sesame"}),
            ("user/add", {"name": "other", "password": "sesame"}),
            ("role/add", {"name": "chatd"}),
            (
                "role/grant",
                {
                    "name": "chatd",
                    "perm": {"permType": "READWRITE", "key": b"/chatd/", "range_end": b"/chatd0"},
                },
            ),
            ("user/grant", {"user": "chatd", "role": "chatd"}),
            ("auth/enable", {}),
        ):
            prefix = "" if path.startswith("auth/") else "auth/"
            await root.client.call(f"/v3/{prefix}{path}", body, Answer)
        for user, sentence in (
            ("", "demands a user and a password"),
            ("chatd:wrong@", "does not accept that user with that password"),
            ("other:sesame@", "denies access to the keys of this chat"),
        ):
            stranger = Node(f"etcd://{user}{server.address}", "x")
            with pytest.raises(LogUnusable, match=sentence):
                await stranger.engine.load()
            await stranger.engine.close()
        async with nodes(f"etcd://chatd:sesame@{server.address}", 1) as [node]:
            await node.append(b"one")
            server.kill()  # it forgets all tokens
            server.start()
            server.wait_until_ready()
            await node.append(b"two")
            await node.has(2)
            await node.engine.save(Snapshot(node.entries[-1].position, b"1"))
            await node.append(b"three")
            await node.has(3)
            await node.engine.save(Snapshot(node.entries[-1].position, b"2"))
            assert node.ends == []
        await root.engine.close()


@on_reactor
async def test_tls_demands_certificates_of_both(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    cert, key = authority.sign("server", HOST)
    flags = ("--cert-file", str(cert), "--key-file", str(key), "--client-cert-auth")
    trust = ("--trusted-ca-file", str(authority.path))
    node_cert, node_key = authority.sign("node", HOST)
    old_cert, old_key = authority.sign("old", HOST, days=-1)
    ca = f"?ca={authority.path}"
    mine = f"&cert={node_cert}&key={node_key}"
    with real_etcd(tmp_path, 1, *flags, *trust, scheme="https") as etcd:
        server = etcd.addresses
        async with nodes(f"etcds://{server}{ca}{mine}", 1) as [node]:
            await node.append(b"one")
            assert await node.has(1) == [b"one"]
        elsewhere = server.replace(HOST, "127.0.0.1")
        for address, sentence in (
            (f"etcd://{server}", "if it demands TLS, write etcds://"),
            (f"etcds://{server}{ca}", "TLS: .*certificate"),
            (f"etcds://{server}?ca={other.path}{mine}", "TLS: certificate verify failed"),
            (f"etcds://{server}?{mine[1:]}", "TLS: certificate verify failed"),
            (f"etcds://{server}{ca}&cert={old_cert}&key={old_key}", "TLS: .*certificate"),
            (f"etcds://{elsewhere}{ca}{mine}", "refused"),
        ):
            stranger = Node(address, "x")
            with pytest.raises(LogUnreachable, match=sentence):
                await stranger.engine.load()
            await stranger.engine.close()


@pytest.mark.parametrize(
    ("host", "days", "sentence"),
    [
        ("127.0.0.1", 1, "TLS: its certificate is for another name or address"),
        (HOST, -1, "TLS: certificate verify failed"),
    ],
    ids=["another address", "too old"],
)
@on_reactor
async def test_the_certificate_of_a_server_is_for_its_address_and_not_too_old(
    tmp_path: Path, host: str, days: int, sentence: str
) -> None:
    authority = Authority(tmp_path)
    cert, key = authority.sign("server", host, days)
    flags = ("--cert-file", str(cert), "--key-file", str(key))
    with real_etcd(tmp_path, 1, *flags, scheme="https") as etcd:
        node = Node(f"etcds://{etcd.addresses}?ca={authority.path}", "x")
        with pytest.raises(LogUnreachable, match=sentence):
            await node.engine.load()
        await node.engine.close()


async def fill(node: Node) -> None:
    for _ in range(20):
        await node.engine.append(bytes(500_000))


@on_reactor
async def test_an_etcd_without_space_says_so_and_what_to_do(tmp_path: Path) -> None:
    with real_etcd(tmp_path, 1, "--quota-backend-bytes", "4000000") as etcd:
        async with nodes(f"etcd://{etcd.addresses}", 1) as [node]:
            for _ in range(4):
                await node.append(bytes(500_000))
            with pytest.raises(LogUnreachable, match=r"quota of etcd is used up \(NOSPACE\)"):
                await fill(node)
            [state] = await node.admin.server_states()
            assert "NOSPACE" in state.alarms[0]
            await node.admin.look()
            with pytest.raises(LogUnreachable, match="NOSPACE"):
                await node.engine.save(Snapshot(node.entries[-1].position, b"1"))
            assert node.ends == []
