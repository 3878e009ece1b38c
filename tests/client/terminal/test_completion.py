"""Completion of a half-typed word."""

import pytest

from chatd.client.terminal.completion import Known, choices, completions

KNOWN = Known(("ice", "Moon", "moonlight"), ("#dev", "#devices", "#lobby"))


@pytest.mark.parametrize(
    ("before", "beginning", "words"),
    [
        ("/jo", "/jo", ["/join "]),
        ("/m", "/m", ["/msg ", "/message ", "/me ", "/more ", "/mute "]),
        ("/M", "/M", ["/msg ", "/message ", "/me ", "/more ", "/mute "]),
        ("/se", "/se", ["/search ", "/setname ", "/send "]),
        ("/search f", "f", ["from:"]),
        ("/search tea ", "", []),
        ("/search tea from:moonL", "moonL", ["moonlight"]),
        ("/search in:", "", ["#dev", "#devices", "#lobby"]),
        ("/search tea in:#dev", "#dev", ["#dev", "#devices"]),
        ("/search tea ROOM:lo", "lo", ["#lobby"]),
        ("/search since:2", "since:2", []),
        ("/search @mo", "@mo", ["@Moon ", "@moonlight "]),
        ("/dance", "/dance", []),
        ("\uff20mo", "\uff20mo", ["\uff20Moon ", "\uff20moonlight "]),
        ("@mo", "@mo", ["@Moon ", "@moonlight "]),
        ("@", "@", ["@ice ", "@Moon ", "@moonlight "]),
        ("hello @ic", "@ic", ["@ice "]),
        ("@ice @moonl", "@moonl", ["@moonlight "]),
        ("hello\n@ic", "@ic", ["@ice "]),
        ("hello moonl", "moonl", ["moonlight"]),
        ("hello ", "", []),
        ("", "", []),
        ("/msg m", "m", ["Moon", "moonlight"]),
        ("/MSG m", "m", ["Moon", "moonlight"]),
        ("/msg ice,MOONL", "MOONL", ["moonlight"]),
        ("/msg ice hello moo", "moo", []),
        ("/join #de", "#de", ["#dev", "#devices"]),
        ("/room de", "de", ["#dev", "#devices"]),
        ("/leave ", "", ["#dev", "#devices", "#lobby"]),
        ("see #lo", "#lo", ["#lobby"]),
        ("/setname m", "m", []),
        ("/history 1", "1", []),
        ("/kick m", "m", ["Moon", "moonlight"]),
        ("/kick #dev m", "m", ["Moon", "moonlight"]),
        ("/kick #de", "#de", ["#dev", "#devices"]),
        ("/mute ice m", "m", []),
        ("/close ", "", ["#dev", "#devices", "#lobby"]),
    ],
)
def test_a_word_is_completed_by_what_is_valid_there(
    before: str, beginning: str, words: list[str]
) -> None:
    assert completions(before, KNOWN) == (beginning, words)


def test_a_nickname_with_a_colon_is_not_completed_where_it_would_be_read_as_another() -> None:
    known = Known(("sun", "sun:flower", "127.0.0.1:5000"))
    assert completions("@su", known) == ("@su", ["@sun "])
    assert completions("@127", known) == ("@127", ["@127.0.0.1:5000 "])
    assert completions("/msg su", known) == ("su", ["sun", "sun:flower"])


def test_in_a_list_of_choices_only_these_are_completed() -> None:
    assert choices("WO", ["party", "work", "workshop"]) == ("WO", ["work", "workshop"])
    assert choices("", ["party"]) == ("", ["party"])


@pytest.mark.parametrize("before", ["@", "#", "/join ", "/msg "])
def test_a_name_that_the_terminal_might_obey_is_never_completed(before: str) -> None:
    hostile = "ev\x1b[2Jil\u202e"
    known = Known((hostile, "ice"), (f"#{hostile}", "#dev"))
    assert [word.strip(" @#") for word in completions(before, known)[1]] in (["ice"], ["dev"])
    assert choices("", [hostile, "party"]) == ("", ["party"])


def test_a_command_after_a_space_is_completed_as_well() -> None:
    assert completions(" /jo", KNOWN) == ("/jo", ["/join "])
