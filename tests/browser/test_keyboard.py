"""The whole life of a page without a mouse."""

from tests.browser.page import SMALLEST, Opened, Page
from tests.browser.servers import Server

#: How many times Tab may be pressed before something is unreachable.
_STEPS = 60

#: Whether it can be seen where the focus is: an outline, or a shadow, that is not there without it.
_IS_SEEN = """() => {
  const there = document.activeElement
  const look = (style) => [style.outlineStyle === 'none' ? '' : style.outline, style.boxShadow,
    style.borderColor, style.backgroundColor].join()
  const focused = look(getComputedStyle(there))
  there.blur()
  const blurred = look(getComputedStyle(there))
  there.focus({focusVisible: true})
  return focused !== blurred
}"""


def tab_to(page: Page, role: str, name: str) -> None:
    """Press Tab until that has the focus; all on the way shows its focus, and is in the window."""
    for _ in range(_STEPS):
        page.press("Tab")
        there = page.focused()
        if page.run("() => document.activeElement === document.body"):
            continue  # beyond the last control come the browser's own
        assert page.run(_IS_SEEN), there
        if there.role == role and there.name.startswith(name):
            return
    raise AssertionError(f"Tab never comes to the {role} {name!r}")


def test_one_comes_in_talks_looks_round_and_leaves_by_tab_and_enter_alone(
    page: Opened, server: Server
) -> None:
    moon, ice = server.enter("moon"), page()
    tab_to(ice, "textbox", "Nickname")
    ice.type("ice")
    ice.press("Enter")
    ice.is_("online")
    assert moon.hears("entered")["data"]["nickname"] == "ice"
    assert ice.focused().name.startswith("Message"), "one can write at once"
    ice.type("hello")
    ice.press("Enter")
    assert moon.hears("message")["data"]["text"] == "hello"
    tab_to(ice, "textbox", "Room")
    ice.type("#dev")
    ice.press("Enter")
    ice.until_room("#dev")
    tab_to(ice, "button", "#lobby")
    ice.press("Enter")
    ice.until_room("#lobby")
    tab_to(ice, "button", "moon")
    ice.press("Enter")
    assert ice.focused().name.startswith("Message")
    ice.type("only you")
    ice.press("Enter")
    assert moon.hears("private")["data"]["text"] == "only you"
    tab_to(ice, "button", "Leave")
    ice.press("Enter")
    ice.is_("left")
    tab_to(ice, "button", "Come back")
    ice.press(" ")
    ice.is_("watching")


def test_the_same_on_a_phone_with_a_keyboard(page: Opened, server: Server) -> None:
    moon, ice = server.enter("moon"), page(size=SMALLEST)
    tab_to(ice, "textbox", "Nickname")
    ice.type("ice")
    ice.press("Enter")
    ice.is_("online")
    tab_to(ice, "DisclosureTriangle", "People")
    ice.press("Enter")
    tab_to(ice, "button", "moon")
    ice.press("Enter")
    ice.type("from a phone")
    ice.press("Enter")
    assert moon.hears("private")["data"]["text"] == "from a phone"


def test_the_first_thing_one_comes_to_is_the_way_past_the_rest(page: Opened) -> None:
    ice = page("ice")
    ice.reload()
    ice.is_("watching")
    tab_to(ice, "link", "Skip to the messages")
    ice.press("Enter")
    tab_to(ice, "log", "Messages in #lobby")


def test_who_comes_to_the_page_is_asked_for_a_nickname_first(page: Opened) -> None:
    watcher = page()
    watcher.press("Tab")
    assert watcher.focused().role == "link"
    watcher.press("Tab")
    assert watcher.focused().name == "Nickname"


def test_one_is_never_caught_in_the_field_for_messages(page: Opened) -> None:
    ice = page("ice")
    ice.click(ice.find("textbox", "Message.*", "#write"))
    ice.press("Tab")
    assert not ice.focused().name.startswith("Message")
    ice.press("Tab", shift=True)
    assert ice.focused().name.startswith("Message")
