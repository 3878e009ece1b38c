"""The page with a keyboard only."""

from tests.browser.chat_page import SMALL_PHONE, ChatPage, OpenPage
from tests.browser.server_harness import Server

#: How many times to press Tab before a control counts as unreachable.
_MAX_TABS = 60

#: Whether the focused element looks different from how it looks without the focus.
_IS_FOCUS_VISIBLE = """() => {
  const element = document.activeElement
  const look = (style) => [style.outlineStyle === 'none' ? '' : style.outline, style.boxShadow,
    style.borderColor, style.backgroundColor].join()
  const focused = look(getComputedStyle(element))
  element.blur()
  const blurred = look(getComputedStyle(element))
  element.focus({focusVisible: true})
  return focused !== blurred
}"""


def tab_to(page: ChatPage, role: str, name: str) -> None:
    """Press Tab until a control has the focus; every control on the way must show its focus."""
    for _ in range(_MAX_TABS):
        page.press("Tab")
        focused = page.focused_control()
        if page.run("() => document.activeElement === document.body"):
            continue  # after the last control of the page come those of the browser
        assert page.run(_IS_FOCUS_VISIBLE), focused
        if focused.role == role and focused.name.startswith(name):
            return
    raise AssertionError(f"Tab never reaches the {role} {name!r}")


def test_everything_can_be_done_with_the_keyboard(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page()
    tab_to(ice, "textbox", "Nickname")
    ice.type("ice")
    ice.press("Enter")
    ice.wait_for_state("online")
    assert moon.receive("entered")["data"]["nickname"] == "ice"
    assert ice.focused_control().name.startswith("Message"), "the user can write at once"
    ice.type("hello")
    ice.press("Enter")
    assert moon.receive("message")["data"]["text"] == "hello"
    tab_to(ice, "textbox", "Room")
    ice.type("#dev")
    ice.press("Enter")
    ice.wait_for_room("#dev")
    tab_to(ice, "button", "#lobby")
    ice.press("Enter")
    ice.wait_for_room("#lobby")
    tab_to(ice, "button", "moon")
    ice.press("Enter")
    assert ice.focused_control().name.startswith("Message")
    ice.type("only you")
    ice.press("Enter")
    assert moon.receive("private")["data"]["text"] == "only you"
    tab_to(ice, "DisclosureTriangle", "Menu")
    ice.press("Enter")
    tab_to(ice, "button", "Leave")
    ice.press("Enter")
    ice.wait_for_state("left")
    tab_to(ice, "button", "Reconnect")
    ice.press(" ")
    ice.wait_for_state("watching")


def test_everything_can_be_done_with_the_keyboard_on_a_narrow_screen(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page(size=SMALL_PHONE)
    tab_to(ice, "textbox", "Nickname")
    ice.type("ice")
    ice.press("Enter")
    ice.wait_for_state("online")
    tab_to(ice, "button", "Users")
    ice.press("Enter")
    tab_to(ice, "button", "moon")
    ice.press("Enter")
    ice.type("from a phone")
    ice.press("Enter")
    assert moon.receive("private")["data"]["text"] == "from a phone"


def test_the_first_link_skips_to_the_messages(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.reload()
    ice.wait_for_state("online")
    tab_to(ice, "link", "Skip to the messages")
    ice.press("Enter")
    tab_to(ice, "log", "Messages in #lobby")


def test_the_nickname_is_the_first_field(open_page: OpenPage) -> None:
    watcher = open_page()
    watcher.press("Tab")
    assert watcher.focused_control().role == "link"
    while watcher.focused_control().role != "textbox":
        watcher.press("Tab")
    assert watcher.focused_control().name == "Nickname"


def test_tab_leaves_the_composer(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.click(ice.find("textbox", "Message.*", "#composer"))
    ice.press("Tab")
    assert not ice.focused_control().name.startswith("Message")
    ice.press("Tab", shift=True)
    assert ice.focused_control().name.startswith("Message")
