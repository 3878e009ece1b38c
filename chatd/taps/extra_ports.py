"""The ports of a server besides its main port: those of other dialects, of the page, and of TLS."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.protocol import ServerFactory

from chatd.server.chat import Chat
from chatd.server.factory import JIM, MAIN, PLAIN, DialectFactory
from chatd.server.irc_port import IRC
from chatd.server.service import ExtraPort, TlsSettings
from chatd.server.tls_port import TLSPortFactory
from chatd.taps import web_address
from chatd.taps.tls import PORT_OPTIONS, SUFFIX, TlsMode

if TYPE_CHECKING:
    from chatd.web.settings import WebSettings

#: Makes the factory of a port; the second argument returns the settings of the web page.
_MakeFactory = Callable[[Chat, Callable[[], "WebSettings"]], ServerFactory]

#: For each extra port: its option, the maker of its factory, its default port, and what the log
#: says of it. The default applies where the port is served without the option, as ``launch`` serves
#: the web page; 0 is any free port.
_EXTRA_PORTS: Final[tuple[tuple[str, _MakeFactory, int, str], ...]] = (
    (
        "jim",
        lambda chat, _: DialectFactory(chat, JIM),
        0,
        "Chat for JIM messengers listens on {where}",
    ),
    (
        "irc",
        lambda chat, _: DialectFactory(chat, IRC),
        0,
        "Chat for IRC clients listens on {where}",
    ),
    (
        "plain",
        lambda chat, _: DialectFactory(chat, PLAIN),
        0,
        "Chat for nc and telnet listens on {where}",
    ),
    (
        "web",
        web_address.make_web_factory,
        web_address.DEFAULT_PORT,
        "The web page is {scheme}://{where}/",
    ),
)

#: The same for the ports with TLS, whose factories make the connections under it.
_TLS_PORTS: Final[tuple[tuple[str, _MakeFactory, int, str], ...]] = (
    (
        "tls",
        lambda chat, _: DialectFactory(chat, MAIN),
        0,
        "Chat with TLS for chatd clients listens on {where}",
    ),
    *(
        (
            f"{name}{SUFFIX}",
            make,
            web_address.DEFAULT_TLS_PORT if name == "web" else 0,
            sentence.format(scheme="https", where="{where}").replace(
                " listens", " over TLS listens"
            ),
        )
        for name, make, _, sentence in _EXTRA_PORTS
    ),
)


def named_ports(options: Mapping[str, Any], mode: TlsMode) -> dict[str, int | str | None]:
    """The ports that the options name: each a port number or an endpoint."""
    names = (*(name for name, *_ in _EXTRA_PORTS), *PORT_OPTIONS)
    ports = {name: options[name] for name in names if options[name] is not None}
    return ports if mode.port is None else {"tls": mode.port, **ports}


def make_extra_ports(
    addresses: Mapping[str, int | str | None],
    mode: TlsMode,
    tls: TlsSettings | None,
    web_settings: "Callable[[], WebSettings]",
    clock: Any,
) -> tuple[ExtraPort, ...]:
    """The ports that `addresses` name.

    :param addresses: the port number or the endpoint of each; None for its default.
    :param tls: None if the server does not speak TLS.
    :param web_settings: returns those of the web page.
    """
    return tuple(
        ExtraPort(
            name,
            partial(_make_factory, make, web_settings, wrap),
            addresses[name],
            port,
            sentence.replace("{scheme}", web_address.scheme(addresses[name])),
            is_local=mode.is_required and wrap is _as_it_is,
        )
        for wrap, ports in (
            (_as_it_is, _EXTRA_PORTS),
            (partial(_with_tls, tls, clock), _TLS_PORTS),
        )
        for name, make, port, sentence in ports
        if name in addresses
    )


def _make_factory(
    make: _MakeFactory,
    web_settings: "Callable[[], WebSettings]",
    wrap: Callable[[ServerFactory], ServerFactory],
    chat: Chat,
) -> ServerFactory:
    return wrap(make(chat, web_settings))


def _as_it_is(factory: ServerFactory) -> ServerFactory:
    return factory


def _with_tls(tls: TlsSettings | None, clock: Any, factory: ServerFactory) -> ServerFactory:
    """A factory of the same connections, under TLS."""
    assert tls is not None  # noqa: S101  # nosec B101  # only a server with TLS has such ports
    wrapped: Any = TLSPortFactory(tls.context, factory, clock)
    made: ServerFactory = wrapped
    return made
