"""There are never too many events of one kind."""

import io
import json
import logging

import pytest
from tests.log.kit import Lines, as_json, as_text, log

from gaugeway.log.limit import BURST, MANY, PERIOD, RateLimit
from gaugeway.log.way import set_up


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time that the rate limit sees, to be moved by the test."""
    now = [1000.0]
    monkeypatch.setattr("gaugeway.log.limit.time.monotonic", lambda: now[0])
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
def test_a_limit_outlasts_that_the_log_is_set_up_anew(written: Lines, clock: list[float]) -> None:
    """A gateway does so at every reload, and may be made to reload a hundred times a minute."""
    for _ in range(BURST):
        log.info("reloaded")
    again = io.StringIO()
    set_up("debug", "text", again)
    log.info("reloaded")
    log.info("something else")
    assert "reloaded" not in again.getvalue()
    assert "something else" in again.getvalue()


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
