"""One stream in place of views: all lines as they come, and where a typed one goes."""

from pathlib import Path

from tests.client.terminal.view_screen import ViewScreen


def test_in_one_stream_all_is_shown_as_it_comes(tmp_path: Path) -> None:
    ice = ViewScreen(tmp_path, one_stream=True)
    ice.come("ana", "ben")
    ice.join("#dev")
    ice.say("#dev", "about code")
    ice.say("#lobby", "in the lobby")
    ice.say_privately("psst")
    ice.enter("/room #lobby")
    assert ice.shown == [
        "[Server]: ana has entered the chat",
        "[Server]: ben has entered the chat",
        "> /join #dev",
        "[Server]: ice has joined #dev",
        "#dev moon: about code",
        "moon: in the lobby",
        "[private] moon: psst",
        "> /room #lobby",
        "You are now writing to #lobby.",
    ]


def test_in_one_stream_the_prompt_says_that_a_line_is_private_too(tmp_path: Path) -> None:
    ice = ViewScreen(tmp_path, one_stream=True)
    ice.type("@moon psst")
    assert ice.prompt == "privately to moon> "


def test_in_one_stream_a_private_line_that_is_recalled_in_a_room_is_still_private(
    tmp_path: Path,
) -> None:
    ice = ViewScreen(tmp_path, one_stream=True)
    ice.enter("/query moon", "a secret", "/me waves", "/room #lobby")
    history = ice.ui._editor.application.current_buffer.history
    assert history.get_strings() == ["/query moon", "/msg moon a secret", "/room #lobby"]
