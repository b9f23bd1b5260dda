"""Readings in the log."""

import logging

import pytest

from gaugeway import Clock, Reading, Site
from gaugeway_stages.log import Log

FILE = Site(clock=Clock(live=False))


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [record.__dict__["facts"] for record in caplog.records]


def test_each_sensor_is_logged_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    """One line of each sensor in `every`, and every reading passes."""
    caplog.set_level(logging.INFO)
    readings = [Reading(sensor, time, time=time) for time in (0.0, 59.0, 60.0, 61.0, 130.0) for sensor in "ab"]
    assert list(Log(site=FILE, every=60.0).process(iter(readings))) == readings
    assert [facts["value"] for facts in logged(caplog) if facts["sensor"] == "a"] == [0.0, 60.0, 130.0]
    assert len(caplog.records) == 6


def test_all_results_are_shown(caplog: pytest.LogCaptureFixture) -> None:
    """What stages have added stands beside the value; what is not there is not shown."""
    caplog.set_level(logging.INFO)
    reading = Reading("a", 0.0, unit="bar", average=0.0, more={"trend": 1.5})
    list(Log(site=FILE).process(iter([reading])))
    shown = {"sensor": "a", "value": 0.0, "unit": "bar", "quality": "good", "average": 0.0, "more": {"trend": 1.5}}
    assert logged(caplog) == [shown]


def test_the_level_can_be_lowered(caplog: pytest.LogCaptureFixture) -> None:
    """At `debug` it is heard only by those who listen closely."""
    caplog.set_level(logging.INFO)
    list(Log(site=FILE, level="debug").process(iter([Reading("a", 1.0)])))
    assert caplog.records == []


def test_a_clock_set_back_does_not_silence_it(caplog: pytest.LogCaptureFixture) -> None:
    """The next reading is logged, and the time is counted from there."""
    caplog.set_level(logging.INFO)
    list(Log(site=FILE, every=60.0).process(Reading("a", time, time=time) for time in (1000.0, 10.0, 20.0, 70.0)))
    assert [facts["value"] for facts in logged(caplog)] == [1000.0, 10.0, 70.0]
