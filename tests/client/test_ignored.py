"""The nicknames that the user ignores, and their file."""

from pathlib import Path

from chatd.chat import events, limits
from chatd.client.ignored import IgnoredNicknames
from tests.client.session_harness import SessionHarness

NOISE = events.Message("#lobby", 1, 0, "Moon", "noise")


def test_they_are_remembered_from_run_to_run(tmp_path: Path) -> None:
    path = tmp_path / "state" / "ignored"
    IgnoredNicknames(path).add("moon")
    assert IgnoredNicknames(path).without_ignored(NOISE) is None
    assert path.stat().st_mode & 0o777 == 0o600
    IgnoredNicknames(path).remove("MOON")
    assert IgnoredNicknames(path).without_ignored(NOISE) is NOISE


def test_what_another_client_has_added_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "ignored"
    one, other = IgnoredNicknames(path), IgnoredNicknames(path)
    one.add("moon")
    other.add("sun")
    assert IgnoredNicknames(path).names == ["moon", "sun"]


def test_histories_and_searches_are_shown_without_them() -> None:
    ignored = IgnoredNicknames()
    ignored.add("moon")
    music = events.Message("#lobby", 2, 0, "sun", "music")
    for reply in (
        events.History("#lobby", (NOISE, music)),
        events.Missed("#lobby", (NOISE, music)),
        events.SearchResult((NOISE, music)),
    ):
        shown = ignored.without_ignored(reply)
        assert isinstance(shown, type(reply))
        assert shown.messages == (music,)


def test_their_number_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "ignored"
    ignored = IgnoredNicknames(path)
    for number in range(limits.IGNORED_NICKNAMES):
        ignored.add(f"m{number}")
    assert "already" in ignored.add("moon")
    assert "from now on" in ignored.add("M1")
    assert len(ignored.names) == limits.IGNORED_NICKNAMES


def test_a_damaged_file_is_read_as_far_as_it_can_be(tmp_path: Path) -> None:
    path = tmp_path / "ignored"
    path.write_bytes(b'"moon"\n\xff\xfe\n{"x": 1}\n"sun"\n')
    assert IgnoredNicknames(path).names == ["moon", "sun"]


def test_a_file_that_cannot_be_written_is_said_and_it_holds_for_this_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ignored = IgnoredNicknames(tmp_path / "file" / "ignored")
    assert "cannot be written" in ignored.add("moon")
    assert ignored.without_ignored(NOISE) is None


def test_the_user_is_told_who_is_ignored_and_how_to_end_it() -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("/ignore", "/ignore moon", "/IGNORE", "/unignore sun", "/unignore moon")
    assert ice.ui.notices == [
        "You ignore nobody. /ignore NAME hides what NAME says.",
        "You ignore moon from now on; /unignore moon ends that.",
        "You ignore moon. /unignore NAME ends that.",
        "You do not ignore sun. /ignore lists whom you ignore.",
        "You see again what moon says.",
    ]
    assert ice.sent == []
