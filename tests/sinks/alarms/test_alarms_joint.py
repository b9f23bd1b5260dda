"""One alarm on several sensors."""

import pytest
from tests.sinks.alarms.kit import Bench

from gaugeway import Quantity, Rule, Sensor
from gaugeway.rule import Combine

THREE = {name: Sensor(unit="bar") for name in ("a", "b", "c")}


def joint(combine: Combine = "each", at_least: int | None = None, *, after: float = 0.0) -> dict[str, Rule]:
    """Return a rule on three sensors, with a band of 1 bar."""
    sensors = ("a", "b", "c")
    rule = Rule(
        sensors=sensors, combine=combine, at_least=at_least, above=Quantity(6), hysteresis=Quantity(1), for_=after
    )
    return {"high": rule}


@pytest.mark.parametrize(("combine", "at_least", "needed"), [("any", None, 1), ("each", 2, 2), ("all", None, 3)])
def test_raises_when_enough_cross(combine: Combine, at_least: int | None, needed: int) -> None:
    """Any, two of three, all."""
    bench = Bench(joint(combine, at_least), THREE)
    for sensor in THREE:
        bench.read(5.0, sensor)
    for count, sensor in enumerate(THREE, 1):
        bench.read(6.0, sensor)
        assert bench.said == (["raised"] if count >= needed else [])


def test_each_member_has_its_own_band() -> None:
    """One that has crossed counts until it is under its clearing limit."""
    bench = Bench(joint(at_least=2), THREE)
    for sensor, value in (("a", 6.0), ("b", 6.0), ("a", 5.0), ("c", 5.5)):
        bench.read(value, sensor)
    assert bench.said == ["raised"]
    bench.read(4.9, "a")
    assert bench.said == ["raised", "cleared"]


def test_a_joint_alarm_waits_too() -> None:
    """The delay runs while enough of them cross, whichever they are."""
    bench = Bench(joint(at_least=2, after=10.0), THREE)
    for sensor, value in (("a", 6.0), ("b", 6.0), ("c", 6.0)):
        bench.read(value, sensor)
    bench.wait(5.0)
    bench.read(4.0, "a")
    bench.wait(4.0)
    assert bench.said == []
    bench.wait(1.0)
    assert bench.said == ["raised"]


def test_a_silent_member_does_not_matter_where_the_others_decide() -> None:
    """Two of three: two that cross are enough, and two that do not are enough as well."""
    bench = Bench(joint(at_least=2), THREE, stale_after=30.0)
    for sensor in THREE:
        bench.read(5.0, sensor)
    for _ in range(40):
        bench.wait(1.0)
        bench.read(6.0, "a")
        bench.read(6.0, "b")
    assert bench.of("high") == ["raised"]
    bench.read(4.0, "a")
    assert bench.of("high") == ["raised", "stale"]
    bench.read(4.0, "b")
    assert bench.of("high") == ["raised", "stale", "recovered", "cleared"]


def test_a_silent_member_that_could_decide_leaves_all_open() -> None:
    """A gap is no clear: the alarm holds and says that it does not know."""
    bench = Bench(joint("any"), THREE, stale_after=30.0)
    for sensor, value in (("a", 6.0), ("b", 5.0), ("c", 5.0)):
        bench.read(value, sensor)
    for _ in range(100):
        bench.wait(1.0)
        bench.read(5.0, "b")
        bench.read(5.0, "c")
    assert bench.of("high") == ["raised", "stale"]
    assert bench.snapshot("high").active
    bench.read(5.0, "a")
    bench.read(4.0, "a")
    assert bench.of("high") == ["raised", "stale", "recovered", "cleared"]


@pytest.mark.parametrize("restarts", [False, True])
def test_an_open_verdict_holds_the_delay(restarts: bool) -> None:
    """While nobody knows, the delay stands still; afterwards it goes on, also after a restart."""
    bench = Bench(joint("all", after=60.0), THREE, stale_after=30.0)
    for sensor in THREE:
        bench.read(6.0, sensor)
    bench.wait(20.0)
    for second in range(100):
        bench.wait(1.0)
        bench.read(6.0, "b")
        bench.read(6.0, "c")
        if restarts and second % 10 == 0:
            bench.restart()
    assert bench.of("high") == ["stale"]
    for _ in range(29):
        bench.read(6.0, "a")
        bench.read(6.0, "b")
        bench.read(6.0, "c")
        bench.wait(1.0)
    assert bench.of("high") == ["stale", "recovered"]
    bench.read(6.0, "a")
    bench.wait(1.0)
    assert bench.of("high") == ["stale", "recovered", "raised"]


def test_sensors_that_have_not_spoken_yet_decide_nothing() -> None:
    """At the start there is no alarm, and no talk of a gap."""
    bench = Bench(joint("all"), THREE)
    bench.read(6.0, "a")
    bench.read(6.0, "b")
    assert bench.said == []


def test_the_difference_of_two_sensors() -> None:
    """Taken with each reading of either."""
    rules = {"apart": Rule(difference=("a", "b"), above=Quantity(2), hysteresis=Quantity(0.5))}
    bench = Bench(rules, THREE)
    bench.read(5.0, "a")
    bench.read(3.1, "b")
    assert bench.said == []
    bench.read(3.0, "b")
    assert bench.said == ["raised"]
    assert bench.events[0].value == 2.0
    assert bench.events[0].sensor == "a - b"
    bench.read(4.4, "a")
    assert bench.said == ["raised", "cleared"]


def test_a_difference_of_sensors_in_two_units() -> None:
    """A limit is a distance: 9 °F apart are 5 °C apart, and readings are compared in one unit."""
    sensors = {"a": Sensor(unit="°C"), "b": Sensor(unit="°F")}
    bench = Bench({"apart": Rule(difference=("a", "b"), above=Quantity(9, "°F"))}, sensors)
    bench.read(10.0, "a")
    bench.read(41.1, "b")
    assert bench.said == []
    bench.read(41.0, "b")
    assert bench.said == ["raised"]


def test_a_difference_of_a_temperature_and_a_pressure_is_none() -> None:
    """The rule is left out; all else goes on."""
    sensors = {"a": Sensor(unit="°C"), "b": Sensor(unit="bar")}
    bench = Bench({"apart": Rule(difference=("a", "b"), above=Quantity(9))}, sensors)
    bench.read(90.0, "a")
    bench.read(1.0, "b")
    assert bench.said == []


def test_the_difference_to_a_silent_sensor_is_not_known() -> None:
    """The last value of a dead sensor is compared with nothing."""
    rules = {"apart": Rule(difference=("a", "b"), above=Quantity(2))}
    bench = Bench(rules, THREE, stale_after=30.0)
    bench.read(5.0, "a")
    bench.read(1.0, "b")
    for _ in range(40):
        bench.wait(1.0)
        bench.read(1.0, "a")
    assert bench.of("apart") == ["raised", "cleared", "stale"]
    bench.read(9.0, "a")
    assert bench.of("apart") == ["raised", "cleared", "stale"]
    bench.read(9.0, "b")
    assert bench.of("apart") == ["raised", "cleared", "stale", "recovered"]
