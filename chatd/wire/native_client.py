"""The native dialect on the client's side: encodes commands, decodes the server's frames."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from chatd.chat import commands, order_commands
from chatd.chat.errors import RequestId
from chatd.wire import client_frames, frames

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(frames.FromServer)

#: The frames whose data is the command as it stands.
_SAME_DATA: Final[dict[type, type[frames.Frame]]] = {
    commands.SendMessage: client_frames.SendMessage,
    commands.SendPrivate: client_frames.SendPrivate,
    commands.JoinRoom: client_frames.JoinRoom,
    commands.LeaveRoom: client_frames.LeaveRoom,
    commands.Quit: client_frames.Quit,
    commands.SetAway: client_frames.SetAway,
    commands.WhoIs: client_frames.WhoIs,
    order_commands.Kick: client_frames.Kick,
    order_commands.Ban: client_frames.Ban,
    order_commands.Unban: client_frames.Unban,
    order_commands.Mute: client_frames.Mute,
    order_commands.Unmute: client_frames.Unmute,
    order_commands.Invite: client_frames.Invite,
    order_commands.SetRole: client_frames.SetRole,
    order_commands.ListBans: client_frames.ListBans,
    order_commands.ChangeRoom: client_frames.ChangeRoom,
    order_commands.RemoveMessage: client_frames.RemoveMessage,
    order_commands.GiveHostCode: client_frames.GiveHostCode,
    commands.ListUsers: client_frames.ListUsers,
    commands.ReadHistory: client_frames.ReadHistory,
}

#: The others, and what makes their data.
_FRAMES: Final[dict[type, tuple[type[frames.Frame], Callable[[Any], object]]]] = {
    commands.Authenticate: (
        client_frames.Authenticate,
        lambda command: client_frames.AuthenticateData(command.account, command.password),
    ),
    commands.Rename: (
        client_frames.SetName,
        lambda command: client_frames.SetNameData(command.nickname),
    ),
    commands.SetTopic: (
        client_frames.SetTopic,
        lambda command: client_frames.TopicData(command.room, command.text),
    ),
    commands.ReadTopic: (
        client_frames.SetTopic,
        lambda command: client_frames.TopicData(command.room),
    ),
    commands.Search: (
        client_frames.Search,
        lambda command: client_frames.SearchData(
            command.words,
            command.room,
            command.source,
            command.since,
            command.before,
            command.limit,
        ),
    ),
}

_FRAMES_WITHOUT_DATA: Final[dict[type, type[frames.Frame]]] = {
    commands.Watch: client_frames.Watch,
    commands.ListRooms: client_frames.ListRooms,
    commands.Ping: client_frames.Ping,
}


def _same(command: object) -> object:
    return command


def encode(
    command: commands.ClientCommand,
    request_id: RequestId = None,
    number: int | None = None,
    resume: client_frames.ResumeData | None = None,
) -> bytes:
    """The frame for `command`, with its line end.

    :param number: of a command that changes the chat; it has the same number when it is sent again.
    :param resume: the session that a ``hello`` resumes.
    """
    kind = type(command)
    if isinstance(command, commands.Enter):
        data: Any = client_frames.HelloData(command.nickname, frames.VERSION, resume)
        return _encoder.encode(client_frames.Hello(data=data, id=request_id)) + b"\n"
    if kind in _FRAMES_WITHOUT_DATA:
        return _encoder.encode(_FRAMES_WITHOUT_DATA[kind](id=request_id)) + b"\n"
    frame_type, make_data = _FRAMES.get(kind) or (_SAME_DATA[kind], _same)
    numbered = {"n": number} if issubclass(frame_type, client_frames.NumberedFrame) else {}
    frame = frame_type(data=make_data(command), id=request_id, **numbered)  # type: ignore[call-arg]  # by the tables
    return _encoder.encode(frame) + b"\n"


def decode(line: bytes) -> frames.FromServer | None:
    """The frame in `line`; None if this client does not know it, as a later server's may be."""
    frame: frames.FromServer
    try:
        frame = _decoder.decode(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return frame
