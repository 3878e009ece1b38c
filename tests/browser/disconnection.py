"""A page that is cut off from its server for a while."""

from tests.browser.chat_page import ChatPage
from tests.browser.server_harness import Server
from tests.browser.tcp_proxy import TcpProxy
from tests.e2e.native_peer import Peer


def cut(page: ChatPage, proxy: TcpProxy) -> None:
    """Cut the page's connection."""
    page.expect_connection_errors()
    proxy.cut()
    page.wait_for_state("reconnecting")


def come_back(page: ChatPage, proxy: TcpProxy) -> None:
    """Let the page connect again."""
    proxy.restore()
    page.retry_now()
    page.wait_for_state("online")


def take_nickname(page: ChatPage, proxy: TcpProxy, server: Server, witness: Peer) -> Peer:
    """Cut the page off until another member has the nickname ``ice``, which the page asks for."""
    cut(page, proxy)
    witness.receive("left")  # the nickname is free again
    other = server.add_member("ice")
    proxy.restore()
    page.retry_now()
    page.wait_for_error("taken")
    return other
