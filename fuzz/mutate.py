"""Changes JSON as JSON: a fuzzer that turns bytes over finds out little behind a parser in C."""

import json
import random
from collections.abc import Callable
from typing import Any, Final

_decoder: Final = json.JSONDecoder()

_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**53, 2**63, -(2**63), 10**400, 10**4299, 0.5, 1e308),
    *("", "ice", "moon", "star", "nova", "sesame", "#", "#lobby", "#dev", "moon,star", "ICE"),
    *(
        "\x00",
        "\x1b[2J",
        "\n",
        "\u2028",
        "\u202e",
        "\ud800",
        "\ufeff",
        "\U0001f600" * 30,
        "x" * 5_000,
    ),
    *(
        [],
        {},
        [[]],
        ["moon"] * 40,
        {"text": "x"},
        "10.35.11.112:40002",
        "127.0.0.1:1",
        "\u00df" * 25,
    ),
)
_KEYS: Final = (
    *("type", "id", "data", "text", "room", "nickname", "to", "limit", "before", "version"),
    *("account", "password", "action", "event", "user", "account_name", "message", "message_text"),
    *(
        "sender",
        "source",
        "seq",
        "time",
        "more",
        "reason",
        "code",
        "address",
        "port",
        "slots",
        "free",
    ),
)


def _change_value(frame: dict[str, Any], chance: random.Random) -> None:
    if frame:
        frame[chance.choice(list(frame))] = chance.choice(_VALUES)


def _add_key(frame: dict[str, Any], chance: random.Random) -> None:
    frame[chance.choice(_KEYS)] = chance.choice(_VALUES)


def _drop_key(frame: dict[str, Any], chance: random.Random) -> None:
    if frame:
        del frame[chance.choice(list(frame))]


def _swap_values(frame: dict[str, Any], chance: random.Random) -> None:
    if frame:
        one, other = chance.choice(list(frame)), chance.choice(list(frame))
        frame[one], frame[other] = frame[other], frame[one]


_CHANGES: Final[tuple[Callable[[dict[str, Any], random.Random], None], ...]] = (
    *(_change_value, _change_value, _add_key, _drop_key, _swap_values),
)


def mutated(data: bytes, seed: int) -> bytes:
    """`data` with a change in one of its JSON objects; as it is, if it has none."""
    chance = random.Random(seed)  # noqa: S311  # a finding must come out again, and no secret does
    text = data.decode("utf-8", "surrogateescape")
    begins = [place for place, character in enumerate(text) if character == "{"]
    if not begins:
        return data
    begin = chance.choice(begins)
    try:
        frame, end = _decoder.raw_decode(text, begin)
    except (ValueError, RecursionError):
        return data
    chance.choice(_CHANGES)(frame, chance)
    changed = json.dumps(frame, ensure_ascii=chance.random() < 0.5)
    before, after = (part.encode("utf-8", "surrogateescape") for part in (text[:begin], text[end:]))
    return before + changed.encode("utf-8", "surrogatepass") + after
