"""The native dialect on the client's side: encodes commands, decodes the server's frames."""

from typing import Final

import msgspec

from chatd.chat import commands
from chatd.chat.errors import RequestId
from chatd.wire import frames

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(frames.FromServer)

_FRAMES: Final[dict[type, type[frames.Frame]]] = {
    commands.SendMessage: frames.SendMessage,
    commands.SendPrivate: frames.SendPrivate,
    commands.JoinRoom: frames.JoinRoom,
    commands.LeaveRoom: frames.LeaveRoom,
    commands.ListUsers: frames.ListUsers,
    commands.ReadHistory: frames.ReadHistory,
}

_FRAMES_WITHOUT_DATA: Final[dict[type, type[frames.ListRooms | frames.Ping | frames.Quit]]] = {
    commands.ListRooms: frames.ListRooms,
    commands.Ping: frames.Ping,
    commands.Quit: frames.Quit,
}


def encode(
    command: commands.ClientCommand,
    request_id: RequestId = None,
    number: int | None = None,
    resume: frames.ResumeData | None = None,
) -> bytes:
    """The frame for `command`, with its line end.

    :param number: of a command that changes the chat; it has the same number when it is sent again.
    :param resume: the session that a ``hello`` resumes.
    """
    frame: frames.FromClient
    match command:
        case commands.Enter(nickname):
            data = frames.HelloData(nickname, frames.VERSION, resume)
            frame = frames.Hello(data=data, id=request_id)
        case commands.Watch():
            frame = frames.Watch(id=request_id)
        case commands.Authenticate(account, password):
            frame = frames.Authenticate(
                data=frames.AuthenticateData(account, password), id=request_id
            )
        case commands.Rename(nickname):
            frame = frames.SetName(data=frames.SetNameData(nickname), id=request_id, n=number)
        case commands.Search(words, room, source, since, before, limit):
            frame = frames.Search(
                data=frames.SearchData(words, room, source, since, before, limit), id=request_id
            )
        case commands.ListRooms() | commands.Ping() | commands.Quit():
            frame = _FRAMES_WITHOUT_DATA[type(command)](id=request_id)
        case _:
            frame_type = _FRAMES[type(command)]
            numbered = {"n": number} if issubclass(frame_type, frames.NumberedFrame) else {}
            frame = frame_type(data=command, id=request_id, **numbered)  # type: ignore[call-arg, assignment]  # by the table
    return _encoder.encode(frame) + b"\n"


def decode(line: bytes) -> frames.FromServer | None:
    """The frame in `line`; None if this client does not know it, as a later server's may be."""
    frame: frames.FromServer
    try:
        frame = _decoder.decode(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return frame
