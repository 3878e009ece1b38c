"""Reading messages: the unread count, times, older messages, scrolling, and very long rooms."""

import re
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages

#: Messages of a long room.
MANY = 10_000
#: Elements that the page may have for them at a time.
MAX_ELEMENTS = 1_000


def test_the_title_counts_unread_messages_while_the_page_is_hidden(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.wait_until("() => document.title === '#lobby · party'")
    ice.hide()
    send_messages(moon, "one", "two", "three")
    ice.wait_until("() => document.title === '(3) #lobby · party'")
    ice.show()
    ice.wait_until("() => document.title === '#lobby · party'")


def test_the_time_of_a_message_is_in_the_reader_s_time_zone(
    open_page: OpenPage, server: Server
) -> None:
    moon = server.add_member("moon")
    send_messages(moon, "what time is it?")
    for zone in ("Asia/Kathmandu", "America/St_Johns"):
        ice = open_page(timezone=zone)
        ice.wait_for_message("what time is it?")
        text, timestamp = ice.run(
            """() => {
              const time = document.querySelector('#log [data-kind=message] time')
              return [time.textContent, time.dateTime]
            }"""
        )
        time = datetime.fromisoformat(timestamp)
        assert time.tzinfo is not None
        assert re.findall(r"\d+", text) == time.astimezone(ZoneInfo(zone)).strftime("%H %M").split()


def test_a_button_loads_older_messages(open_page: OpenPage, server: Server) -> None:
    moon = server.add_member("moon")
    everything = [f"number {number}" for number in range(120)]
    send_messages(moon, *everything)
    watcher = open_page()
    watcher.wait_for_message("number 119")
    assert watcher.texts_from("moon") == everything[-50:]
    watcher.click(watcher.find("button", "Older messages"))
    watcher.wait_for_message("number 0")
    assert watcher.texts_from("moon") == everything


def test_new_messages_do_not_move_a_reader_who_has_scrolled_up(
    open_page: OpenPage, server: Server
) -> None:
    moon = server.add_member("moon")
    send_messages(moon, *(f"number {number}" for number in range(60)))
    ice = open_page("ice")
    ice.wait_for_message("number 59")
    top = "() => document.querySelector('#log').scrollTop"
    ice.wait_until("() => document.querySelector('#log').scrollTop > 0")
    ice.run("() => { document.querySelector('#log').scrollTop = 100 }")
    ice.wait_until("() => document.querySelector('#log').scrollTop === 100")
    send_messages(moon, "new one", "new two")
    button = ice.find("button", "2 new messages.*")
    assert ice.run(top) == 100
    ice.click(button)
    ice.wait_for_message("new two")
    ice.wait_until(
        """() => {
          const log = document.querySelector('#log')
          return log.scrollHeight - log.scrollTop - log.clientHeight < 20
        }"""
    )


def test_notices_do_not_count_as_new_messages(open_page: OpenPage, server: Server) -> None:
    moon = server.add_member("moon")
    send_messages(moon, *(f"number {number}" for number in range(60)))
    ice = open_page("ice")
    ice.wait_for_message("number 59")
    ice.wait_until("() => document.querySelector('#log').scrollTop > 0")
    ice.run("() => { document.querySelector('#log').scrollTop = 100 }")
    ice.wait_until("() => document.querySelector('#log').scrollTop === 100")
    server.add_member("sun").send("quit")
    ice.wait_for_notice("sun has left")
    assert "new" not in ice.run("() => document.querySelector('#newer').textContent").split()
    send_messages(moon, "a new one")
    ice.find("button", "1 new message")


def test_the_history_command_reports_that_there_is_nothing_new(
    open_page: OpenPage, server: Server
) -> None:
    send_messages(server.add_member("moon"), "one", "two")
    ice = open_page("ice")
    ice.wait_for_message("two")
    ice.send("/history 5")
    ice.wait_for_notice("already shown")


def test_the_user_can_write_in_a_room_of_10000_messages(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    for number in range(MANY - 1):
        moon.send("message", {"text": f"number {number}"})
    send_messages(moon, "the last one")
    ice.wait_for_message("the last one", "moon")
    elements = ice.run("() => document.querySelectorAll('#log [data-kind]').length")
    assert elements <= MAX_ELEMENTS
    assert ice.texts_from("moon")[-3:] == ["number 9997", "number 9998", "the last one"]
    ice.send("still here")
    assert moon.receive("message")["data"]["text"] == "still here"
    ice.wait_for_message("still here", kind="own")


def test_the_user_can_write_while_10000_messages_arrive(
    open_page: OpenPage, server: Server
) -> None:
    moon, sun, ice = server.add_member("moon"), server.add_member("sun"), open_page("ice")
    for number in range(MANY // 2):
        moon.send("message", {"text": f"number {number}"})
    ice.send("in between")
    received = ""
    while received != "in between":
        received = sun.receive("message")["data"]["text"]
    for number in range(MANY // 2):
        moon.send("message", {"text": f"again {number}"})
    ice.wait_for_message(f"again {MANY // 2 - 1}")
    assert ice.run("() => document.querySelectorAll('#log [data-kind]').length") <= MAX_ELEMENTS


def test_all_times_are_of_the_servers_clock(open_url: OpenPage, server: Server) -> None:
    moon = server.add_member("moon")
    send_messages(moon, "before")
    ice = open_url("about:blank#")
    source = "const now = Date.now; Date.now = () => now() - 5 * 365 * 86_400_000"
    ice.call("Page.addScriptToEvaluateOnNewDocument", source=source)
    ice.open(server.url)
    ice.wait_for_message("before")
    ice.join("ice")
    send_messages(moon, "after")
    ice.wait_for_message("after")
    server.add_member("sun").send("quit")
    ice.wait_for_notice("sun has left")
    years = ice.run(
        "() => [...document.querySelectorAll('#log time')].map((t) => t.dateTime.slice(0, 4))"
    )
    assert len(set(years)) == 1
    assert ice.run("() => document.querySelectorAll('#log .day').length") == 1


_DAYS = """() => [...document.querySelectorAll('#items > li')].map((item) => [
  item.querySelector('.day')?.textContent ?? '',
  item.querySelector('.text').textContent,
  item.querySelector('time').dateTime.slice(0, 10),
])"""


def days(page: ChatPage) -> list[tuple[str, str, str]]:
    """The heading of each message, its text, and the date of its time; no notices."""
    # Browsers differ in whether there is a comma behind the day of the week.
    return [
        (day.replace(",", ""), text, date)
        for day, text, date in page.run(_DAYS)
        if " has " not in text
    ]


def test_a_day_of_the_servers_clock_begins_with_a_heading(
    start_server: Callable[..., Server], open_url: OpenPage
) -> None:
    """While the page is open, whatever its computer's clock says, and when history is read."""
    server = start_server(chatd=(sys.executable, "-m", "tests.browser.chatd_tomorrow"))
    moon, ice = server.add_member("moon"), open_url(server.url)
    send_messages(moon, "today", "still today")
    ice.wait_for_message("still today")
    server.program.send_signal(signal.SIGUSR1)
    server.program.expect_stderr("a new day")
    send_messages(moon, "tomorrow", "still tomorrow")
    ice.wait_for_message("still tomorrow")
    reader = open_url(server.url)
    reader.wait_for_message("still tomorrow")
    for page in (ice, reader):
        today, tomorrow = [datetime.fromisoformat(days(page)[index][2]) for index in (0, 2)]
        assert tomorrow - today == timedelta(days=1)
        assert [(day, text) for day, text, _ in days(page)] == [
            (f"{today:%A} {today.day} {today:%B} {today:%Y}", "today"),
            ("", "still today"),
            (f"{tomorrow:%A} {tomorrow.day} {tomorrow:%B} {tomorrow:%Y}", "tomorrow"),
            ("", "still tomorrow"),
        ]
    # What the page says itself has the server's date, too.
    server.add_member("sun").send("quit")
    ice.wait_for_notice("sun has left")
    assert ice.run("() => document.querySelectorAll('#log .day').length") == 2
