"""An event is written in one of three forms, whatever its facts are, and never a failure itself."""

import json
import logging
import time

import pytest
from tests.log.kit import Lines, as_journal, as_json, as_text, log, raised


@as_text
def test_text_is_one_line_an_event(written: Lines) -> None:
    """Time, level, event, facts; what has a space or cannot be seen is quoted."""
    log.warning("port is gone", port="/dev/ttyUSB0", reason="No such device", raw=b"\x00", load=0.25, after=1e-9)
    [line] = written()
    assert line[19:] == (
        " warning port is gone  port=/dev/ttyUSB0 reason='No such device' raw='\\x00' load=0.25 after=1e-09"
    )
    assert time.strptime(line[:19], "%Y-%m-%d %H:%M:%S")


@as_json
def test_json_is_one_object_an_event(written: Lines) -> None:
    """Every fact is a field, whatever it is."""
    log.info("started", sources=3, rate=0.5, note='a "quote"', kind=int, nothing=None)
    [line] = written()
    event = json.loads(line)
    assert event.pop("time") == pytest.approx(time.time(), abs=60)
    assert event == {
        "level": "info", "logger": "gaugeway.test", "event": "started", "sources": 3, "rate": 0.5,
        "note": 'a "quote"', "kind": "<class 'int'>", "nothing": None,
    }  # fmt: skip


@as_journal
def test_the_journal_gets_the_priority_on_every_line(written: Lines) -> None:
    """Systemd reads it from there; the time is its own."""
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d", error=raised(ValueError("bad\nworse")))
    lines = written()
    assert lines[:3] == ["<7>a", "<6>b", "<4>c"]
    assert lines[3] == "<3>d"
    assert len(lines) > 5
    assert all(line.startswith("<3>") for line in lines[3:])


@as_json
def test_a_traceback_is_a_field(written: Lines) -> None:
    """The error that is handed over, with where it was raised."""
    log.error("failed", error=raised(ZeroDivisionError("x")))
    event = json.loads(written()[0])
    assert event["traceback"].endswith("ZeroDivisionError: x")
    assert "in raised" in event["traceback"]


@as_json
def test_a_fact_never_takes_the_place_of_what_every_event_has(written: Lines) -> None:
    """Readers of the log rely on the time, the level and the event."""
    log.info("moved", time=3, level="high", logger="x")
    event = json.loads(written()[0])
    assert (event["event"], event["level"], event["level_"], event["time_"], event["logger_"]) == (
        "moved", "info", "high", 3, "x",
    )  # fmt: skip


@pytest.mark.parametrize("written", ["text", "json", "journal"], indirect=True)
@pytest.mark.parametrize(
    "fact", ["\udc80", b"\xff\x00", {(1, 2): 3}, ["list"], {"a": {1}}, float("nan"), object, 10**30, "x" * 10_000]
)
def test_no_fact_can_make_logging_fail(written: Lines, fact: object) -> None:
    """Whatever a plugin's author hands over, and as whichever name."""
    log.info("odd", source=fact, what=fact)
    assert len(written()) == 1


@as_text
def test_what_came_over_a_line_is_written_as_text(written: Lines) -> None:
    """A person reads it to put a format right."""
    log.warning("input left out", raw=b'{"flow":12.8}\xff')
    assert written()[0].endswith('raw={"flow":12.8}\\xff')


@as_json
def test_what_came_over_a_line_is_text_in_json_too(written: Lines) -> None:
    """Nobody can read base64."""
    log.warning("input left out", raw=b'{"flow":12.8}\xff')
    assert json.loads(written()[0])["raw"] == '{"flow":12.8}\\xff'


@as_text
def test_nothing_that_is_logged_can_look_like_another_event(written: Lines) -> None:
    """Neither a fact nor the message of a library, nor what an exception says."""
    forged = "x\n2026-01-01 00:00:00 info    all is well"
    log.info("input left out", raw=forged)
    logging.getLogger("a.library").warning("said %s", forged)
    log.error("failed", error=raised(ValueError(forged)))
    events = [line for line in written() if not line.startswith(" ")]
    assert len(events) == 3
