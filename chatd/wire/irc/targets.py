"""Lists in the parameters of a command: ``JOIN #dev,#music word``. Pure.

Source: https://modern.ircdocs.horse/#join-message and #privmsg-message.
"""

from chatd.chat.names import casefold


def split_list(param: str) -> list[str]:
    """The entries of a list with commas, in their order; an empty one is none.

    An entry that occurs again is left out: what it asks for is done once.
    """
    entries: dict[str, str] = {}
    for entry in param.split(","):
        if entry:
            entries.setdefault(casefold(entry), entry)
    return list(entries.values())


def channels_and_keys(channels: str, keys: str = "") -> list[tuple[str, str]]:
    """The channels of a JOIN, each with its key; empty if there is none for it.

    The first key is that of the first channel, and so on, also if a channel occurs twice.
    """
    given = keys.split(",")
    pairs: dict[str, tuple[str, str]] = {}
    for position, channel in enumerate(channels.split(",")):
        key = given[position] if position < len(given) else ""
        if channel:
            pairs.setdefault(casefold(channel), (channel, key))
    return list(pairs.values())


def channels_and_nicknames(channels: str, nicknames: str) -> list[tuple[str, str]]:
    """The pairs of a KICK: each channel with its nickname, or one channel with all of them.

    A channel without a nickname, or a nickname without a channel, is left out.
    """
    names, targets = channels.split(","), nicknames.split(",")
    if len(names) == 1:
        names *= len(targets)
    pairs = {
        (casefold(name), casefold(target)): (name, target)
        for name, target in zip(names, targets, strict=False)
        if name and target
    }
    return list(pairs.values())


def is_channel(target: str) -> bool:
    """Whether `target` is the name of a channel, and not of a user."""
    return target.startswith("#")
