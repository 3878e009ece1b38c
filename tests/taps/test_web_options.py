"""The options of the web page: other names, proxies, and packages."""

from pathlib import Path

import pytest

from chatd.taps import server
from chatd.taps.web_options import WebOptions
from chatd.web.invitation import Invitation


def parse(*words: str) -> WebOptions:
    """The options that a command line with these words has."""
    options = server.Options()
    options.parseOptions(["--ifaddrs", "127.0.0.1/8", *words])
    return options


def refusal(*words: str) -> str:
    """The sentence with which these words are refused."""
    with pytest.raises(SystemExit) as refused:
        parse(*words)
    return str(refused.value)


def test_names_and_proxies_may_be_repeated(tmp_path: Path) -> None:
    options = parse(
        *("--web-name", "Chat.Example.", "--web-name=chat.example:8443"),
        *("--web-proxy", "127.0.0.1", "--web-proxy", "2001:DB8::1", "--dist", str(tmp_path)),
        *("--web-proxy", "::ffff:10.35.11.2"),
    )
    settings = options.web_settings(Invitation)
    assert settings.names == {"chat.example:", "chat.example:8443"}
    assert settings.proxies == {"127.0.0.1", "2001:db8::1", "10.35.11.2"}
    assert settings.dist == tmp_path


@pytest.mark.parametrize(
    ("words", "has_irc"),
    [
        ((), False),
        (("--jim", "7778"), False),
        (("--irc", "6667"), True),
        (("--irc-tls", "6697"), True),
    ],
)
def test_the_websocket_speaks_irc_where_the_server_does(
    words: tuple[str, ...], has_irc: bool
) -> None:
    assert parse(*words).web_settings(Invitation).has_irc is has_irc


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("web-name", "http://chat.example", "is not a name"),
        ("web-name", "chat example", "is not a name"),
        ("web-name", "*", "is not a name"),
        ("web-name", "*.chat.example", "is not a name"),
        ("web-name", ":8080", "is not a name"),
        ("web-name", "", "is not a name"),
        ("web-name", "chat.example/x", "is not a name"),
        ("web-name", "chat.example;script-src", "is not a name"),
        ("web-name", "chat.example:99999", "is not a name"),
        ("web-name", "m\xfcnchen.example", "must be in the form that browsers send"),
        ("web-proxy", "localhost", "is not an IP address"),
        ("web-proxy", "10.0.0.0/8", "is not an IP address"),
        ("web-proxy", "", "is not an IP address"),
        ("dist", "/nowhere/at/all", "cannot be read"),
        ("dist", __file__, "cannot be read"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_in_one_sentence(
    option: str, value: str, reason: str
) -> None:
    sentence = refusal(f"--{option}", value)
    assert f"--{option}: {value!r} {reason}" in sentence
    assert "\n" not in sentence
