"""Files on the page: sending them in every way, and what others see of them."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.browser.axe import read_axe, violations
from tests.browser.chat_page import DESKTOP, PHONE, ChatPage, OpenPage
from tests.browser.scripted_server import OpenScripted, receive, wait_for_sent
from tests.browser.server_harness import Server

#: Makes files in the page: an expression for a DataTransfer with files of these names and contents.
_TRANSFER: Final = """(files, text) => {
  const transfer = new DataTransfer()
  files.forEach(([name, content, type]) => transfer.items.add(new File([content], name, {type})))
  if (text) transfer.setData('text/plain', text)
  return transfer
}"""


def png(width: int, height: int) -> bytes:
    """A picture in one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = (b"\0" + b"\x20\x60\xa0" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "blue sky.png"
    path.write_bytes(png(640, 480))
    return path


def choose(page: ChatPage, *paths: Path) -> None:
    """Press the button, and choose files in the dialog of the browser."""
    page.run("() => { document.querySelector('input[type=file]').click = () => {} }")
    page.click(page.find("button", "Send files", "#composer"))
    set_files(page, *paths)


def set_files(page: ChatPage, *paths: Path) -> None:
    field = page.call("Runtime.evaluate", expression="document.querySelector('input[type=file]')")
    page.call(
        "DOM.setFileInputFiles", files=list(map(str, paths)), objectId=field["result"]["objectId"]
    )


def drop(page: ChatPage, *files: tuple[str, str]) -> None:
    """Drop files on the list of messages."""
    page.run(
        f"""(files) => {{
          const dataTransfer = ({_TRANSFER})(files)
          const options = {{dataTransfer, bubbles: true, cancelable: true}}
          document.querySelector('#log').dispatchEvent(new DragEvent('dragover', options))
          document.querySelector('#log').dispatchEvent(new DragEvent('drop', options))
        }}""",
        files,
    )


def paste(page: ChatPage, *files: tuple[str, str, str], text: str = "") -> bool:
    """Paste into the message; whether the page leaves that to the browser."""
    left: bool = page.run(
        f"""(files, text) => document.querySelector('#message').dispatchEvent(
          new ClipboardEvent('paste', {{clipboardData: ({_TRANSFER})(files, text), bubbles: true,
                                        cancelable: true}}))""",
        files,
        text,
    )
    return left


def content_of(page: ChatPage, name: str) -> str:
    """What is behind the link with this name."""
    text: str = page.run(
        """async (name) => {
          const links = [...document.querySelectorAll('#items .file a')]
          const {href} = links.find(({textContent}) => textContent === name)
          return (await fetch(href)).text()
        }""",
        name,
    )
    return text


def wait_for_picture(page: ChatPage) -> None:
    page.wait_until("() => document.querySelector('#items img')?.naturalWidth === 640")


@pytest.mark.smoke
def test_a_file_that_is_chosen_is_a_message_with_a_link_for_all(
    open_page: OpenPage, tmp_path: Path
) -> None:
    worksheet = tmp_path / "worksheet.txt"
    worksheet.write_text("1 + 1 = ?\n" * 200)
    moon, ice = open_page("moon"), open_page("ice")
    choose(ice, worksheet)
    ice.wait_for_message("worksheet.txt", "ice", kind="own")
    moon.wait_for_message("worksheet.txt", "ice")
    assert moon.run("() => document.querySelector('.size').textContent") == "2.0 kB"
    assert content_of(moon, "worksheet.txt") == worksheet.read_text()
    moon.find("link", "worksheet.txt", "#items")
    assert not moon.find_all("image", "#items")
    moon.send("/search worksheet")
    moon.find("link", "worksheet.txt", "#results")


def test_files_are_dropped_on_the_chat_and_sent_in_turn(open_page: OpenPage) -> None:
    ice = open_page("ice")
    drop(ice, ("one.txt", "1"), ("two.txt", "22"), ("three.txt", "333"))
    ice.wait_for_message("three.txt", kind="own")
    assert ice.texts_from("ice") == ["one.txt", "two.txt", "three.txt"]
    assert content_of(ice, "two.txt") == "22"
    ice.wait_until("() => document.querySelector('#uploads').hidden")


def test_a_screenshot_is_pasted_and_text_stays_text(open_page: OpenPage) -> None:
    ice = open_page("ice")
    assert not paste(ice, ("image.png", "pixels", "image/png"))
    ice.wait_until(
        "() => /^screenshot-[0-9]{6}\\.png$/.test("
        "document.querySelector('#items .file .text')?.textContent)"
    )
    assert paste(ice, ("image.png", "pixels", "image/png"), text="a cell of a table")
    assert len(ice.texts_from("ice")) == 1


def test_a_picture_is_shown_after_a_tap_or_at_once_and_moves_nothing(
    open_page: OpenPage, picture: Path
) -> None:
    moon, ice = open_page("moon"), open_page("ice")
    choose(ice, picture)
    moon.wait_for_message("blue sky.png", "ice")
    height = "() => document.querySelector('#items').scrollHeight"
    moon.click(moon.find("button", "Show the picture", "#items"))
    before_it_came = moon.run(height)
    wait_for_picture(moon)
    assert moon.run(height) == before_it_came
    moon.find("image", "blue sky.png", "#items")
    ice.open_menu()
    ice.run(
        """() => {
          document.querySelector('#pictures').value = 'once'
          document.querySelector('#pictures').dispatchEvent(new Event('change'))
        }"""
    )
    wait_for_picture(ice)
    ice.reload()
    ice.wait_for_state("online")
    wait_for_picture(ice)


def test_a_picture_that_is_none_is_said_and_runs_nothing(
    open_page: OpenPage, tmp_path: Path
) -> None:
    false = tmp_path / "false.png"
    false.write_bytes(b"\x89PNG\r\n\x1a\n<script>document.title = 'run'</script>")
    ice = open_page("ice")
    choose(ice, false)
    ice.wait_for_message("false.png", kind="own")
    ice.click(ice.find("button", "Show the picture", "#items"))
    ice.wait_until(
        """() => document.querySelector('.picture')?.textContent ===
             'This picture cannot be shown: it is gone, or damaged.'"""
    )
    assert "run" not in ice.run("() => document.title")


def test_a_file_in_a_private_talk_is_for_that_talk(open_page: OpenPage, server: Server) -> None:
    moon, sun, ice = open_page("moon"), server.add_member("sun"), open_page("ice")
    ice.send("/query moon")
    drop(ice, ("only you.txt", "secret"))
    ice.wait_for_message("only you.txt", "ice", kind="private")
    moon.open_talk("ice")
    moon.wait_for_message("only you.txt", "ice", kind="private")
    assert content_of(moon, "only you.txt") == "secret"
    sun.send("private", {"text": "after it", "to": ["sun"]}, id=1)
    assert "only you" not in str(sun.receive_through("private"))


def test_what_cannot_be_sent_is_said_at_the_composer(open_page: OpenPage) -> None:
    watcher = open_page()
    drop(watcher, ("a.txt", "a"))
    watcher.wait_for_error("Choose a nickname to send files.")
    watcher.join("ice")
    drop(watcher, ("nothing.txt", ""))
    watcher.wait_for_error("nothing.txt is empty")
    watcher.run("(drop) => { window.large = 'x'.repeat(20_000_001) }", "")
    watcher.run(
        f"""() => document.dispatchEvent(new DragEvent('drop', {{
          dataTransfer: ({_TRANSFER})([['large.txt', window.large, 'text/plain']]),
          cancelable: true}}))"""
    )
    watcher.wait_for_error("large.txt has 20.0 MB; a file may have at most 20.0 MB.")
    assert watcher.texts_from("ice") == []


def test_a_refusal_of_the_server_is_said_at_the_composer(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.expect_errors("^network: .*40[0-9]")
    ice.send("/query nobody")
    drop(ice, ("a.txt", "a"))
    ice.wait_for_error("a.txt was not sent: Not reached: nobody (unknown).")
    ice.wait_until("() => document.querySelector('#uploads').hidden")


def test_a_folder_and_a_file_that_is_removed_are_no_lost_connection(
    open_page: OpenPage, tmp_path: Path
) -> None:
    folder, large, gone = tmp_path / "photos", tmp_path / "large.bin", tmp_path / "gone.txt"
    folder.mkdir()
    large.write_bytes(bytes(4_000_000))
    gone.write_text("gone")
    ice = open_page("ice")
    ice.expect_errors("^network: .*ERR_")
    drag(ice, folder)
    ice.wait_for_error("photos was not sent: It is a folder, or was changed or removed.")
    slow_down(ice, 50_000)
    choose(ice, large, gone)
    cancel = ice.find("button", "Cancel sending large.bin")
    gone.unlink()
    ice.click(cancel)
    ice.wait_for_error("gone.txt was not sent: It is a folder, or was changed or removed.")
    assert ice.texts_from("ice") == []


def drag(page: ChatPage, path: Path) -> None:
    """Drag what is at `path` to the chat with the mouse, and drop it."""
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    place = page.run("() => document.querySelector('#log').getBoundingClientRect().toJSON()")
    for kind in ("dragEnter", "dragOver", "drop"):
        page.call(
            "Input.dispatchDragEvent", type=kind, x=place["x"] + 9, y=place["y"] + 9, data=data
        )


def test_a_file_that_is_being_sent_can_be_cancelled(open_page: OpenPage, tmp_path: Path) -> None:
    large, small = tmp_path / "large.bin", tmp_path / "small.bin"
    large.write_bytes(bytes(4_000_000))
    small.write_bytes(b"small")
    ice = open_page("ice")
    slow_down(ice, 50_000)
    choose(ice, large, small)
    ice.wait_until("() => document.querySelector('#uploads progress')?.value > 0")
    assert len(ice.find_all("progressbar", "#uploads")) == 2
    ice.click(ice.find("button", "Cancel sending large.bin"))
    slow_down(ice, -1)
    ice.wait_for_message("small.bin", kind="own")
    assert ice.texts_from("ice") == ["small.bin"]


def test_the_page_asks_before_it_is_closed_only_while_a_file_is_being_sent(
    open_page: OpenPage, tmp_path: Path
) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(4_000_000))
    ice = open_page("ice")
    slow_down(ice, 50_000)
    for is_cancelled in (True, False):
        choose(ice, large)
        cancel = ice.find("button", "Cancel sending large.bin")
        if is_cancelled:
            ice.click(cancel)
            ice.wait_until("() => document.querySelector('#uploads').hidden")
        ice.reload()
        ice.wait_for_state("online")
        assert any(each.startswith("dialog") for each in ice.errors) is not is_cancelled
    ice.expect_errors("^dialog: ")


def slow_down(page: ChatPage, bytes_per_second: int) -> None:
    page.call("Network.enable")
    page.call(
        "Network.emulateNetworkConditions",
        offline=False,
        latency=0,
        downloadThroughput=-1,
        uploadThroughput=bytes_per_second,
    )


def test_send_asks_for_files_and_get_saves_them(open_page: OpenPage, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a")
    ice = open_page("ice")
    ice.run("() => { document.querySelector('input[type=file]').click = () => asked = true }")
    ice.send("/send a.txt #lobby")
    ice.wait_until("() => window.asked")
    set_files(ice, path)
    ice.wait_for_message("a.txt", kind="own")
    ice.send("/get 7")
    ice.wait_for_error("Message 7 has no file, or is not shown here.")
    ice.run("() => { HTMLAnchorElement.prototype.click = function () { saved = this.download } }")
    ice.send("/get 1")
    ice.wait_until("() => window.saved === 'a.txt'")


def test_a_server_that_takes_no_files_has_no_button_for_them(
    start_server: Any, open_url: OpenPage
) -> None:
    ice = open_url(start_server("--files", "off").url)
    ice.wait_for_state("watching")
    ice.join("ice")
    assert "Send files" not in [each.name for each in ice.find_all("button")]
    ice.send("/send a.txt")
    ice.wait_for_error("This server takes no files.")
    drop(ice, ("a.txt", "a"))
    ice.wait_for_error("This server takes no files.")


def test_a_file_that_a_search_finds_has_its_link(open_scripted: OpenScripted) -> None:
    ice = open_scripted(DESKTOP, "search")
    ice.send("/search worksheet")
    search = wait_for_sent(ice, "search")["id"]
    file = {"id": "abc", "name": "a.txt", "bytes": 7, "media_type": "application/octet-stream"}
    found = {"room": "#dev", "seq": 1, "time": 1, "source": "moon", "text": "a.txt", "file": file}
    receive(ice, "search", search, messages=[found], more=False)
    ice.find("link", "a.txt", "#results")


def test_the_name_of_a_file_cannot_deceive(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    name = "<img src=x onerror=alert(1)>\u202egnp.exe"
    file = {"id": "a/../b", "name": name, "bytes": 7, "media_type": "text/html"}
    receive(ice, "message", room="#lobby", seq=1, time=1, source="moon", text=name, file=file)
    ice.wait_for_message("<img src=x onerror=alert(1)><U+202E>gnp.exe", "moon")
    path = ice.run("() => new URL(document.querySelector('.file a').href).pathname")
    assert path.startswith("/files/a%2F..%2Fb/%3Cimg")
    assert not ice.run("() => document.querySelector('.show-picture') !== null")
    receive(ice, "moderation", what="remove", by="ana", nickname="moon", room="#lobby", seq=1)
    ice.wait_for_message("Removed by ana.", "moon")
    assert not ice.run("() => document.querySelector('.file') !== null")


def test_a_page_that_has_lost_its_node_sends_and_shows_files_at_another_one(
    start_nodes: Callable[..., list[Server]], open_url: OpenPage, picture: Path
) -> None:
    library, gym = start_nodes([], [])
    ice = open_url(library.url)
    ice.wait_for_state("watching")
    ice.join("ice")
    ice.expect_connection_errors()
    library.kill()
    ice.wait_until("() => document.body.dataset.state !== 'online'")
    ice.wait_for_state("online")
    choose(ice, picture)
    ice.wait_for_message("blue sky.png", kind="own")
    ice.click(ice.find("button", "Show the picture", "#items"))
    wait_for_picture(ice)
    link = ice.run("() => document.querySelector('#items .file a').href")
    assert link.startswith(f"{gym.url}files/")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_files_are_accessible(size: tuple[int, int], open_page: OpenPage, picture: Path) -> None:
    axe, ice = read_axe(), open_page("ice", size=size)
    choose(ice, picture)
    ice.wait_for_message("blue sky.png", kind="own")
    slow_down(ice, 50_000)
    drop(ice, ("waits.txt", "x" * 2_000_000))
    ice.find("progressbar", "Sending waits.txt")
    for shown in (False, True):
        if shown:
            ice.click(ice.find("button", "Show the picture", "#items"))
            ice.find("image", "blue sky.png", "#items")
        for scheme in ("light", "dark"):
            ice.set_preferences(scheme)
            assert violations(ice, axe) == [], scheme
    ice.click(ice.find("button", "Cancel sending waits.txt"))
