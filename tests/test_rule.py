"""What is refused of a rule, at which key and in which words."""

import pytest

from gaugeway import Quantity, Rule, Sensor
from gaugeway.rule import Rate

C = "°C"


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (Rule(above=Quantity(1)), ""),
        (Rule(sensor="t"), ""),
        (Rule(sensor="t", sensors=("u",), above=Quantity(1)), "sensors"),
        (Rule(sensor="t", above=Quantity(1), below=Quantity(0)), "below"),
        (Rule(sensor="t", above=Quantity(85, C), clear_below=Quantity(85, C)), "clear_below"),
        (Rule(sensor="t", above=Quantity(85, C), clear_below=Quantity(185, "°F")), "clear_below"),
        (Rule(sensor="t", below=Quantity(2), clear_above=Quantity(1)), "clear_above"),
        (Rule(sensor="t", above=Quantity(2), clear_above=Quantity(3)), "clear_above"),
        (Rule(sensor="t", above=Quantity(2), clear_below=Quantity(1), hysteresis=Quantity(1)), "hysteresis"),
        (Rule(sensor="t", above=Quantity(2), hysteresis=Quantity(-1)), "hysteresis"),
        (Rule(sensor="t", stale=60.0, hysteresis=Quantity(1)), "hysteresis"),
        (Rule(sensor="t", outside=(Quantity(8), Quantity(2))), "outside"),
        (Rule(sensor="t", outside=(Quantity(2), Quantity(8)), hysteresis=Quantity(3)), "hysteresis"),
        (Rule(sensor="t", rate=Rate(Quantity(0), 60.0)), "rate"),
        (Rule(sensor="t", stale=60.0, of="average"), "of"),
        (Rule(sensor="t", stale=60.0, on_gap="raise"), "on_gap"),
        (Rule(sensor="t", above=Quantity(1), combine="any"), "combine"),
        (Rule(sensors=("a", "b"), above=Quantity(1), combine="any", at_least=2), "at_least"),
        (Rule(sensors=("a", "b"), stale=60.0, combine="any"), "stale"),
        (Rule(sensors=("a", "b"), quality="bad", at_least=2), "quality"),
        (Rule(difference=("a", "b"), stuck=60.0), "difference"),
        (Rule(difference=("a", "a"), above=Quantity(1)), "difference"),
        (Rule(sensor="t", above=Quantity(1), message="{temperature}"), "message"),
        (Rule(sensor="t", above=Quantity(1), message="{"), "message"),
        (Rule(sensor="t", above=Quantity(1), message="{value.__class__}"), "message"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_at_its_key(rule: Rule, key: str) -> None:
    """So that the file, line and column can be shown."""
    assert key in [where for where, _ in rule.problems()]


@pytest.mark.parametrize(
    "rule",
    [
        Rule(sensor="t", above=Quantity(85, C), clear_below=Quantity(82, C)),
        Rule(sensor="t", above=Quantity(85, C), clear_below=Quantity(100, "bar")),
        Rule(sensors=("t_*",), outside=(Quantity(2), Quantity(8)), hysteresis=Quantity(1)),
        Rule(sensors=("t_*",), outside=(Quantity(2), Quantity(8)), clear_above=Quantity(3), clear_below=Quantity(7)),
        Rule(kind="pressure", at_least=2, below=Quantity(1)),
        Rule(difference=("a", "b"), rate=Rate(Quantity(5), 60.0)),
        Rule(sensor="t", quality="bad", for_=10.0),
        Rule(sensor="t", stuck=60.0, hysteresis=Quantity(0.1), message="{sensor} {value:.1f} {{really}}"),
    ],
)
def test_a_rule_that_can_work_is_not_refused(rule: Rule) -> None:
    """Units that do not fit each other are for the sensor to find wrong."""
    assert rule.problems() == []


@pytest.mark.parametrize(
    ("rule", "sensor", "key"),
    [
        (Rule(sensor="t", above=Quantity(85, C)), Sensor(unit="bar"), "above"),
        (Rule(sensor="t", above=Quantity(85), hysteresis=Quantity(1, "bar")), Sensor(unit=C), "hysteresis"),
        (Rule(sensor="t", rate=Rate(Quantity(5, "bar"), 60.0)), Sensor(unit=C), "rate"),
        (Rule(sensor="t", above=Quantity(121, C)), Sensor(unit=C, range=(0, 120)), "above"),
        (Rule(sensor="t", below=Quantity(-1, C)), Sensor(unit=C, range=(0, 120)), "below"),
        (Rule(sensor="t", outside=(Quantity(1), Quantity(500))), Sensor(unit=C, range=(0, 120)), "outside"),
    ],
)
def test_a_rule_that_does_not_fit_its_sensor_is_refused(rule: Rule, sensor: Sensor, key: str) -> None:
    """A unit that does not fit, a limit that it cannot reach."""
    assert [where for where, _ in rule.misfits("t", sensor)] == [key]


def test_a_limit_at_the_end_of_the_range_can_be_reached() -> None:
    """And one on another result is not measured by the range."""
    sensor = Sensor(unit=C, range=(0, 120))
    assert Rule(sensor="t", above=Quantity(120, C)).misfits("t", sensor) == []
    assert Rule(sensor="t", above=Quantity(500), of="deviation").misfits("t", sensor) == []
