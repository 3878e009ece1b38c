"""The formats of the log: text for people, JSON for programs."""

import io
import json
import math
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.logger import Logger, LogLevel, globalLogPublisher
from twisted.python import log as old_log
from twisted.python.failure import Failure

from chatd import logs
from tests.fakes import far_east

TEXT_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d \[here#(\w+)\] (.*)")


class Log:
    """A logger, and the lines that were written."""

    def __init__(self, log_format: str, level: str = "debug", utc: bool = False) -> None:
        self.file = io.StringIO()
        self.observer = logs.observer(level, log_format, self.file, utc=utc)
        self.log = Logger("here", observer=self.observer)

    def lines(self) -> list[str]:
        written = self.file.getvalue()
        assert not written or written.endswith("\n")
        return written.split("\n")[:-1]

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines()]


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


# --- text -------------------------------------------------------------------------------------


def test_a_line_has_time_namespace_level_and_message() -> None:
    log = Log("text")
    log.log.warn("{nickname} is here", nickname="ice")
    [line] = log.lines()
    found = TEXT_LINE.fullmatch(line)
    assert found
    assert found.groups() == ("warn", "ice is here")


@given(st.text())
def test_no_logged_text_can_forge_a_line(text: str) -> None:
    log = Log("text")
    log.log.info("{text}", text=text)
    log.log.info("{text!r}", text=text)
    log.log.info("before" + text.replace("{", "").replace("}", ""))
    for line in log.lines():
        assert line.startswith("\t") or TEXT_LINE.fullmatch(line)
        assert line.replace("\t", "").isprintable()
    log.file.getvalue().encode()


def test_control_characters_are_escaped() -> None:
    log = Log("text")
    log.log.info("{text}", text="a\x1b[31m\rb\x85c\u2028d\u202ee\x00")
    [line] = log.lines()
    assert line.endswith(r"a\x1b[31m\rb\x85c\u2028d\u202ee\x00")


def test_a_line_break_continues_indented() -> None:
    log = Log("text")
    log.log.info("{text}", text="one\n2026-11-21T00:00:00.000+00:00 [here#info] two")
    first, second = log.lines()
    assert first.endswith("one")
    assert second == "\t2026-11-21T00:00:00.000+00:00 [here#info] two"


def test_a_failure_has_its_traceback() -> None:
    for log in (Log("text"), Log("json")):
        log.log.failure("it failed", Failure(ValueError("what was wrong")))
        written = log.file.getvalue()
        assert "it failed" in written
        assert "Traceback" in written
        assert "ValueError: what was wrong" in written
    [record] = log.records()
    assert record["message"].startswith("it failed")
    assert record["traceback"].endswith("ValueError: what was wrong")


def test_events_of_twisteds_old_logger_are_written_too() -> None:
    text, log = Log("text"), Log("json")
    for observer in (text.observer, log.observer):
        globalLogPublisher.addObserver(observer)
    old_log.msg("from long ago")
    for observer in (text.observer, log.observer):
        globalLogPublisher.removeObserver(observer)
    [record] = log.records()
    assert record["message"] == "from long ago"
    [line] = text.lines()
    assert line.endswith("from long ago")


# --- JSON -------------------------------------------------------------------------------------


def test_a_json_line_has_time_level_namespace_message_and_the_named_fields() -> None:
    log = Log("json", utc=True)
    log.log.info("{nickname} is {count}", nickname="ice", count=3, rooms=["#dev"], nothing=None)
    [record] = log.records()
    when = record.pop("time")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", when)
    assert record == {
        "level": "info",
        "namespace": "here",
        "message": "ice is 3",
        "nickname": "ice",
        "count": 3,
        "rooms": ["#dev"],
        "nothing": None,
    }


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.builds(Unprintable)
    | st.builds(lambda: 10**5_000)
    | st.sets(st.integers()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.tuples(st.integers()), inner),
    max_leaves=5,
)


@given(VALUES, st.text())
@example(value=math.nan, text="")
def test_an_event_with_any_fields_is_one_json_object_in_one_line(value: Any, text: str) -> None:
    log = Log("json")
    log.log.info("{text}", value=value, text=text, number=1)
    log.log.info("{value}", value=value)
    [line, _] = log.lines()
    assert line.isascii()
    assert line.isprintable()
    record = json.loads(line, parse_constant=pytest.fail)  # no NaN: it is no JSON
    assert record["text"] == text
    assert record["number"] == 1
    assert "value" in record


def test_a_recursive_field_is_written_as_text() -> None:
    log = Log("json")
    circle: list[object] = []
    circle.append(circle)
    log.log.info("round", circle=circle)
    [record] = log.records()
    assert record["circle"] == "[[...]]"


def test_a_field_cannot_pretend_to_be_the_time_or_the_level() -> None:
    log = Log("json")
    log.log.info("true", time="never", message="false", namespace="elsewhere")
    [record] = log.records()
    assert record["time"] != "never"
    assert (record["message"], record["namespace"]) == ("true", "here")


# --- both -------------------------------------------------------------------------------------


@pytest.mark.parametrize("log_format", logs.FORMATS)
@pytest.mark.parametrize(
    ("utc", "when"),
    [(True, "2023-11-14T22:13:20.125+00:00"), (False, "2023-11-15T11:13:20.125+13:00")],
)
def test_times_are_utc_or_local(log_format: str, utc: bool, when: str) -> None:
    log = Log(log_format, utc=utc)
    event = {"log_time": 1_700_000_000.125, "log_level": LogLevel.info, "log_namespace": "here"}
    with far_east():
        log.observer({**event, "log_format": "hello"})
    [line] = log.lines()
    assert when in line


@pytest.mark.parametrize("log_format", logs.FORMATS)
@pytest.mark.parametrize("level", logs.LEVELS)
def test_events_below_the_level_are_left_out(log_format: str, level: str) -> None:
    log = Log(log_format, level)
    for each in logs.LEVELS:
        log.log.emit(LogLevel.levelWithName(each), "it is {each}", each=each)
    shown = logs.LEVELS[logs.LEVELS.index(level) :]
    assert [each for line in log.lines() for each in logs.LEVELS if f"it is {each}" in line] == [
        *shown
    ]


@pytest.mark.parametrize("log_format", logs.FORMATS)
def test_an_event_that_cannot_be_formatted_raises_nothing(log_format: str) -> None:
    log = Log(log_format)
    log.log.info("{field}", field=Unprintable())
    log.log.info("{missing_field}")
    log.log.info("still here")
    assert "still here" in log.lines()[-1]


@pytest.mark.parametrize("namespace", ["twisted.internet.base", "twisted.scripts.x", "log_legacy"])
def test_what_twisted_says_of_its_own_machinery_is_for_debugging(namespace: str) -> None:
    event = {"log_time": 1.0, "log_namespace": namespace, "log_format": "Main loop terminated."}
    for level, shown in (("info", []), ("debug", ["debug"])):
        log = Log("json", level)
        log.observer({**event, "log_level": LogLevel.info})
        assert [record["level"] for record in log.records()] == shown


def test_what_twisted_warns_of_is_shown() -> None:
    log = Log("text", "warn")
    log.observer(
        {
            "log_time": 1.0,
            "log_namespace": "twisted.internet.base",
            "log_format": "out of threads",
            "log_level": LogLevel.warn,
        }
    )
    assert "out of threads" in log.file.getvalue()
