"""Readings that a stage has turned into another unit than the sensor's: rules mean what they say all the same."""

import logging

import pytest
from tests.sinks.alarms.kit import HOT, START, Bench

from gaugeway import Quantity, Reading, Rule, Sensor
from gaugeway.rule import Rate


def fahrenheit(celsius: float, average: float | None = None) -> Reading:
    """Return what a stage makes of a reading in °C."""
    reading = Reading("t", celsius * 9 / 5 + 32, START, "°F")
    reading.average = None if average is None else average * 9 / 5 + 32
    return reading


@pytest.mark.parametrize("above", [Quantity(85, "°C"), Quantity(85), Quantity(185, "°F")])
def test_a_limit_is_compared_in_the_sensors_unit(above: Quantity) -> None:
    """84 °C are 183 °F and no alarm; 85 °C are one, to the last place. It is told in the unit that was configured."""
    bench = Bench({"hot": Rule(sensor="t", above=above)})
    bench.take(fahrenheit(84.0), fahrenheit(84.9))
    assert bench.said == []
    bench.take(fahrenheit(85.0))
    assert bench.said == ["raised"]
    assert (bench.events[0].value, bench.events[0].unit) == (85.0, "°C")


def test_an_alarm_is_not_missed() -> None:
    """A sensor in °F whose readings come in °C: 90 is hot, although it is less than 185."""
    bench = Bench({"hot": Rule(sensor="t", above=Quantity(185))}, {"t": Sensor(unit="°F")})
    bench.take(Reading("t", 84.0, START, "°C"), Reading("t", 90.0, START, "degC"))
    assert bench.said == ["raised"]


def test_a_sensor_that_a_glob_brings() -> None:
    """Its first reading is turned back too."""
    bench = Bench({"hot": Rule(sensors=("t*",), above=Quantity(85, "°C"))}, {"t*": Sensor(unit="°C")})
    bench.take(fahrenheit(60.0))
    assert bench.said == []


def test_the_average_goes_with_the_value() -> None:
    """An average of what was turned into °F is in °F."""
    bench = Bench({"hot": Rule(sensor="t", above=Quantity(85, "°C"), of="average")})
    bench.take(fahrenheit(90.0, average=80.0))
    assert bench.said == []
    bench.take(fahrenheit(90.0, average=86.0))
    assert bench.said == ["raised"]


def test_the_unit_may_change_on_the_way() -> None:
    """A stage that is switched on while an alarm watches is no jump, and neither is a restart."""
    bench = Bench({"fast": Rule(sensor="t", rate=Rate(Quantity(5, "°C"), 60.0)), "hot": HOT})
    bench.series(60.0, 60.5)
    bench.take(fahrenheit(60.8))
    bench.restart()
    bench.take(fahrenheit(61.0))
    bench.series(61.5)
    assert bench.said == []


def test_what_cannot_be_turned_back_is_compared_as_it_stands(caplog: pytest.LogCaptureFixture) -> None:
    """A stage that makes something else of a sensor: its bare numbers count, which is said once."""
    bench = Bench({"much": Rule(sensor="t", above=Quantity(85))})
    with caplog.at_level(logging.WARNING):
        bench.take(Reading("t", 84.0, START, "kWh"), Reading("t", 85.0, START, "kWh"))
    assert bench.said == ["raised"]
    assert len(caplog.records) == 1
