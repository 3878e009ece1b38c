"""What hosts and operators do, at a terminal: on the screen, in the prompt and the status line."""

from pathlib import Path

import pytest

from chatd.chat import events
from chatd.chat.moderation_events import Moderation, Restricted, RoomSettings
from chatd.wire import frames
from chatd.wire.frames import OkData
from tests.client.terminal.view_screen import ViewScreen


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are shown as 00:00, wherever the test runs."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture
def ice(tmp_path: Path) -> ViewScreen:
    return ViewScreen(tmp_path, columns=80)


def say(ice: ViewScreen, seq: int, text: str, room: str = "#lobby") -> None:
    ice.receive(frames.Message(data=events.Message(room, seq, 0, "moon", text)))


def moderate(ice: ViewScreen, what: str, by: str = "ana", **details: object) -> None:
    ice.receive(frames.Moderation(data=Moderation(what, by, **details)))  # type: ignore[arg-type]  # names and values of the event


def settings(ice: ViewScreen, **details: object) -> None:
    data = RoomSettings("#lobby", **details)  # type: ignore[arg-type]  # as above
    ice.receive(frames.RoomSettings(data=data))


def make_host(ice: ViewScreen) -> None:
    moderate(ice, "host", by="ice", nickname="ice")


def refuse(ice: ViewScreen, code: str, message: str) -> None:
    _, request_id = ice.sent[-1]
    ice.receive(frames.Error(id=request_id, data=frames.ErrorData(code, message)))


# --- removed messages ---------------------------------------------------------------------------


def test_a_removed_message_is_taken_off_the_screen_and_it_is_said_who_did_it(
    ice: ViewScreen,
) -> None:
    say(ice, 11, "hello")
    say(ice, 12, "rude\nvery rude")
    say(ice, 13, "well")
    moderate(ice, "remove", nickname="moon", room="#lobby", seq=12)
    assert ice.shown == [
        "moon: hello",
        "moon: (removed by ana)",
        "moon: well",
        "[Server]: ana removed message 12 of moon.",
    ]


def test_it_is_gone_from_a_view_that_is_not_shown_and_from_a_history(ice: ViewScreen) -> None:
    ice.join("#dev")
    say(ice, 5, "rude", "#dev")
    rude = events.Message("#dev", 5, 0, "moon", "rude")
    ice.receive(frames.History(data=events.History("#dev", (rude,))))
    ice.enter("/room #lobby")
    moderate(ice, "remove", nickname="moon", room="#DEV", seq=5)
    say(ice, 5, "another room's message 5 stays")
    assert "stays" in "".join(ice.shown)
    ice.ui.view_requested(2)
    shown = "\n".join(ice.shown)
    assert "rude" not in shown
    assert shown.count("(removed by ana)") == 2


def test_the_mark_of_what_is_new_stays_where_it_was(ice: ViewScreen) -> None:
    ice.join("#dev")
    say(ice, 1, "one\ntwo\nthree", "#dev")
    ice.enter("/room #lobby")
    say(ice, 2, "new", "#dev")
    moderate(ice, "remove", nickname="moon", room="#dev", seq=1)
    ice.ui.view_requested(2)
    shown = ice.shown
    mark = shown.index("──── new since 00:00 ────")
    assert shown[mark + 1] == "moon: new"
    assert shown[mark - 1].endswith("(removed by ana)")


def test_a_message_that_was_removed_before_the_user_came_is_shown_as_such(
    ice: ViewScreen,
) -> None:
    gone = events.Message("#lobby", 12, 0, "moon", "", removed="ana")
    ice.receive(frames.History(data=events.History("#lobby", (gone,))))
    assert "│ [12] moon: (removed by ana)" in [line.replace("00:00 ", "") for line in ice.shown]


def test_whoever_may_remove_messages_sees_their_numbers_and_the_others_do_not(
    ice: ViewScreen,
) -> None:
    say(ice, 11, "hello")
    make_host(ice)
    say(ice, 12, "hi")
    ice.enter("and me")
    _, request_id = ice.sent[-1]
    ice.receive(frames.Ok(id=request_id, data=OkData("#lobby", 13, 0)))
    assert ice.shown == [
        "moon: hello",
        "[Server]: ice is a host now.",
        "[12] moon: hi",
        "[13] ice: and me",
    ]


def test_an_operator_sees_them_in_its_room_alone(ice: ViewScreen) -> None:
    ice.join("#dev")
    ice.receive(
        frames.Users(data=events.Users((events.User("ice", 0, ("#dev",), operator=("#dev",)),)))
    )
    say(ice, 1, "hi", "#dev")
    say(ice, 1, "hello")
    assert "[1] moon: hi" in ice.shown
    assert ice.status.endswith("online as ice (operator)")
    ice.ui.view_requested(1)
    assert "moon: hello" in ice.shown
    assert ice.status.endswith("online as ice")


def test_history_shows_the_numbers_to_everybody(ice: ViewScreen) -> None:
    old = events.Message("#lobby", 12, 0, "moon", "hi")
    ice.receive(frames.History(data=events.History("#lobby", (old,))))
    assert "│ 00:00 [12] moon: hi" in ice.shown


# --- rooms --------------------------------------------------------------------------------------


def test_a_read_only_room_says_so_in_the_prompt_until_it_is_open_again(ice: ViewScreen) -> None:
    settings(ice, read_only=True)
    assert ice.prompt == "#lobby (read-only)> "
    make_host(ice)
    assert ice.prompt == "#lobby> ", "a host may write"
    moderate(ice, "unhost", nickname="ice")
    assert ice.prompt == "#lobby (read-only)> "
    moderate(ice, "voice", nickname="ice", room="#lobby")
    assert ice.prompt == "#lobby> ", "one with a voice, too"
    moderate(ice, "unvoice", nickname="ice", room="#lobby")
    settings(ice)
    assert ice.prompt == "#lobby> "


@pytest.mark.parametrize("code", ["read-only", "muted", "slow"])
def test_a_line_that_the_server_does_not_take_for_now_is_in_the_input_line_again(
    ice: ViewScreen, code: str
) -> None:
    ice.enter("a long thought")
    refuse(ice, code, "Not now.")
    assert ice.draft == "a long thought"
    assert ice.shown[-1] == "Refused (a long thought): Not now."


def test_it_takes_the_place_of_nothing_that_the_user_has_begun(ice: ViewScreen) -> None:
    ice.enter("a long thought")
    ice.type("another")
    refuse(ice, "slow", "Not now.")
    assert ice.draft == "another"


def test_in_another_view_it_waits_there(ice: ViewScreen) -> None:
    ice.join("#dev")
    ice.enter("a long thought", "/room #lobby")
    refuse(ice, "read-only", "Not now.")
    assert ice.draft == ""
    ice.ui.view_requested(2)
    assert ice.draft == "a long thought"


def test_in_one_stream_it_is_kept_as_well(tmp_path: Path) -> None:
    ice = ViewScreen(tmp_path, one_stream=True)
    ice.enter("a long thought")
    refuse(ice, "read-only", "Not now.")
    assert ice.draft == "a long thought"


def test_the_status_line_shows_what_is_set_in_the_room(ice: ViewScreen) -> None:
    settings(ice, read_only=True, slow=90, closed=True, topic_locked=True)
    assert " #lobby (read-only, slow 1 min 30 s, closed, topic locked) " in ice.status


def test_after_a_reconnect_it_shows_what_holds_then(ice: ViewScreen) -> None:
    settings(ice, read_only=True)
    ice.ui.show_event(events.Welcome("party", 7, "ice", ("#lobby",), resumed=True))
    assert "read-only" not in ice.status


# --- what is said -------------------------------------------------------------------------------


def test_what_a_host_does_is_said_in_the_room_that_it_concerns(ice: ViewScreen) -> None:
    ice.join("#dev")
    moderate(ice, "mute", nickname="sun", room="#lobby")
    moderate(ice, "kick", nickname="sun")
    moderate(ice, "kick", nickname="moon", room="#dev")
    assert ice.shown[-1] == "[Server]: ana removed moon from #dev."
    assert "sun" not in "".join(ice.shown)
    ice.ui.view_requested(1)
    assert ice.shown[-2:] == [
        "[Server]: ana muted sun in #lobby.",
        "[Server]: ana removed sun from the chat.",
    ]


def test_whoever_is_taken_out_of_a_room_reads_why_where_it_is_then(ice: ViewScreen) -> None:
    ice.join("#dev")
    ice.receive(
        frames.Restricted(data=Restricted("kick", "ana", "#dev", "rude")),
        frames.Moderation(data=Moderation("kick", "ana", "ice", "#dev")),
        frames.RoomLeft(data=events.RoomLeft("#dev", "ice")),
    )
    assert ice.prompt == "#lobby> "
    assert ice.shown[-2:] == [
        "[Server]: You were removed from #dev by ana: rude. You may come back.",
        "[Server]: ice has left #dev",
    ]


@pytest.mark.parametrize("line", ["/host k7xp-m2qa", "/key two words", "/join #dev k7xp"])
def test_a_line_with_a_secret_is_not_repeated(ice: ViewScreen, line: str) -> None:
    ice.enter(line)
    shown = "\n".join(ice.shown)
    assert "k7xp" not in shown
    assert "words" not in shown
    assert "k7xp" not in " ".join(ice.ui._history.get_strings())


def test_a_host_sees_where_it_is_what_it_has_done(ice: ViewScreen) -> None:
    ice.join("#dev")
    moderate(ice, "kick", by="ice", nickname="sun")
    assert ice.shown[-1] == "[Server]: ice removed sun from the chat."


def test_the_person_concerned_is_told_why_and_for_how_long(ice: ViewScreen) -> None:
    ice.now = 60.0
    until = 60_000 + 600_000
    ice.receive(frames.Restricted(data=Restricted("mute", "ana", "#lobby", "spam", until)))
    moderate(ice, "mute", nickname="ice", room="#lobby")
    assert [line.partition("]: ")[2] for line in ice.shown] == [
        "You are muted in #lobby for 10 min: spam."
    ]
