"""Letting only changes pass."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaugeway import Clock, ConfigError, Quality, Quantity, Reading, Site
from gaugeway_stages.deadband import Deadband

FILE = Site(clock=Clock(live=False))


def passed(stage: Deadband, values: list[float]) -> list[float]:
    return [reading.value for reading in stage.process(Reading("a", value, unit="°C") for value in values)]


@pytest.mark.parametrize(
    ("by", "values", "expected"),
    [
        (Quantity(1.0), [0.0, 1.0, -1.0, 1.5, 1.0, 0.5], [0.0, 1.5]),
        (Quantity(1.0), [0.0, 0.75, 1.5, 2.25, 3.0], [0.0, 1.5, 3.0]),
        (Quantity(0.0), [2.0, 2.0, 2.5, 2.5, 2.0], [2.0, 2.5, 2.0]),
        (Quantity(9.0, "°F"), [0.0, 4.9, 5.1], [0.0, 5.1]),
    ],
)
def test_only_a_change_passes(by: Quantity, values: list[float], expected: list[float]) -> None:
    """Compared with the last that passed, so that a slow drift passes in steps."""
    assert passed(Deadband(site=FILE, by=by), values) == expected


def test_what_does_not_pass_is_unchanged() -> None:
    """The reason is counted."""
    readings = [Reading("a", 1.0), Reading("a", 1.0)]
    list(Deadband(site=FILE, by=Quantity(1.0)).process(iter(readings)))
    assert [reading.fate for reading in readings] == [None, "unchanged"]


def test_a_reading_passes_at_least_every_so_often() -> None:
    """A steady sensor is heard of again and again; a clock that was set back does not silence it."""
    stage = Deadband(site=FILE, by=Quantity(1.0), at_least_every=10.0)
    times = [0.0, 5.0, 10.0, 19.0, 20.0, 3.0, 4.0]
    out = stage.process(Reading("a", 7.0, time=time) for time in times)
    assert [reading.time for reading in out] == [0.0, 10.0, 20.0, 3.0]


@pytest.mark.parametrize("quality", ["uncertain", "bad", "stale"])
def test_a_change_of_quality_passes(quality: Quality) -> None:
    """That a sensor has become bad, or good again, is news even if its value is the same."""
    readings = [Reading("a", 1.0), Reading("a", 1.0, quality=quality), Reading("a", 1.0, quality=quality)]
    out = Deadband(site=FILE, by=Quantity(1.0)).process(iter([*readings, Reading("a", 1.0)]))
    assert [reading.quality for reading in out] == ["good", quality, "good"]


def test_another_result_is_compared() -> None:
    """With `of: average` it is the average that has to change; a reading without one passes."""
    stage = Deadband(site=FILE, by=Quantity(1.0), of="average")
    readings = [Reading("a", 1.0, average=5.0), Reading("a", 9.0, average=5.5), Reading("a", 2.0)]
    assert [reading.value for reading in stage.process(iter(readings))] == [1.0, 2.0]


def test_a_sensor_in_another_kind_of_unit_passes_whole() -> None:
    """A band in degrees says nothing of a pressure: its readings are not thinned out, and not lost."""
    stage = Deadband(site=FILE, by=Quantity(1.0, "°C"))
    assert len(list(stage.process(Reading("p", 1.0, unit="bar") for _ in range(3)))) == 3


def test_less_than_nothing_is_refused() -> None:
    """A negative band makes no sense."""
    with pytest.raises(ConfigError, match="positive"):
        Deadband(site=FILE, by=Quantity(-1.0))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(-8, 8)), max_size=60))
def test_whoever_holds_the_last_that_passed_is_never_further_off_than_the_band(story: list[tuple[str, int]]) -> None:
    """That is what a deadband promises to those behind it."""
    stage = Deadband(site=FILE, by=Quantity(3.0))
    held = dict[str, float]()
    for sensor, value in story:
        held |= {reading.sensor: reading.value for reading in stage.process(iter([Reading(sensor, value)]))}
        assert abs(held[sensor] - value) <= 3.0
