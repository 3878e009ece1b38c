"""Time zones, locales and login names that cannot be used: what is said, and what is used."""

import pytest

from chatd.taps import environment
from chatd.taps.environment import log_unusable, substitute_nickname
from tests.fakes import log_lines


def said(**variables: str) -> list[str]:
    with log_lines() as lines:
        log_unusable(variables)
    return list(lines)


@pytest.mark.parametrize(
    "zone",
    [
        *("", ":", "UTC", "UTC0", "Europe/Berlin", ":Europe/Berlin", "<+0330>-3:30"),
        *("CET-1CEST,M3.5.0,M10.5.0/3", "/usr/share/zoneinfo/Asia/Tokyo"),
    ],
)
def test_a_time_zone_that_the_system_knows_is_no_news(zone: str) -> None:
    assert said(TZ=zone) == []


@pytest.mark.parametrize(
    "zone",
    ["Nowhere/Nothing", "Berlin", "Europe", "/etc/passwd", "../../../etc/passwd", "x" * 9_999],
)
def test_an_unknown_time_zone_is_said_with_its_substitute(zone: str) -> None:
    assert said(TZ=zone) == [f"the time zone {zone!r} (TZ) is unknown here, so times are in UTC"]


@pytest.mark.parametrize("variable", ["LC_ALL", "LC_CTYPE", "LANG"])
def test_an_unknown_locale_is_said_with_its_substitute(variable: str) -> None:
    sentence = f"the locale 'xx_XX' ({variable}) is unknown here, so text is in UTF-8"
    assert said(**{variable: "xx_XX"}) == [sentence]
    assert said(**{variable: "C"}) == []


def test_of_the_variables_of_a_locale_the_first_one_counts() -> None:
    assert said(LC_ALL="C", LC_CTYPE="xx_XX", LANG="xx_XX") == []


@pytest.mark.parametrize(
    ("login", "nickname"),
    [("zoe", "zoe"), ("zoe@example.org", "zoe"), ("EXAMPLE\\zoe", "EXAMPLE\\zoe"), ("мир", "мир")],
)
def test_a_login_name_is_a_nickname_without_its_domain(login: str, nickname: str) -> None:
    assert substitute_nickname(login) == nickname


@pytest.mark.parametrize("login", ["", "two words", "\x1b[2J", "@", "x" * 999, "[Server]"])
def test_a_login_name_that_is_no_nickname_has_a_substitute_that_is_said(
    login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "login_name", lambda: login)
    monkeypatch.setattr("os.getuid", lambda: 54_321)
    with log_lines() as lines:
        assert environment.nickname() == "user-54321"
    [line] = lines
    assert "so your nickname is user-54321; --nickname sets another" in line
    assert "\x1b" not in line
