"""A whole server with its page in memory, and an HTTP or WebSocket client with fuzzed bytes."""

import json

from wsproto import events
from wsproto.connection import CLIENT, Connection

from fuzz.script import steps
from fuzz.server import Scenario, running
from tests.web.http_clients import WebHarness, message, parse_responses


def fuzz_http(data: bytes) -> None:
    """A client of the page's port runs the script in `data`."""
    with running(WebHarness) as (harness, moon):
        client = harness.connect_http()
        scenario = Scenario(harness, moon, client)
        scenario.run(data)
        responses, _, _ = client.transport.value().partition(b"HTTP/1.1 101 ")
        sent = b"".join(step for step in steps(data) if isinstance(step, bytes))
        if b"HEAD" not in sent:  # a response to HEAD has no body, whatever its Content-Length
            parse_responses(responses)
        scenario.check_received(lambda segments: None)


def fuzz_websocket(data: bytes) -> None:
    """A browser runs the script in `data` over its WebSocket; JSON objects are sent as messages."""
    with running(WebHarness) as (harness, moon):
        browser = harness.enter_browser("ice")
        scenario = Scenario(harness, moon, browser.client)
        for step in steps(data):
            if isinstance(step, int):
                scenario.act(step)
            else:
                scenario.send(message(step) if step.startswith(b"{") else step)
        scenario.end()
        scenario.check_received(_parse)


def _parse(segments: list[bytes]) -> None:
    """Whole frames of JSON, and perhaps a Close at the end."""
    _, _, received = b"".join(segments).partition(b"\r\n\r\n")
    browser = Connection(CLIENT)
    browser.receive_data(received)
    for event in browser.events():
        if isinstance(event, events.TextMessage):
            assert json.loads(event.data)["type"]
            assert event.message_finished
