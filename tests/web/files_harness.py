"""A server that takes files over HTTP, and a member that sends some."""

from pathlib import Path
from typing import Any

from chatd.web.settings import WebSettings
from tests.files.stores import make_store
from tests.server.harness import Client, Frame
from tests.web.http_clients import WebHarness, request

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


class FilesHarness(WebHarness):
    """A server that takes files."""

    def __init__(self, folder: Path, web: WebSettings | None = None, **settings: Any) -> None:
        super().__init__(web, **settings)
        self.chat.files = make_store(folder, self.chat.now)
        self.chat.fanout.on_message_removed = self.chat.files.remove

    def close(self) -> None:
        assert self.chat.files is not None
        super().close()
        assert not self.chat.files._incoming
        self.chat.files.close()


def serve(folder: Path, web: WebSettings | None = None, **settings: Any) -> FilesHarness:
    return FilesHarness(folder, web, **settings)


class Member:
    """A member with a session, which sends files beside its connection to the chat."""

    def __init__(self, harness: WebHarness, nickname: str, host: str = "10.35.11.112") -> None:
        self.harness = harness
        self.chat = harness.connect(host)
        self.chat.send("hello", {"nickname": nickname, "version": 1, "resume": {"session": ""}})
        [welcome] = self.chat.heard_of("welcome")
        self.token = welcome["session"]
        self.http = harness.connect_http(host)

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def head(self, target: str, size: int | None, headers: dict[str, str] | None = None) -> bytes:
        fields = self.authorization | (headers or {})
        if size is not None:
            fields["Content-Length"] = str(size)
        return request(f"/files/{target}", fields, method="PUT")

    def send(self, content: bytes, target: str = "a.txt?room=%23lobby") -> Any:
        """Send a file, and return the response."""
        self.http.send(self.head(target, len(content)) + content)
        [response] = self.http.responses()
        return response


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if each.name != "lock")


def heard_files(client: Client) -> list[Frame]:
    """The messages with files that a client has received."""
    return [
        frame["data"]
        for frame in client.heard()
        if frame["type"] in ("message", "private") and "file" in frame["data"]
    ]
