"""The commands ``/send PATH`` and ``/get N``."""

from functools import partial

from chatd.chat import commands, events, limits
from chatd.chat.events import File
from chatd.client.files.transfers import OnEnd, Transfers
from chatd.client.unconfirmed import PendingCommand
from chatd.wire import frames
from chatd.wire.frames import FromServer
from chatd.wire.rendering import escape
from chatd.wire.user_inputs import SavePath, SendPath

FileInput = SendPath | SavePath


class FileCommands:
    """Sends the server a request for each typed command, and begins the transfer with the reply.

    :param on_end: called when a file was sent or saved, or could not be.
    """

    def __init__(self, transfers: Transfers, on_end: OnEnd) -> None:
        self._transfers = transfers
        self._on_end = on_end
        # By the numbers of their messages, which the session has.
        self._private_files: dict[int, File] = {}

    def pending(self, line: str, user_input: FileInput) -> PendingCommand | None:
        """The command to send for `line`; None if it cannot be carried out."""
        match user_input:
            case SendPath(""):
                self._on_end("", "Usage: /send PATH [@NAME|#ROOM]")
            case SendPath():
                # The reply comes when all that was typed before is done: joining a room, perhaps.
                return PendingCommand(line, commands.Ping(), partial(self._send, user_input))
            case SavePath(room, seq) if not room.startswith("@"):
                read = commands.ReadHistory(room, 1, seq + 1)
                return PendingCommand(line, read, partial(self._found, user_input))
            case SavePath(_, seq, path) if seq in self._private_files:
                self._transfers.save(self._private_files[seq], path, self._on_end)
            case SavePath(room, seq):
                talk = escape(room[1:].replace(",", ", "))
                self._on_end("", f"Message {seq} from {talk} has no file, as far as is known here.")
        return None

    def received(self, frame: FromServer) -> None:
        """Remember a private file: the server has no history of private messages."""
        if isinstance(frame, frames.PrivateMessage) and frame.data.file and frame.data.seq:
            self._private_files[frame.data.seq] = frame.data.file
            if len(self._private_files) > limits.PRIVATE_FILES:
                del self._private_files[next(iter(self._private_files))]

    def session_began(self) -> None:
        """The numbers of private messages begin again."""
        self._private_files.clear()

    def _send(self, user_input: SendPath, frame: FromServer) -> None:
        self._transfers.send(user_input.path, user_input.target, self._on_end)

    def _found(self, user_input: SavePath, frame: FromServer) -> None:
        place = f"Message {user_input.seq} of {escape(user_input.room)}"
        if isinstance(frame, frames.Error):
            self._on_end("", f"{place} cannot be read: {escape(frame.data.message)}")
        elif isinstance(frame, frames.History):
            if (message := _message(frame.data, user_input.seq)) is None:
                self._on_end("", f"{place} is not there, or not any more.")
            elif message.file is not None:
                self._transfers.save(message.file, user_input.path, self._on_end)
            elif message.removed:
                self._on_end("", f"{place} was removed by {escape(message.removed)}.")
            else:
                self._on_end("", f"{place} is not a file.")


def _message(history: events.History, seq: int) -> events.Message | None:
    return next((each for each in history.messages if each.seq == seq), None)
