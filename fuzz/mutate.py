"""Mutates JSON objects as objects; bytes changed at random seldom get past a JSON parser."""

import json
import random
from typing import Any, Final

_decoder: Final = json.JSONDecoder()

_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**53, 2**63, -(2**63), 10**400, 10**4299, 0.5, 1e308),
    *("", "ice", "moon", "star", "nova", "sesame", "#", "#lobby", "#dev", "moon,star", "ICE"),
    *("\x00", "\x1b[2J", "\n", "\u2028", "\u202e", "\ud800", "\ufeff", "\U0001f600" * 30),
    *("x" * 5_000, "\u00df" * 25, "10.35.11.112:40002", "127.0.0.1:1"),
    *([], {}, [[]], ["moon"] * 40, {"text": "x"}),
)
_KEYS: Final = (
    *("type", "id", "data", "text", "room", "nickname", "to", "limit", "before", "version"),
    *("account", "password", "action", "event", "user", "account_name", "message", "message_text"),
    *("sender", "source", "seq", "time", "more", "reason", "code", "address", "port", "slots"),
)


def _change(frame: dict[str, Any], chance: random.Random) -> None:
    """Add a key, or change, remove or exchange values."""
    keys = list(frame)
    action = chance.randrange(5)
    if not keys or action == 0:
        frame[chance.choice(_KEYS)] = chance.choice(_VALUES)
    elif action == 1:
        del frame[chance.choice(keys)]
    elif action == 2:
        one, other = chance.choice(keys), chance.choice(keys)
        frame[one], frame[other] = frame[other], frame[one]
    else:
        frame[chance.choice(keys)] = chance.choice(_VALUES)


def mutated(data: bytes, seed: int) -> bytes:
    """`data` with a change in one of its JSON objects; unchanged if it contains none."""
    chance = random.Random(seed)  # noqa: S311  # libFuzzer must be able to repeat it
    text = data.decode("utf-8", "surrogateescape")
    begins = [position for position, character in enumerate(text) if character == "{"]
    if not begins:
        return data
    begin = chance.choice(begins)
    try:
        frame, end = _decoder.raw_decode(text, begin)
    except (ValueError, RecursionError):
        return data
    _change(frame, chance)
    changed = json.dumps(frame, ensure_ascii=chance.random() < 0.5)
    before, after = (part.encode("utf-8", "surrogateescape") for part in (text[:begin], text[end:]))
    return before + changed.encode("utf-8", "surrogatepass") + after
