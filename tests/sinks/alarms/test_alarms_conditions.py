"""The other ways to cross: below, outside, results of stages; which sensors a rule is about, and its words."""

import pytest
from msgspec import structs
from tests.sinks.alarms.kit import HOT, START, Bench

from gaugeway import Quantity, Reading, Rule, Sensor


def test_a_rule_waits_for_the_unit_of_its_sensor() -> None:
    """Where nobody stated it, the first reading tells in which unit the limit is to be compared."""
    bench = Bench({"boils": Rule(sensor="t", above=Quantity(212, "°F"))}, {"t": Sensor()})
    assert "boils" not in bench.panel.alarms
    bench.series(99.0, 100.0)
    assert bench.said == ["raised"]


def test_a_rule_that_does_not_fit_what_comes_is_left_out() -> None:
    """A pressure is no temperature; all else goes on."""
    bench = Bench({"hot": HOT, "odd": Rule(sensor="t", above=Quantity(3, "bar"))})
    bench.series(90.0)
    assert bench.said == ["raised"]


def test_below_is_above_turned_over() -> None:
    """Raising is inclusive and clearing strict, from the other side."""
    bench = Bench({"cold": Rule(sensor="t", below=Quantity(2), clear_above=Quantity(4))})
    bench.series(2.1, 2.0, 4.0)
    assert bench.said == ["raised"]
    bench.series(4.1)
    assert bench.said == ["raised", "cleared"]


def test_outside_watches_both_ends() -> None:
    """The alarm stands on either side, and clears well inside."""
    bench = Bench({"off": Rule(sensor="t", outside=(Quantity(2), Quantity(8)), hysteresis=Quantity(1))})
    bench.series(5.0, 8.0, 7.5, 7.0)
    assert bench.said == ["raised"]
    bench.series(6.9, 2.0, 2.9, 3.1)
    assert bench.said == ["raised", "cleared", "raised", "cleared"]
    assert bench.events[0].threshold == (2.0, 8.0)


def test_quantities_are_turned_into_the_unit_of_the_sensor() -> None:
    """A limit in °F watches a sensor in °C; the band is a difference."""
    rule = Rule(sensor="t", above=Quantity(212, "°F"), hysteresis=Quantity(9, "°F"))
    bench = Bench({"boils": rule}, {"t": Sensor(kind="temperature", unit="°C")})
    bench.series(99.9, 100.0, 95.1, 94.9)
    assert bench.said == ["raised", "cleared"]
    assert bench.events[0].threshold == pytest.approx(100.0)
    assert bench.events[0].clear_at == pytest.approx(95.0)


def test_of_another_result() -> None:
    """The rule looks at what a stage left beside the value, and at nothing where there is none."""
    bench = Bench({"hot": structs.replace(HOT, of="average")})
    bench.read(99.0, average=80.0)
    bench.read(99.0)
    assert bench.said == []
    bench.read(20.0, average=85.0)
    bench.read(20.0)
    assert bench.said == ["raised"]
    assert bench.events[0].value == 85.0


def test_of_a_result_of_somebody_elses_stage() -> None:
    """Any name will do."""
    bench = Bench({"rough": Rule(sensor="t", above=Quantity(3), of="deviation")})
    bench.read(20.0, deviation=2.9)
    bench.read(20.0, deviation=3.0)
    assert bench.said == ["raised"]


def test_selectors_make_an_alarm_for_each_sensor() -> None:
    """By name, by glob, and by kind, also for sensors that appear later."""
    sensors = {"boiler_*": Sensor(kind="temperature", unit="°C"), "main": Sensor(kind="pressure", unit="bar")}
    rules = {
        "hot": Rule(sensors=("boiler_*",), above=Quantity(85, "°C")),
        "high": Rule(kind="pressure", above=Quantity(6, "bar")),
    }
    bench = Bench(rules, sensors)
    bench.take(
        Reading("boiler_1", 90.0, START),
        Reading("boiler_2", 80.0, START),
        Reading("main", 6.0, START),
        Reading("boiler_3", 90.0, START),
    )
    assert [event.id for event in bench.events] == [
        "plant1:hot@boiler_1:1:2",
        "plant1:high@main:1:2",
        "plant1:hot@boiler_3:1:2",
    ]
    assert [event.rule for event in bench.events] == ["hot", "high", "hot"]


def test_the_operators_own_words() -> None:
    """A template is filled with the facts of the event."""
    rule = structs.replace(HOT, message="{severity}: {sensor} at {value:.2f} {unit} ({event})")
    bench = Bench({"hot": rule})
    bench.series(86.0, 80.0)
    assert [event.message for event in bench.events] == [
        "warning: t at 86.00 °C (raised)",
        "warning: t at 80.00 °C (cleared)",
    ]


def test_a_template_that_cannot_be_filled_gives_way() -> None:
    """An alarm whose sensor never spoke has no value, and says so in plain words."""
    bench = Bench({"hot": structs.replace(HOT, message="{value:.1f}", on_gap="raise")}, stale_after=10.0)
    bench.wait(20.0)
    assert bench.events[-1].message.startswith("t")


def test_how_it_stands_is_said_in_words() -> None:
    """A person reads why an alarm stands although the value is under the limit."""
    bench = Bench({"hot": Rule(sensor="t", above=Quantity(85), clear_below=Quantity(82), for_=5.0, clear_for=5.0)})

    def standing() -> str:
        return bench.snapshot("hot", None).message

    bench.read(20.0)
    assert standing() == "t 20 °C, well"
    bench.read(90.0)
    assert standing() == "t 90 °C, above 85 °C, not for long enough yet"
    bench.series(*[90.0] * 6)
    assert standing() == "t 90 °C, above 85 °C"
    bench.read(83.0)
    assert standing() == "t 83 °C, not yet under 82 °C"
    bench.read(81.0)
    assert standing() == "t 81 °C, no longer above 85 °C, not for long enough yet or not acknowledged"
