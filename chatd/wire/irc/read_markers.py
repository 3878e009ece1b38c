"""MARKREAD: up to when the user has read what was said, for the user's next client. Pure.

Source: https://ircv3.net/specs/extensions/read-marker.
"""

from typing import Final

from chatd.chat import irc_commands
from chatd.chat.errors import BadNickname, BadRoomName
from chatd.chat.marker_events import Marker
from chatd.wire.irc import features, numerics
from chatd.wire.irc.client import Client, Search, Steps, answer
from chatd.wire.irc.lines import Line
from chatd.wire.irc.refusals import failed
from chatd.wire.irc.tags import parse_server_time, server_time

_COMMAND: Final = "MARKREAD"
#: Before anything was read.
_NOTHING: Final = "*"
_TIMESTAMP: Final = "timestamp="


def markread(client: Client, line: Line) -> Steps:
    """MARKREAD: how far the user has read in a channel or with a user, or now has."""
    if not client.server.is_kept:
        return answer(client.numeric(numerics.UNKNOWNCOMMAND, _COMMAND))
    if not line.params or not line.params[0]:
        return answer(failed(client, _COMMAND, "NEED_MORE_PARAMS", text="Name a channel or a user"))
    target, *rest = line.params
    if rest:
        has_time = rest[0].startswith(_TIMESTAMP)
        time = parse_server_time(rest[0].removeprefix(_TIMESTAMP)) if has_time else None
        if time is None:
            text = "The time must look like timestamp=2026-11-25T10:15:00.000Z"
            return answer(failed(client, _COMMAND, "INVALID_PARAMS", target, rest[0], text=text))
        result = yield irc_commands.MarkRead(target, time)
    else:
        result = yield irc_commands.ReadMarker(target)
    if isinstance(result, Marker):
        return answer(_marker_line(client, result))
    is_invalid = isinstance(result, BadNickname | BadRoomName)
    code = "INVALID_PARAMS" if is_invalid else "INTERNAL_ERROR"
    return answer(failed(client, _COMMAND, code, target, text=str(result)))


def joined_marker(client: Client, room: str) -> Search[list[Line]]:
    """What a client is told of the marker of a channel that it has joined."""
    if not client.has(features.READ_MARKER):
        return []
    result = yield irc_commands.ReadMarker(room)
    return [_marker_line(client, result)] if isinstance(result, Marker) else []


def _marker_line(client: Client, marker: Marker) -> Line:
    time = f"{_TIMESTAMP}{server_time(marker.time)}" if marker.time else _NOTHING
    return Line(_COMMAND, (marker.target, time), client.server.name)
