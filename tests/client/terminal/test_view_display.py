"""Views on the screen: what is shown where, what is unread, and where typed text stays and goes."""

from pathlib import Path

import pytest
from prompt_toolkit.data_structures import Size

from chatd.chat import events, limits
from chatd.chat.commands import SendMessage, SendPrivate
from chatd.client.ui import ALL, NONE
from chatd.wire import frames
from tests.client.terminal.view_screen import ViewScreen


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are shown as 00:00, wherever the test runs."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture
def ice(tmp_path: Path) -> ViewScreen:
    return ViewScreen(tmp_path)


def test_each_room_and_private_talk_shows_its_own_lines_and_nothing_of_others(
    ice: ViewScreen,
) -> None:
    ice.say("#lobby", "in the lobby")
    ice.join("#dev")
    ice.say("#dev", "about code")
    ice.say_privately("psst")
    assert ice.shown[-3:] == [
        "[Server]: ice has joined #dev",
        "moon: about code",
        "moon writes to you privately: Alt-3 or /query moon.",
    ]
    ice.ui.view_requested(3)
    assert ice.shown == ["──── new ────", "moon: psst"]
    ice.ui.view_requested(1)
    assert ice.shown == ["moon: in the lobby", "> /join #dev"]
    ice.ui.view_moved(1)
    assert "moon: about code" in ice.shown
    assert "psst" not in "".join(ice.shown)
    ice.ui.view_moved(2)
    assert ice.prompt == "#lobby> "
    ice.ui.view_moved(-1)
    assert ice.prompt == "privately to moon> "


def test_messages_in_other_views_are_counted_until_they_are_seen(ice: ViewScreen) -> None:
    ice.join("#dev")
    ice.enter("/room #lobby")
    ice.say("#dev", "one", "two", "three for ice")
    ice.say_privately("psst", "again")
    assert "2:#dev 3 1!  3:@moon 2!" in ice.status
    ice.ui.view_requested(2)
    assert "1:#lobby  3:@moon 2!" in ice.status
    ice.ui.view_requested(3)
    assert "1:#lobby  2:#dev" in ice.status
    assert "!" not in ice.status


def test_the_mark_stands_where_the_unread_lines_begin_and_goes_when_they_were_seen(
    ice: ViewScreen,
) -> None:
    ice.join("#dev")
    ice.say("#dev", "seen")
    ice.enter("/room #lobby")
    ice.now = 60.0
    ice.say("#dev", "one", "two")
    ice.ui.view_requested(2)
    assert ice.shown[-4:] == ["moon: seen", "──── new since 00:00 ────", "moon: one", "moon: two"]
    ice.say("#dev", "three")
    assert ice.shown[-3:] == ["moon: one", "moon: two", "moon: three"]
    ice.ui.view_requested(1)
    ice.ui.view_requested(2)
    assert not any("new" in line for line in ice.shown)


def test_a_private_message_opens_a_view_and_leaves_the_input_alone(ice: ViewScreen) -> None:
    ice.type("half a li")
    ice.say_privately("psst")
    assert (ice.draft, ice.prompt) == ("half a li", "#lobby> ")
    ice.enter("ne")
    assert ice.sent[-1][0] == SendMessage("half a line", "#lobby")


def test_a_private_talk_with_several_is_one_view_whoever_of_them_writes(ice: ViewScreen) -> None:
    ice.say_privately("hello", to=("ice", "sun"))
    ice.say_privately("hi", source="sun", to=("moon", "ice"))
    assert "2:@moon,sun 2!" in ice.status
    ice.ui.view_requested(2)
    ice.enter("hi both")
    command, request_id = ice.sent[-1]
    assert isinstance(command, SendPrivate)
    assert sorted(command.to) == ["moon", "sun"]
    ice.receive(frames.Ok(id=request_id))
    assert ice.shown[-3:] == ["moon: hello", "sun: hi", "ice: hi both"]


def test_a_draft_stays_in_the_view_where_it_was_typed(ice: ViewScreen) -> None:
    ice.join("#dev")
    ice.type("for #dev")
    ice.ui.view_requested(1)
    assert ice.draft == ""
    ice.type("for the lobby")
    ice.ui.view_requested(2)
    assert ice.draft == "for #dev"
    ice.enter("")
    ice.ui.view_requested(1)
    assert ice.draft == "for the lobby"
    ice.enter("")
    assert [command for command, _ in ice.sent if isinstance(command, SendMessage)] == [
        SendMessage("for #dev", "#dev"),
        SendMessage("for the lobby", "#lobby"),
    ]


def test_undoing_brings_no_text_of_another_view_back(ice: ViewScreen) -> None:
    ice.join("#dev")
    ice.type("a secret of #dev")
    ice.ui.view_requested(1)
    ice.ui._editor.application.current_buffer.undo()
    assert ice.draft == ""


def test_a_private_line_that_is_recalled_in_a_room_is_still_private(ice: ViewScreen) -> None:
    ice.enter("/query moon")
    ice.enter("a secret", "/me waves")
    ice.ui.view_requested(1)
    buffer = ice.ui._editor.application.current_buffer
    assert buffer.history.get_strings()[-2:] == ["/query moon", "/msg moon a secret"]


def test_a_private_line_that_was_refused_is_still_private_when_it_is_mended_in_a_room(
    ice: ViewScreen,
) -> None:
    too_long = "a secret " * limits.MESSAGE_CHARACTERS
    ice.enter("/query moon,sun", too_long)
    history = ice.ui._editor.application.current_buffer.history
    assert history.get_strings()[-1].startswith("/msg moon,sun a secret")
    ice.enter(f"/me {too_long}")
    assert history.get_strings()[-1].startswith("/msg moon,sun a secret")
    ice.enter("it\n@ice hi")
    assert history.get_strings()[-1] == "/msg moon,sun it\n@ice hi"
    ice.enter("\\msg ice hi", "/nosuch ice hi")
    assert history.get_strings()[-2:] == ["\\msg ice hi", "/nosuch ice hi"]
    assert not [each for each, _ in ice.sent if isinstance(each, SendMessage | SendPrivate)]


def test_a_long_paste_goes_where_it_was_pasted_also_if_the_view_has_changed_meanwhile(
    ice: ViewScreen,
) -> None:
    ice.join("#dev")
    text = "\n".join(f"line {number}" for number in range(20))
    ice.enter(text)
    ice.session.switch("#lobby")
    ice.enter("y")
    assert ice.sent[-1][0] == SendMessage(text, "#dev")
    ice.session.switch("#dev")
    ice.enter(text)
    ice.session.switch("#lobby")
    ice.enter("n")
    assert ice.draft == ""
    ice.session.switch("#dev")
    assert ice.draft == text


def test_the_prompt_says_where_a_line_will_go_while_it_is_typed(ice: ViewScreen) -> None:
    assert ice.prompt == "#lobby> "
    ice.type("@m")
    assert ice.prompt == "privately to m> "
    ice.type("oon @sun hello")
    assert ice.prompt == "privately to moon, sun> "
    ice.ui._editor.application.current_buffer.reset()
    ice.enter("/query moon")
    assert ice.prompt == "privately to moon> "
    ice.type("/users")
    assert ice.prompt == "@moon> "


def test_a_room_that_cannot_be_joined_leaves_no_view_and_the_draft_is_not_moved(
    ice: ViewScreen,
) -> None:
    ice.enter("/join #secret")
    assert ice.prompt == "#secret> "
    ice.receive(frames.Error(id=ice.sent[-1][1], data=frames.ErrorData("too-many-rooms", "No.")))
    assert ice.prompt == "#lobby> "
    assert "#secret" not in ice.status
    assert ice.shown[-1].endswith("No.")
    ice.enter("/join #secret")
    ice.type("too early")
    ice.receive(frames.Error(id=ice.sent[-1][1], data=frames.ErrorData("too-many-rooms", "No.")))
    assert (ice.prompt, ice.draft) == ("#lobby> ", "")
    assert ice.ui._display.drafts() == [("#secret", "too early")]


def test_after_leave_lines_go_to_the_lobby_and_a_draft_is_not_lost(ice: ViewScreen) -> None:
    ice.join("#dev", "#tea")
    ice.type("half a line")
    ice.ui.view_requested(2)
    ice.enter("/leave #tea")
    ice.confirm()
    assert ice.shown[-2:] == [
        "Not sent to #tea: half a line",
        "[Server]: ice has left #tea",
    ]
    ice.enter("/leave")
    ice.confirm()
    assert ice.prompt == "#lobby> "
    ice.enter("hello")
    assert ice.sent[-1][0] == SendMessage("hello", "#lobby")
    assert "#dev" not in ice.status
    assert "#tea" not in ice.status


def test_switching_to_a_room_that_the_user_is_not_in_is_refused_and_names_the_near_one(
    ice: ViewScreen,
) -> None:
    ice.join("#devices")
    ice.ui.view_requested(1)
    ice.enter("/room #device")
    assert ice.prompt == "#lobby> "
    assert "".join(ice.shown[-2:]).replace("      ", " ") == (
        "Not sent: you are not in #device; did you mean /room #devices? /join #device joins it."
    )
    ice.enter("/room #nosuch")
    assert ice.shown[-1].endswith("you are not in #nosuch. /join #nosuch joins it.")


def test_a_talk_goes_on_when_the_other_one_has_another_nickname(ice: ViewScreen) -> None:
    ice.say_privately("psst")
    ice.ui.view_requested(2)
    ice.type("half a line")
    ice.receive(frames.MemberRenamed(data=events.MemberRenamed("moon", "Moonlight")))
    assert (ice.prompt, ice.draft) == ("privately to Moonlight> ", "half a line")
    assert ice.shown[-1] == "[Server]: moon renamed to Moonlight"
    ice.enter("")
    assert ice.sent[-1][0] == SendPrivate("half a line", ("Moonlight",))


def test_an_own_private_message_from_a_room_is_in_the_talk_and_the_room_says_so(
    ice: ViewScreen,
) -> None:
    ice.enter("@moon a secret")
    ice.receive(frames.Ok(id=ice.sent[-1][1]))
    assert ice.shown[-1] == "Sent privately to moon: Alt-2 or /query moon."
    assert "secret" not in "".join(ice.shown)
    ice.ui.view_requested(2)
    assert ice.shown == ["ice: a secret"]


def test_who_is_away_is_said_in_the_talk_and_the_status_line_has_the_own_absence(
    ice: ViewScreen,
) -> None:
    ice.say_privately("psst")
    ice.receive(frames.AwayChanged(data=events.AwayChanged("moon", "lunch")))
    ice.receive(frames.AwayChanged(data=events.AwayChanged("sun", "tea")))
    assert "sun" not in "".join(ice.shown)
    ice.ui.view_requested(2)
    assert ice.shown[-1] == "[Server]: moon is away: lunch"
    ice.enter("/away nap")
    ice.receive(frames.Ok(id=ice.sent[-1][1]))
    assert ice.shown[-1] == "[Server]: The others know that you are away: nap"
    assert "(away)" in ice.status
    ice.enter("/back")
    ice.receive(frames.Ok(id=ice.sent[-1][1]))
    assert ice.shown[-1] == "[Server]: You are back"
    assert "(away)" not in ice.status


def test_a_topic_is_shown_in_its_room(ice: ViewScreen) -> None:
    ice.join("#dev")
    ice.receive(frames.Topic(data=events.Topic("#lobby", "Welcome", "moon", 0)))
    assert "Welcome" not in "".join(ice.shown)
    ice.ui.view_requested(1)
    assert "Welcome" in "".join(ice.shown)


# --- arrivals -----------------------------------------------------------------------------------


def test_arrivals_are_one_line_that_is_renewed_in_place(ice: ViewScreen) -> None:
    ice.come("ana")
    assert ice.shown[-1] == "[Server]: ana has entered the chat"
    ice.come("ben")
    ice.come(*(f"s{number}" for number in range(26)))
    assert ice.shown[-1] == "ana, ben and 26 others came in (Alt-A: all)"
    assert "ana" not in "".join(ice.shown[:-1])
    ice.say("#lobby", "hello")
    ice.go("ana")
    ice.come("cem")
    assert ice.shown[-3:] == [
        "ana, ben and 26 others came in (Alt-A: all)",
        "moon: hello",
        "ana left; cem came in",
    ]


def test_all_arrivals_are_shown_on_request_and_folded_again(ice: ViewScreen) -> None:
    ice.come("ana", "ben", "cem", "dan")
    ice.ui.arrivals_toggled()
    assert ice.shown == [
        f"[Server]: {name} has entered the chat" for name in ("ana", "ben", "cem", "dan")
    ]
    ice.come("eve")
    assert ice.shown[-1] == "[Server]: eve has entered the chat"
    ice.ui.arrivals_toggled()
    assert ice.shown == ["ana, ben and 3 others came in (Alt-A: all)"]


def test_each_room_shows_its_own_arrivals_only(ice: ViewScreen) -> None:
    ice.join("#dev")
    ice.come("ana", "ben")
    assert "ana" not in "".join(ice.shown)
    ice.receive(frames.RoomJoined(data=events.RoomJoined("#dev", "ana")))
    assert ice.shown[-1] == "[Server]: ana has joined #dev"
    ice.go("ben")
    assert "ben" not in "".join(ice.shown)
    ice.go("ana")
    assert ice.shown[-1] == "ana came and went"
    ice.ui.view_requested(1)
    assert ice.shown[-1] == "ana and ben came and went"


@pytest.mark.parametrize(
    ("arrivals", "lines"),
    [
        (ALL, ["[Server]: ana has entered the chat", "[Server]: ben has entered the chat"]),
        (NONE, []),
    ],
)
def test_arrivals_can_all_be_shown_or_not_at_all(
    arrivals: str, lines: list[str], tmp_path: Path
) -> None:
    ice = ViewScreen(tmp_path, arrivals=arrivals)
    ice.come("ana", "ben")
    assert ice.shown == lines
    assert "3 members" in ice.status


# --- the window ---------------------------------------------------------------------------------


def test_a_long_view_shows_its_end_and_scrolls(ice: ViewScreen) -> None:
    ice.join("#dev")
    ice.say("#dev", *(str(number) for number in range(30)))
    ice.ui.view_requested(1)
    ice.ui.view_requested(2)
    assert ice.shown == [f"moon: {number}" for number in range(20, 30)]
    ice.ui.page_moved(-1)
    assert ice.shown == [f"moon: {number}" for number in range(11, 21)]
    ice.say("#dev", "30")
    assert ice.shown == [f"moon: {number}" for number in range(11, 21)], "it stays where it is"
    assert "PageDown: 1 new" in ice.status
    for _ in range(9):
        ice.ui.page_moved(-1)
    assert ice.shown[:2] == ["[Server]: ice has joined #dev", "moon: 0"]
    for _ in range(9):
        ice.ui.page_moved(1)
    assert ice.shown[-3:] == ["moon: 29", "──── new since 00:00 ────", "moon: 30"]
    assert "PageDown" not in ice.status


def test_entering_a_line_scrolls_to_the_end(ice: ViewScreen) -> None:
    ice.say("#lobby", *(str(number) for number in range(30)))
    ice.ui.page_moved(-1)
    ice.enter("hello")
    assert ice.shown[-1] == "moon: 29"


def test_what_is_said_at_the_end_is_seen_also_by_a_user_who_has_scrolled_up(
    ice: ViewScreen,
) -> None:
    ice.say("#lobby", *(str(number) for number in range(30)))
    ice.ui.page_moved(-1)
    ice.type("half a line")
    ice.ui.notify("Server disconnected")
    ice.ui.close()
    assert ice.shown[-2:] == ["Server disconnected", "Not sent: half a line"]


def test_after_a_resize_the_view_is_wrapped_anew(ice: ViewScreen) -> None:
    ice.say("#lobby", "word " * 20)
    wide = len(ice.shown)
    ice.size = Size(rows=12, columns=30)
    ice.emulator.screen.resize(12, 30)
    ice.ui.window_lost()
    assert len(ice.shown) > wide
    assert "".join("".join(ice.shown).split()) == "moon:" + "word" * 20


def test_a_long_url_is_not_broken_by_the_client(ice: ViewScreen) -> None:
    url = "https://example.org/" + "path/" * 20
    ice.say("#lobby", f"see {url} there")
    for _ in range(2):
        ice.clock.advance(1)
        # The terminal itself goes on in the next row, without a space.
        assert url in "".join(ice.emulator.screen.display)
        ice.ui.window_lost()


def test_clear_empties_the_view_that_is_shown_and_no_other(ice: ViewScreen) -> None:
    ice.say("#lobby", "stays")
    ice.join("#dev")
    ice.say("#dev", "goes")
    ice.enter("/clear")
    assert ice.shown == []
    ice.say("#dev", "next")
    assert ice.shown == ["moon: next"]
    ice.ui.view_requested(1)
    assert "moon: stays" in ice.shown


def test_what_was_in_the_window_before_is_scrolled_away_and_not_lost(ice: ViewScreen) -> None:
    ice.emulator.write("from the shell\r\n")
    ice.join("#dev")
    assert "from the shell" not in "".join(ice.shown)
    above = [
        "".join(row[x].data for x in range(len(row))) for row in ice.emulator.screen.history.top
    ]
    assert any("from the shell" in row for row in above)


# --- ignoring -----------------------------------------------------------------------------------


def test_what_an_ignored_nickname_says_and_its_coming_and_leaving_is_not_shown(
    ice: ViewScreen,
) -> None:
    ice.enter("/ignore Moon")
    before = ice.shown
    ice.say("#lobby", "noise")
    ice.say_privately("noise")
    ice.go("moon")
    ice.come("moon")
    history = events.History("#lobby", (events.Message("#lobby", 1, 0, "moon", "noise"),))
    ice.receive(frames.History(data=history))
    assert not any("noise" in line or "moon" in line for line in ice.shown[len(before) :])
    assert "@moon" not in ice.status
    assert "2 members" in ice.status, "it is still counted"
    ice.enter("/unignore moon")
    ice.say("#lobby", "music")
    assert ice.shown[-1] == "moon: music"


def test_a_mention_is_highlighted_in_mid_sentence(ice: ViewScreen) -> None:
    ice.say("#lobby", "well, @ICE said so")
    assert ice.shown[-1] == "moon: well, @ICE said so"
    [row] = [y for y, line in enumerate(ice.emulator.screen.display) if "@ICE" in line]
    begin = ice.emulator.screen.display[row].index("@ICE")
    marked = [x for x in range(60) if ice.emulator.screen.buffer[row][x].reverse]
    assert marked == list(range(begin, begin + 4))


def test_a_nickname_with_a_space_is_offered_with_an_underscore_and_enter_takes_it(
    ice: ViewScreen,
) -> None:
    ice.enter("/nick Anna Müller")
    assert ice.draft == "/setname Anna_Müller"


def test_a_room_that_was_cleared_keeps_its_view_when_the_user_leaves_it(ice: ViewScreen) -> None:
    ice.join("#dev")
    ice.enter("/clear")
    ice.ui.view_requested(1)
    assert "2:#dev" in ice.status
