"""What hosts decide survives a restart of a server that keeps its chat."""

from chatd.chat import limits
from tests.log.memory_engine import MemoryEngine
from tests.server.harness import Client
from tests.server.test_kept_chat import KeptHarness


def entered(harness: KeptHarness, nickname: str, host: str) -> Client:
    """A client that has said hello from that address."""
    client = harness.connect(host)
    client.hello(nickname)
    harness.commit()
    return client


def test_a_ban_and_a_mute_hold_after_a_restart() -> None:
    engine = MemoryEngine()
    with KeptHarness(engine) as harness:
        ana, moon, sun = (
            entered(harness, nickname, f"10.35.11.{number}")
            for number, nickname in enumerate(("ana", "moon", "sun"), 1)
        )
        ana.send("host", {"code": harness.chat.host_code.code})
        ana.send("mute", {"nickname": "moon", "reason": "spam"})
        ana.send("ban", {"nickname": "sun", "seconds": 7_200})
        harness.commit()
        assert [ana.errors(), sun.is_dropped()] == [[], True]
        harness.chat.end()
        harness.commit()
    with KeptHarness(engine) as again:
        again.pass_time(limits.AWAY_SECONDS + 1)  # until then the members of before may resume
        moon = entered(again, "moon", "10.35.11.12")
        moon.say("hello")
        again.commit()
        assert moon.errors() == ["muted"]
        for nickname, host in (("SUN", "10.35.11.13"), ("star", "10.35.11.3")):
            sun = entered(again, nickname, host)
            assert sun.errors() == ["banned"]
            assert sun.is_dropped()
