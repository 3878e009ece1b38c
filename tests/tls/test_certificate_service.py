"""A running server renews its own certificate, and warns once a day of an operator's that ended."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from twisted.internet.task import Clock
from twisted.logger import LogLevel

from chatd.tls import fingerprint
from chatd.tls.certificate import Identity, own_identity, self_signed
from chatd.tls.certificate_service import CertificateService
from chatd.tls.server_key import make_key
from tests.fakes import log_lines
from tests.tls.test_contexts import NOW

_KEY = make_key()
_DAY = 86_400


class _Calendar:
    """The time of day, which an operator may set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def _service(clock: Clock, calendar: _Calendar, path: Path | None = None) -> CertificateService:
    def load() -> Identity:
        return own_identity(_KEY, path, "party", ["vm"], ["10.0.0.1"], calendar())

    return CertificateService(clock, load, is_own=True, now=calendar)


@pytest.mark.parametrize("years", [-50, 1, 20])
def test_the_servers_own_certificate_follows_a_clock_that_is_years_away(
    tmp_path: Path, years: int
) -> None:
    clock, calendar = Clock(), _Calendar(NOW)
    service = _service(clock, calendar, tmp_path / "party.crt")
    service.startService()
    before = service.context.identity.certificate
    calendar.now += timedelta(days=365 * years)
    with log_lines(LogLevel.warn) as lines:
        clock.advance(_DAY)
    now = service.context.identity
    assert now.certificate != before
    assert now.certificate.not_valid_before_utc < calendar.now < now.certificate.not_valid_after_utc
    assert now.fingerprint == fingerprint.of_certificate(before)
    assert not lines
    service.stopService()


def test_the_servers_own_certificate_is_renewed_before_it_ends(tmp_path: Path) -> None:
    clock, calendar = Clock(), _Calendar(NOW)
    service = _service(clock, calendar, tmp_path / "party.crt")
    service.startService()
    first = service.context.identity.certificate
    while service.context.identity.certificate == first:
        calendar.now += timedelta(days=1)
        clock.advance(_DAY)
        assert first.not_valid_after_utc - calendar.now > timedelta(days=20)
    service.stopService()


def test_an_operators_certificate_is_served_past_its_time_with_a_warning_each_day() -> None:
    clock, calendar = Clock(), _Calendar(NOW)
    ended = self_signed(_KEY, "party", [], [], NOW - timedelta(days=500))
    service = CertificateService(clock, lambda: ended, is_own=False, now=calendar)
    with log_lines(LogLevel.warn) as lines:
        service.startService()
        clock.advance(_DAY)
    assert service.context.identity is ended
    assert len([line for line in lines if "past its time since 110 days" in line]) == 2
    service.stopService()


def test_the_log_has_the_fingerprint_in_words() -> None:
    service = _service(Clock(), _Calendar(NOW))
    with log_lines() as lines:
        service.startService()
    words = fingerprint.words(service.context.fingerprint)
    assert any(words in line and service.context.fingerprint in line for line in lines)
    service.stopService()
