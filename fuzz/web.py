"""A browser, or what says that it is one, at a whole server with its page in memory."""

import json

from wsproto import events
from wsproto.connection import CLIENT, Connection

from fuzz.script import steps
from fuzz.server import Scene, opened, play
from tests.web.visitors import PageHall, message, replies


def ask(data: bytes) -> None:
    """Have somebody send `data` to the page's port."""
    with opened(PageHall) as (hall, moon):
        visitor = hall.visit()
        scene = Scene(hall, moon, visitor)
        play(scene, data)
        answers, _, _ = visitor.transport.value().partition(b"HTTP/1.1 101 ")
        sent = b"".join(step for step in steps(data) if isinstance(step, bytes))
        if b"HEAD" not in sent:  # what answers it has no body, whatever its length says
            replies(answers)
        scene.check_said(lambda segments: None)


def browse(data: bytes) -> None:
    """Have a browser send `data` through its WebSocket; what looks like a frame of ours is one."""
    with opened(PageHall) as (hall, moon):
        browser = hall.enter_by_page("ice")
        scene = Scene(hall, moon, browser.visitor)
        for step in steps(data):
            if isinstance(step, int):
                scene.happen(step)
            elif step.startswith(b"{"):
                scene.send(message(step))
            else:
                scene.send(step)
        scene.end()
        scene.check_said(_read)


def _read(segments: list[bytes]) -> None:
    """Whole frames of JSON, and then perhaps the end."""
    _, _, sent = b"".join(segments).partition(b"\r\n\r\n")
    browser = Connection(CLIENT)
    browser.receive_data(sent)
    for event in browser.events():
        if isinstance(event, events.TextMessage):
            assert json.loads(event.data)["type"]
            assert event.message_finished
