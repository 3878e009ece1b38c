"""The web page's port, its URLs, and the QR code of one of them."""

from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest
import segno
from twisted.python.systemd import ListenFDs

from chatd.taps import launch, server, web_address
from tests.taps.command_lines import error_message, modules_imported_by, parse

HOST = [IPv4Address("127.0.0.1"), IPv4Address("192.168.1.124")]
URL = "http://192.168.1.124:8080/"

#: For each character of a code: whether its upper and its lower module are light.
LIGHT = {"\N{FULL BLOCK}": "11", "\N{UPPER HALF BLOCK}": "10", "\N{LOWER HALF BLOCK}": "01"}


def test_by_default_a_server_has_no_page() -> None:
    assert "web" not in parse(server.Options(), "--ifaddrs 127.0.0.1/8").extra_ports


def test_launch_always_has_a_page() -> None:
    line = "-n ice --ifaddrs 127.0.0.1/8"
    assert parse(launch.Options(), line).extra_ports == {"web": None, "web-tls": None}
    assert parse(launch.Options(), f"{line} --tls off").extra_ports == {"web": None}
    assert parse(launch.Options(), f"{line} --web 8081")["web"] == 8081


def test_a_page_at_an_endpoint_has_no_other_port_by_default() -> None:
    line = "-n ice --ifaddrs 127.0.0.1/8 --web tcp:8080:interface=127.0.0.1"
    assert set(parse(launch.Options(), line).extra_ports) == {"web"}


@pytest.mark.parametrize(
    ("value", "coerced"),
    [("8080", 8080), ("tcp:8080:interface=127.0.0.1", "tcp:8080:interface=127.0.0.1")],
)
def test_the_page_is_served_on_a_port_or_at_an_endpoint(value: str, coerced: int | str) -> None:
    assert parse(server.Options(), f"--web {value}")["web"] == coerced


@pytest.mark.parametrize("command", ["server", "launch"])
@pytest.mark.parametrize("bad", ["0", "65536", "http", "tcp:http"])
def test_a_bad_port_or_endpoint_is_named_in_one_line(command: str, bad: str) -> None:
    assert f"--web: {bad!r}" in error_message(command, f"--web {bad}")


@pytest.mark.parametrize("command", ["server", "launch"])
@pytest.mark.parametrize("option", ["irc", "jim", "plain", "web"])
@pytest.mark.parametrize(
    "bad", ["unix:/nowhere/socket", "stdio:", "haproxy:tcp:8080", "systemd:domain=UNIX:name=web"]
)
def test_an_endpoint_that_is_not_tcp_is_named_in_one_line(
    command: str, option: str, bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = ListenFDs([3], ("web",))
    monkeypatch.setattr("twisted.internet.endpoints._SystemdParser._sddaemon", passed)
    message = error_message(command, f"--{option} {bad}")
    assert f"--{option}: {bad!r} must be a TCP endpoint" in message


def test_systemd_may_pass_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = ListenFDs([3], ("web",))
    monkeypatch.setattr("twisted.internet.endpoints._SystemdParser._sddaemon", passed)
    endpoint = "systemd:domain=INET:name=web"
    assert parse(server.Options(), f"--web {endpoint}")["web"] == endpoint


def test_loopback_is_the_last_url() -> None:
    listening = [("127.0.0.1", 8080), ("192.168.1.124", 8080), ("10.35.11.113", 8080)]
    assert web_address.page_urls(listening, HOST) == [
        "http://192.168.1.124:8080/",
        "http://10.35.11.113:8080/",
        "http://127.0.0.1:8080/",
    ]


def test_an_unspecified_address_stands_for_all_addresses_of_the_host() -> None:
    assert web_address.page_urls([("0.0.0.0", 80)], HOST, "tcp:80") == [  # noqa: S104  # nothing is bound
        "http://192.168.1.124:80/",
        "http://127.0.0.1:80/",
    ]


@pytest.mark.parametrize("where", ["ssl:8443", "tls:certificates:8443"])
def test_an_endpoint_with_tls_has_an_https_url(where: str) -> None:
    assert web_address.page_urls([("127.0.0.1", 8443)], HOST, where) == ["https://127.0.0.1:8443/"]


def test_an_ipv6_address_has_brackets() -> None:
    assert web_address.page_urls([("::1", 8080)], HOST, "tcp6:8080") == ["http://[::1]:8080/"]


def modules(rows: list[str]) -> Iterator[list[bool]]:
    """Whether each module in `rows` is dark; the last row of characters has upper ones only."""
    for row in rows:
        shown = [LIGHT.get(character, "00") for character in row]
        for half in (0, 1):
            yield [each[half] == "0" for each in shown]


def test_the_code_has_a_quiet_zone() -> None:
    rows = web_address.qr_code(URL, 80, has_colours=False)
    size = len(rows[0])
    seen = list(modules(rows))[:size]
    assert [[int(each) for each in row[2:-2]] for row in seen[2:-2]] == [
        list(row) for row in segno.make_qr(URL, error="l").matrix
    ]
    edge = [*seen[:2], *seen[-2:], *(row[:2] + row[-2:] for row in seen)]
    assert not any(dark for row in edge for dark in row)


@pytest.mark.parametrize("url", [URL, "http://192.168.100.200:65535/", "https://10.0.0.1:80/"])
def test_the_code_leaves_8_lines_of_an_80_by_24_window(url: str) -> None:
    rows = web_address.qr_code(url, 80, has_colours=False)
    assert 0 < len(rows) < 24 - 8
    assert {character for row in rows for character in row} <= {*LIGHT, " "}


def test_the_code_is_dark_on_light_unless_colours_are_off() -> None:
    plain, coloured = (web_address.qr_code(URL, 80, has_colours=each) for each in (False, True))
    assert coloured == [f"\x1b[97;40m{row}\x1b[0m" for row in plain]


def test_a_code_that_does_not_fit_is_left_out() -> None:
    width = len(web_address.qr_code(URL, 80, has_colours=False)[0])
    assert web_address.qr_code(URL, width, has_colours=False)
    assert web_address.qr_code(URL, width - 1, has_colours=False) == []
    assert web_address.qr_code(URL, 0, has_colours=False) == []


def test_a_loopback_address_has_no_code() -> None:
    assert web_address.qr_code("http://127.0.0.1:8080/", 80, has_colours=False) == []


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("client", "-n ice"),
        ("server", ""),
        # On a pipe there is a page, but nothing is drawn.
        ("launch", "-n ice"),
    ],
)
def test_without_a_page_its_packages_are_not_imported(command: str, line: str) -> None:
    unneeded = {"segno"} if command == "launch" else {"h11", "wsproto", "segno", "chatd.web"}
    assert not unneeded & modules_imported_by(command, f"{line} --ifaddrs 127.0.0.1/8")
