"""The ``repr`` of a frame that carries a secret: it must not show it, wherever it is logged."""

from msgspec import Struct

_HIDDEN = frozenset({"password", "session", "token", "code", "key"})


def safe_repr(frame: Struct) -> str:
    """The ``repr`` of `frame` without its secrets."""
    shown = (
        f"{name}={getattr(frame, name)!r}"
        for name in frame.__struct_fields__
        if name not in _HIDDEN
    )
    return f"{type(frame).__name__}({', '.join(shown)})"
