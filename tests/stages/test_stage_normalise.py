"""Scaling by the range of a sensor."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaugeway import Quality, Reading, Sensor, Sensors, Site
from gaugeway_stages.normalise import Normalise

SENSORS = {
    "boiler": Sensor(kind="temperature", unit="°C", range=(0, 120)),
    "valve": Sensor(range=(4, 20)),
    "counter": Sensor(),
}
SITE = Site(sensors=Sensors(SENSORS))


def normal(reading: Reading) -> float | None:
    (out,) = Normalise(site=SITE).process(iter([reading]))
    return out.normal


@pytest.mark.parametrize(
    ("sensor", "value", "expected"),
    [
        ("boiler", 0.0, 0.0),
        ("boiler", 120.0, 1.0),
        ("boiler", 30.0, 0.25),
        ("boiler", -60.0, -0.5),
        ("boiler", 180.0, 1.5),
        ("valve", 4.0, 0.0),
        ("valve", 12.0, 0.5),
        ("counter", 7.0, None),
        ("stranger", 7.0, None),
    ],
)
def test_the_range_becomes_nought_to_one(sensor: str, value: float, expected: float | None) -> None:
    """What lies outside comes out outside; a sensor without a range has no such result."""
    assert normal(Reading(sensor, value, unit="°C" if sensor == "boiler" else "")) == expected


@pytest.mark.parametrize(("quality", "expected"), [("uncertain", 0.5), ("bad", None), ("stale", None)])
def test_a_bad_reading_has_no_normal(quality: Quality, expected: float | None) -> None:
    """Nobody can take it for a good one further on."""
    assert normal(Reading("boiler", 60.0, quality=quality)) == expected


def test_the_range_follows_the_unit_of_the_readings() -> None:
    """Half way from 0 to 120 °C is 140 °F."""
    assert normal(Reading("boiler", 140.0, unit="°F")) == pytest.approx(0.5)


@settings(deadline=None)
@given(st.floats(-50, 50), st.floats(0.1, 50), st.floats(0, 1))
def test_value_and_place_in_the_range_tell_the_same(low: float, span: float, place: float) -> None:
    """The ends come out exactly, and all between in proportion."""
    site = Site(sensors=Sensors({"*": Sensor(range=(low, low + span))}))
    values = [low, low + span, low + place * span]
    out = [reading.normal for reading in Normalise(site=site).process(Reading("x", value) for value in values)]
    assert out == [0.0, 1.0, pytest.approx(place, abs=1e-9)]
