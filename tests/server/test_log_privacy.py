"""Private text and passwords are in no log, at no level."""

import pytest

from chatd import logs
from tests.server import sides
from tests.server.logged import PASSWORD, LoggedHall, all_events, logged

PRIVATE = "meet-me-at-nine"
SECRETS = [PASSWORD, PRIVATE]


def _say_secrets(hall: LoggedHall) -> None:
    """Everything secret that can be said, rightly and wrongly, in every dialect."""
    moon, sun = hall.enter("moon"), hall.enter("sun")
    for to in (["sun"], ["sun", "nobody"], ["nobody"], ["ice"], [], "sun", 5, ["two words"]):
        moon.send("private", {"text": PRIVATE, "to": to})
        moon.send("private", {"text": PRIVATE + "\x07", "to": to})
    moon.send("private", {"txt": PRIVATE})
    moon.send_bytes(f'{{"type": "private", "data": {{"text": "{PRIVATE}"\n'.encode())
    moon.send_bytes(f'{{"type": "{PRIVATE}"}}\n'.encode())
    moon.send("authenticate", {"account": "ice", "password": PASSWORD + "!"})
    moon.send("authenticate", {"account": "ice", "password": [PASSWORD]})
    moon.send("authenticate", {"account": "ice", "passwd": PASSWORD})
    moon.send("authenticate", {"account": "ice", "password": PASSWORD})

    person = sides.plain(hall)
    person.type("ice", PASSWORD + "!", "", "star", f"@sun {PRIVATE}", f"@nobody {PRIVATE}")
    person.type(f"/msg sun {PRIVATE}", f"/mgs sun {PRIVATE}", f"@sun  @nobody\t{PRIVATE}")

    jim = sides.jim(hall)
    jim.ask("authenticate", user={"account_name": "ice", "password": PASSWORD + "!"})
    jim.ask("authenticate", user={"account_name": "ice", "password": [PASSWORD]})
    jim.ask("presence", user={"account_name": "comet"})
    jim.ask("msg", to="sun", message=PRIVATE)
    jim.ask("msg", to="nobody", message=PRIVATE)
    jim.ask("msg", to=7, message=PRIVATE)
    jim.send_bytes(PRIVATE.encode())

    sun.send_bytes(b'{"type": "private", "data": "' + PRIVATE.encode() * 10_000)
    sides.drain(hall)


@pytest.mark.parametrize("log_format", logs.FORMATS)
@pytest.mark.parametrize("level", logs.LEVELS)
def test_no_log_has_private_text_or_a_password_in_it(level: str, log_format: str) -> None:
    with all_events() as made, logged(LoggedHall(level, log_format)) as hall:
        _say_secrets(hall)
    written = hall.file.getvalue()
    if level == "debug":
        for outcome in (
            "private-sent",
            "not-reached",
            "wrong-password",
            "bad-frame",
            "broken-object",
        ):
            assert outcome in written
    assert not [secret for secret in SECRETS if secret in written]
    assert not [secret for secret in SECRETS if secret in repr(made)]
