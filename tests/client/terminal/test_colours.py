"""The nicknames' colours: the same in every run, and readable on any background."""

import pytest

from chatd.client.terminal.formatting import MUTED, NICKNAME_COLOURS, nickname_style


def luminance(colour: str) -> float:
    """The relative luminance, as WCAG 2 has it."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels
    ]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colour", [*NICKNAME_COLOURS, MUTED])
def test_each_colour_is_readable_on_black_and_on_white(colour: str) -> None:
    assert (luminance(colour) + 0.05) / 0.05 >= 3.5
    assert 1.05 / (luminance(colour) + 0.05) >= 3.5


def test_a_nickname_has_one_colour_however_it_is_spelled_and_in_every_run() -> None:
    assert nickname_style("ice") == nickname_style("ICE") == nickname_style("\uff49\uff43\uff45")
    # Not Python's hash(), which differs from run to run.
    assert [nickname_style(name) for name in ("ice", "moon", "sun")] == [
        "fg:#d700d7",
        "fg:#008787",
        "fg:#00875f",
    ]


def test_most_nicknames_have_different_colours() -> None:
    assert (
        len({nickname_style(f"guest-{number}") for number in range(64)}) > len(NICKNAME_COLOURS) / 2
    )
