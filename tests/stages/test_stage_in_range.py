"""The range filter: what it drops, what it keeps, and in which unit."""

from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaugeway import Quality, Quantity, Reading, Sensor, Sensors, Site
from gaugeway_stages.in_range import InRange

SENSORS = {
    "boiler": Sensor(kind="temperature", unit="°C", range=(0, 120)),
    "outside_*": Sensor(kind="temperature", unit="°C", range=(-40, 50)),
    "counter": Sensor(),
}
SITE = Site(sensors=Sensors(SENSORS))


def fate(stage: InRange, reading: Reading) -> str | None:
    """Return why a reading was dropped, or its quality if it was not."""
    return reading.quality if list(stage.process(iter([reading]))) else reading.fate


@pytest.mark.parametrize(
    ("sensor", "value", "expected"),
    [
        ("boiler", 0.0, "good"),
        ("boiler", -0.0, "good"),
        ("boiler", 120.0, "good"),
        ("boiler", 120.00001, "above range"),
        ("boiler", -1e-9, "below range"),
        ("boiler", inf, "above range"),
        ("boiler", -inf, "below range"),
        ("boiler", nan, "not a number"),
        ("outside_north", -40.0, "good"),
        ("outside_north", 51.0, "above range"),
        ("counter", 1e300, "good"),
        ("stranger", -1e300, "good"),
        ("counter", nan, "good"),
    ],
)
def test_what_is_outside_is_dropped_with_its_reason(sensor: str, value: float, expected: str) -> None:
    """The limits are inside; a sensor without a range keeps all that comes."""
    assert fate(InRange(site=SITE), Reading(sensor, value, unit="°C")) == expected


@pytest.mark.parametrize("value", [-1.0, 121.0, nan])
def test_marking_keeps_what_is_outside_as_bad(value: float) -> None:
    """With `out: mark` nothing is lost and nothing wrong counts as good."""
    assert fate(InRange(site=SITE, out="mark"), Reading("boiler", value)) == "bad"


@pytest.mark.parametrize("quality", ["uncertain", "bad", "stale"])
def test_the_quality_is_left_as_it_is(quality: Quality) -> None:
    """A bad reading inside the range does not become a good one."""
    assert fate(InRange(site=SITE, out="mark"), Reading("boiler", 20.0, quality=quality)) == quality


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (85.0, "°C", "fault value"),
        (127.94, "°C", "fault value"),
        (85.1, "°C", "good"),
        (185.0, "°F", "fault value"),
        (85.0, "°F", "good"),
        (85.0, "bar", "good"),
        (85.0, "", "fault value"),
    ],
)
def test_a_value_that_means_a_fault_is_no_measurement(value: float, unit: str, expected: str) -> None:
    """It is dropped although it lies inside the range, in whatever unit the readings come."""
    stage = InRange(site=Site(), faults=[Quantity(85.0, "°C"), Quantity(127.94, "°C")])
    assert fate(stage, Reading("probe", value, unit=unit)) == expected


def test_a_marked_fault_is_bad() -> None:
    """With `out: mark` a fault value is kept as bad."""
    stage = InRange(site=SITE, out="mark", faults=[Quantity(85.0)])
    assert fate(stage, Reading("boiler", 85.0)) == "bad"
    assert fate(stage, Reading("boiler", 84.0)) == "good"


def test_the_range_follows_the_unit_of_the_readings() -> None:
    """Where a stage before has turned the readings into °F, 248 °F are the 120 °C of the range."""
    stage = InRange(site=SITE)
    assert fate(stage, Reading("boiler", 247.9, unit="°F")) == "good"
    assert fate(stage, Reading("boiler", 248.1, unit="°F")) == "above range"


def test_a_unit_that_does_not_fit_the_range_is_an_error() -> None:
    """Pressure readings of a temperature sensor cannot be held against its range."""
    with pytest.raises(ValueError, match="cannot be turned into"):
        fate(InRange(site=SITE), Reading("boiler", 1.0, unit="bar"))


@settings(deadline=None)
@given(st.lists(st.floats()))
def test_it_keeps_what_a_plain_filter_keeps(values: list[float]) -> None:
    """In order, unchanged, nothing else."""
    out = InRange(site=SITE).process(Reading("boiler", value) for value in values)
    assert [reading.value for reading in out] == [value for value in values if 0 <= value <= 120]
