"""Keeps the certificate of a running server usable: renews its own, and reloads an operator's."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from OpenSSL import SSL
from twisted.application.service import Service
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from typing_extensions import override

from chatd.tls import fingerprint
from chatd.tls.certificate import Identity
from chatd.tls.contexts import ServerContext
from chatd.tls.server_key import KeyUnusable

#: The name of the service among those of its parent.
NAME: Final = "tls"

_CHECK_SECONDS: Final = timedelta(days=1).total_seconds()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class CertificateService(Service):
    """Has connections begin with a certificate that is right, as far as that is up to the server.

    A certificate of the server's own is made anew before it ends. That of an operator is read again
    when asked for; one that is past its time is served, and the log says so once a day.

    :param load: returns the identity of the server, as of now; raises KeyUnusable.
    :param is_own: whether the certificate is the server's own.
    :ivar context: makes the server's end of connections.
    """

    log = Logger()

    def __init__(
        self,
        clock: Any,
        load: Callable[[], Identity],
        *,
        is_own: bool,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.setName(NAME)
        self._load = load
        self.is_own = is_own
        self._now = now
        self.context = ServerContext(load())
        self._daily = LoopingCall(self._check)
        self._daily.clock = clock

    @override
    def startService(self) -> None:
        super().startService()
        self.log.info(
            "This server's key for TLS: {words} (fingerprint {fingerprint})",
            words=fingerprint.words(self.context.fingerprint),
            fingerprint=self.context.fingerprint,
        )
        self._warn_if_expired()
        self._daily.start(_CHECK_SECONDS, now=False)

    @override
    def stopService(self) -> None:
        super().stopService()
        if self._daily.running:
            self._daily.stop()

    def reload(self) -> None:
        """Read the certificate and its key again; if they cannot be used, keep the old ones."""
        before = self.context.identity
        try:
            self.context.use(self._load())
        except (KeyUnusable, SSL.Error) as error:
            self.log.error(  # noqa: TRY400  # the sentence says it all
                "The certificate stays as it was, because the new one cannot be used: {error}",
                error=str(error),
            )
            return
        now = self.context.identity
        if now.certificate != before.certificate:
            self.log.info(
                "A new certificate is used, until {end}",
                end=now.certificate.not_valid_after_utc.date().isoformat(),
            )
        if now.fingerprint != before.fingerprint:
            self.log.warn(
                "The key is another one: chatd's clients take this server for an impostor until "
                "their users trust it. It is {words} (fingerprint {fingerprint})",
                words=fingerprint.words(now.fingerprint),
                fingerprint=now.fingerprint,
            )
        self._warn_if_expired()

    def _check(self) -> None:
        if self.is_own:
            self.reload()
        else:
            self._warn_if_expired()

    def _warn_if_expired(self) -> None:
        past = self.context.identity.expired_since(self._now())
        if past is not None:
            self.log.warn(
                "The certificate is past its time since {days} days: browsers warn of it; chatd's "
                "clients look at the key alone",
                days=past.days,
            )
