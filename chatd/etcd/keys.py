"""The keys of one log in etcd.

::

    /chatd/campus/log                                 each entry is a put of this key
    /chatd/campus/snapshot                            a pointer: which snapshot is the newest
    /chatd/campus/snapshot/POSITION-DIGEST/SLICE      its bytes, in slices
"""

from typing import Final
from urllib.parse import quote

import msgspec

#: A revision of etcd is a signed 64-bit number. With zeros in front, keys sort by it.
_POSITION_DIGITS: Final = 19


class Pointer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest snapshot.

    :ivar cluster_id: of the cluster whose log this is, to show it.
    :ivar before: the position of the snapshot that it has replaced; the entries after that one are
        kept. That of the first snapshot is its own.
    :ivar sha256: of the snapshot, in hexadecimal.
    """

    cluster_id: str
    position: int
    before: int
    slices: int
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The name of the snapshot in the keys of its slices."""
        return f"{self.position:0{_POSITION_DIGITS}}-{self.sha256[:16]}"


#: The range with the keys of all chats.
ALL_CHATS: Final = {"key": b"/chatd/", "range_end": b"/chatd0"}


class Keys:
    """The keys of the log of one chat.

    :ivar log: of the entries.
    :ivar pointer: of the pointer.
    :ivar after_pointer: the end of a range from `log` that contains both, and no slice.
    """

    def __init__(self, server_id: str) -> None:
        # The slash keeps the keys of "campus" apart from those of "campus2".
        self.prefix = f"/chatd/{quote(server_id, safe='')}/".encode()
        self.log = self.prefix + b"log"
        self.pointer = self.prefix + b"snapshot"
        self.after_pointer = self.pointer + b"\0"
        self.end = self.prefix[:-1] + b"0"  # the character after the slash
        self.slices = self.pointer + b"/"

    @staticmethod
    def log_of(key: bytes) -> bytes | None:
        """The key of the entries of a chat, if `key` is that of its pointer."""
        chat, slash, name = key.rpartition(b"/")
        is_pointer = name == b"snapshot" and chat.count(b"/") == 2
        return chat + slash + b"log" if is_pointer else None

    def slices_of(self, pointer: Pointer) -> bytes:
        """The prefix of the keys of that snapshot's slices."""
        return self.slices + pointer.name.encode() + b"/"

    def slices_before(self, pointer: Pointer) -> bytes:
        """The end of the range that has the slices of all snapshots before that one."""
        return self.slices + f"{pointer.position:0{_POSITION_DIGITS}}".encode()
