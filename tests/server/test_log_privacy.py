"""Private texts, passwords, host codes and words of rooms are in no log, at no level."""

import pytest

from chatd import logs
from tests.server.harness import connect_jim, connect_plain, drain_jim_queues
from tests.server.log_capture import PASSWORD, LoggedHarness, log_events, logged

PRIVATE = "meet-me-at-nine"
CODE, WORD = "k7xp-m2qb", "open-sesame"
SECRETS = [PASSWORD, PRIVATE, CODE, WORD]


def _say_secrets(harness: LoggedHarness) -> None:
    """Everything secret that can be said, rightly and wrongly, in every dialect."""
    moon, sun = harness.enter("moon"), harness.enter("sun")
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

    person = connect_plain(harness)
    person.type("ice", PASSWORD + "!", "", "star", f"@sun {PRIVATE}", f"@nobody {PRIVATE}")
    person.type(f"/msg sun {PRIVATE}", f"/mgs sun {PRIVATE}", f"@sun  @nobody\t{PRIVATE}")

    jim = connect_jim(harness)
    jim.ask("authenticate", user={"account_name": "ice", "password": PASSWORD + "!"})
    jim.ask("authenticate", user={"account_name": "ice", "password": [PASSWORD]})
    jim.ask("presence", user={"account_name": "comet"})
    jim.ask("msg", to="sun", message=PRIVATE)
    jim.ask("msg", to="nobody", message=PRIVATE)
    jim.ask("msg", to=7, message=PRIVATE)
    jim.send_bytes(PRIVATE.encode())

    moon.send("host", {"code": CODE})
    moon.send("host", {"code": [CODE]})
    moon.send("host", {"code": harness.chat.host_code.code})
    moon.send("join", {"room": "#exam"})
    moon.send("set-room", {"room": "#exam", "key": WORD})
    moon.send("set-room", {"room": "#exam", "slow": WORD})
    sun.send("join", {"room": "#exam", "key": WORD})
    sun.send("join", {"room": "#exam", "key": WORD + "!"})
    person.type(f"/host {CODE}", f"/hots {CODE}", f"\\host {CODE}", f"/host\t{CODE} {CODE}" * 9)
    person.type(f"/join #exam {WORD}", f"/key #exam {WORD}", f"/key #exam {WORD} {WORD}")
    jim.ask("host", code=CODE)
    jim.ask("join", room="#exam", key=WORD)
    jim.ask("msg", to="#exam", message=f"/key {WORD} {WORD}")
    jim.ask("msg", to="#", message=f"/hosst {CODE}")

    sun.send_bytes(b'{"type": "private", "data": "' + PRIVATE.encode() * 10_000)
    drain_jim_queues(harness)


@pytest.mark.parametrize("log_format", logs.FORMATS)
@pytest.mark.parametrize("level", logs.LEVELS)
def test_no_log_has_private_text_or_a_password_in_it(level: str, log_format: str) -> None:
    with log_events() as made, logged(LoggedHarness(level, log_format)) as harness:
        _say_secrets(harness)
    written = harness.file.getvalue()
    secrets = [*SECRETS, harness.chat.host_code.code]
    if level == "debug":
        for outcome in (
            "private-sent",
            "not-reached",
            "wrong-password",
            "bad-frame",
            "broken-object",
            "wrong-code",
        ):
            assert outcome in written
    assert not [secret for secret in secrets if secret in written]
    assert not [secret for secret in secrets if secret in repr(made)]
