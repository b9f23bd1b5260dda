"""Logs are events with facts, in one of three forms, never too many of one kind and never a failure themselves."""

import io
import json
import logging
import os
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from gaugeway import log as logs
from gaugeway.log import BURST, MANY, PERIOD, Format, RateLimit, logger, set_up

log = logger("gaugeway.test")
Lines = Callable[[], list[str]]


@pytest.fixture
def written(request: pytest.FixtureRequest) -> Generator[Lines]:
    """Return what was written so far, line by line, in the form that the test is parametrized with."""
    form: Format = getattr(request, "param", "text")
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    for handler in before:
        root.removeHandler(handler)
    set_up("debug", form, stream)
    try:
        yield lambda: stream.getvalue().splitlines()
    finally:
        logging.basicConfig(handlers=[], force=True)
        root.handlers[:] = before
        root.setLevel(level)


as_text = pytest.mark.parametrize("written", ["text"], indirect=True)
as_json = pytest.mark.parametrize("written", ["json"], indirect=True)
as_journal = pytest.mark.parametrize("written", ["journal"], indirect=True)


@as_text
def test_text_is_one_line_an_event(written: Lines) -> None:
    """Time, level, event, facts; what has a space or cannot be seen is quoted."""
    log.warning("port is gone", port="/dev/ttyUSB0", reason="No such device", raw=b"\x00", load=0.25, after=1e-9)
    [line] = written()
    assert line[19:] == (
        " warning port is gone  port=/dev/ttyUSB0 reason='No such device' raw=b'\\x00' load=0.25 after=1e-09"
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
    log.error("d", error=_raised(ValueError("bad\nworse")))
    lines = written()
    assert lines[:3] == ["<7>a", "<6>b", "<4>c"]
    assert lines[3] == "<3>d"
    assert len(lines) > 5
    assert all(line.startswith("<3>") for line in lines[3:])


@as_json
def test_a_traceback_is_a_field(written: Lines) -> None:
    """The error that is handed over, with where it was raised."""
    log.error("failed", error=_raised(ZeroDivisionError("x")))
    event = json.loads(written()[0])
    assert event["traceback"].endswith("ZeroDivisionError: x")
    assert "_raised" in event["traceback"]


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
def test_nothing_that_is_logged_can_look_like_another_event(written: Lines) -> None:
    """Neither a fact nor the message of a library, nor what an exception says."""
    forged = "x\n2026-01-01 00:00:00 info    all is well"
    log.info("input left out", raw=forged)
    logging.getLogger("a.library").warning("said %s", forged)
    log.error("failed", error=_raised(ValueError(forged)))
    events = [line for line in written() if not line.startswith(" ")]
    assert len(events) == 3


@as_text
def test_libraries_are_logged_the_same_way(written: Lines) -> None:
    """With their arguments filled in."""
    logging.getLogger("paho").error("lost %s after %d s", "broker", 3)
    assert written()[0][19:] == " error   lost broker after 3 s"


def test_the_level_is_a_bound(written: Lines) -> None:
    """What is below it is not written."""
    logging.getLogger().setLevel(logging.WARNING)
    log.info("quiet")
    log.warning("loud")
    assert [line[28:] for line in written()] == ["loud"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time that the rate limit sees, to be moved by the test."""
    now = [1000.0]
    monkeypatch.setattr("gaugeway.log.time.monotonic", lambda: now[0])
    return now


@as_json
def test_a_flood_of_one_kind_is_held_back_and_counted(written: Lines, clock: list[float]) -> None:
    """The first few of each minute are written; then the number of those that were not."""
    for _ in range(100):
        log.warning("again", source="a")
    assert len(written()) == BURST
    clock[0] += PERIOD
    for _ in range(2):
        log.warning("again", source="a")
    events = [json.loads(line) for line in written()[BURST:]]
    assert [event.get("held_back") for event in events] == [100 - BURST, None]


@as_text
def test_kinds_are_told_apart_by_event_and_part(written: Lines, clock: list[float]) -> None:
    """A source that floods does not silence another, nor itself about something else."""
    for _ in range(50):
        log.warning("again", source="a")
    log.warning("again", source="b")
    log.warning("something else", source="a")
    assert [line.rpartition("  ")[2] for line in written()[BURST:]] == ["source=b", "source=a"]


def test_the_table_of_kinds_is_bounded(clock: list[float]) -> None:
    """However many sensors a hostile sender invents."""
    limit = RateLimit()
    for number in range(3 * MANY):
        record = logging.LogRecord("x", logging.INFO, "", 0, "event", None, None)
        record.__dict__["facts"] = {"sensor": f"s{number}"}
        assert limit.filter(record)
    assert len(vars(limit)["_seen"]) <= MANY


@pytest.mark.parametrize(
    ("wanted", "under_systemd", "form"),
    [
        ("auto", True, "journal"), ("auto", False, "text"), ("text", True, "text"),
        ("json", True, "json"), ("journal", False, "journal"),
    ],
)  # fmt: skip
def test_the_form_follows_where_the_log_goes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wanted: str, under_systemd: bool, form: str
) -> None:
    """Under systemd the journal's, by hand text, unless the configuration says another."""
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    with (tmp_path / "stderr").open("w") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        status = os.fstat(stream.fileno())
        if under_systemd:
            monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        assert logs.form(wanted) == form


def test_a_variable_that_was_only_inherited_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of a desktop has it too, and its errors go to the terminal."""
    monkeypatch.setenv("JOURNAL_STREAM", "8:1234")
    assert logs.form("auto") == "text"


def _raised(error: BaseException) -> BaseException:
    with pytest.raises(type(error)) as raised:
        raise error
    return raised.value
