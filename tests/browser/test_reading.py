"""Reading: what is unread, when it was said, what was said before, and very long rooms."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.browser.page import Opened
from tests.browser.servers import Server, say

#: How many messages make a long room.
MANY = 10_000
#: How many rows may be in the page at once, however long the room.
ROWS = 1_000


def test_the_title_counts_what_is_unread_while_one_looks_elsewhere(
    page: Opened, server: Server
) -> None:
    moon, ice = server.enter("moon"), page("ice")
    ice.until("() => document.title === '#lobby · party'")
    ice.hide()
    say(moon, "one", "two", "three")
    ice.until("() => document.title === '(3) #lobby · party'")
    ice.show()
    ice.until("() => document.title === '#lobby · party'")


def test_the_time_of_a_message_is_the_reader_s_own(page: Opened, server: Server) -> None:
    moon = server.enter("moon")
    say(moon, "what time is it?")
    for zone in ("Asia/Kathmandu", "America/St_Johns"):
        ice = page(timezone=zone)
        ice.shows("what time is it?")
        shown, stamp = ice.run(
            """() => {
              const time = document.querySelector('#log [data-kind=message] time')
              return [time.textContent, time.dateTime]
            }"""
        )
        then = datetime.fromisoformat(stamp)
        assert then.tzinfo is not None
        assert (
            re.findall(r"\d+", shown) == then.astimezone(ZoneInfo(zone)).strftime("%H %M").split()
        )


def test_older_messages_come_when_they_are_asked_for(page: Opened, server: Server) -> None:
    moon = server.enter("moon")
    everything = [f"number {number}" for number in range(120)]
    say(moon, *everything)
    watcher = page()
    watcher.shows("number 119")
    assert watcher.said_by("moon") == everything[-50:]
    watcher.click(watcher.find("button", "Older messages"))
    watcher.shows("number 0")
    assert watcher.said_by("moon") == everything


def test_a_reader_who_has_scrolled_up_is_left_there_and_told_of_new_messages(
    page: Opened, server: Server
) -> None:
    moon = server.enter("moon")
    say(moon, *(f"number {number}" for number in range(60)))
    ice = page("ice")
    ice.shows("number 59")
    top = "() => document.querySelector('#log').scrollTop"
    ice.until("() => document.querySelector('#log').scrollTop > 0")
    ice.run("() => { document.querySelector('#log').scrollTop = 100 }")
    ice.until("() => document.querySelector('#log').scrollTop === 100")
    say(moon, "new one", "new two")
    button = ice.find("button", "2 new messages.*")
    assert ice.run(top) == 100
    ice.click(button)
    ice.shows("new two")
    ice.until(
        """() => {
          const log = document.querySelector('#log')
          return log.scrollHeight - log.scrollTop - log.clientHeight < 20
        }"""
    )


def test_who_comes_and_goes_is_no_new_message(page: Opened, server: Server) -> None:
    moon = server.enter("moon")
    say(moon, *(f"number {number}" for number in range(60)))
    ice = page("ice")
    ice.shows("number 59")
    ice.until("() => document.querySelector('#log').scrollTop > 0")
    ice.run("() => { document.querySelector('#log').scrollTop = 100 }")
    ice.until("() => document.querySelector('#log').scrollTop === 100")
    server.enter("sun").says("quit")
    ice.notes("sun has left")
    assert "new" not in ice.run("() => document.querySelector('#newer').textContent").split()
    say(moon, "a new one")
    ice.find("button", "1 new message")


def test_a_history_that_is_there_already_is_said_to_be(page: Opened, server: Server) -> None:
    say(server.enter("moon"), "one", "two")
    ice = page("ice")
    ice.shows("two")
    ice.write("/history 5")
    ice.notes("in the log already")


def test_in_a_room_of_10000_messages_one_can_still_write(page: Opened, server: Server) -> None:
    moon, ice = server.enter("moon"), page("ice")
    for number in range(MANY - 1):
        moon.says("message", {"text": f"number {number}"})
    say(moon, "the last one")
    ice.shows("the last one", "moon")
    rows = ice.run("() => document.querySelectorAll('#log [data-kind]').length")
    assert rows <= ROWS
    assert ice.said_by("moon")[-3:] == ["number 9997", "number 9998", "the last one"]
    ice.write("still here")
    assert moon.hears("message")["data"]["text"] == "still here"
    ice.shows("still here", kind="own")


def test_while_10000_messages_come_one_can_write(page: Opened, server: Server) -> None:
    moon, sun, ice = server.enter("moon"), server.enter("sun"), page("ice")
    for number in range(MANY // 2):
        moon.says("message", {"text": f"number {number}"})
    ice.write("in between")
    heard = ""
    while heard != "in between":
        heard = sun.hears("message")["data"]["text"]
    for number in range(MANY // 2):
        moon.says("message", {"text": f"again {number}"})
    ice.shows(f"again {MANY // 2 - 1}")
    assert ice.run("() => document.querySelectorAll('#log [data-kind]').length") <= ROWS
