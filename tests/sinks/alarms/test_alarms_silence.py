"""Alarms on sensors that are silent or no good, and what a gap means to the others."""

import pytest
from msgspec import structs
from tests.sinks.alarms.kit import HOT, Bench

from gaugeway import Rule, Sensor


def test_a_stale_rule_raises_and_clears() -> None:
    """Silence for a minute; any usable reading ends it."""
    bench = Bench({"dead": Rule(sensor="t", stale=60.0)})
    bench.read(20.0)
    bench.wait(59.0)
    bench.read(20.0)
    bench.wait(59.0)
    assert bench.said == []
    bench.wait(1.0)
    assert bench.said == ["raised"]
    assert bench.events[0].message == "t, silent for 1 min"
    assert not bench.panel.tracks["t"].online
    bench.read(20.0)
    assert bench.said == ["raised", "cleared"]


def test_a_sensor_that_never_speaks_is_dead_too() -> None:
    """What is configured is expected, from the start."""
    bench = Bench({}, {"t": Sensor(stale_after=60.0)})
    bench.wait(60.0)
    assert bench.of("stale@t") == ["raised"]
    assert not bench.panel.tracks["t"].online


def test_a_sensor_named_by_a_rule_is_expected_to_speak() -> None:
    """Also where the configuration knows it by a glob only."""
    bench = Bench({"hot": HOT}, {"*": Sensor(unit="°C", stale_after=60.0)})
    bench.wait(60.0)
    assert bench.of("hot") == ["stale"]
    assert bench.of("stale@t") == ["raised"]


def test_every_sensor_has_an_implicit_stale_rule() -> None:
    """Stated for the sensor, or the default; a rule of one's own takes its place."""
    sensors = {"a": Sensor(stale_after=10.0), "b": Sensor(), "c": Sensor()}
    bench = Bench({"dead": Rule(sensor="c", stale=30.0)}, sensors, stale_after=20.0)
    bench.wait(40.0)
    raised = {event.rule: event.raised for event in bench.events}
    assert raised == {
        "stale@a": "2027-01-15T08:00:10.000Z",
        "stale@b": "2027-01-15T08:00:20.000Z",
        "dead": "2027-01-15T08:00:30.000Z",
    }


def test_a_sensor_that_sends_only_nonsense_is_as_good_as_dead() -> None:
    """Bad readings are no sign of life for what depends on their values."""
    bench = Bench({"hot": HOT}, stale_after=60.0)
    bench.read(86.0)
    for _ in range(70):
        bench.read(20.0, quality="bad")
        bench.wait(1.0)
    assert bench.said == ["raised", "stale"]


def test_bad_quality_raises_at_once_and_good_clears() -> None:
    """A rule on quality looks at what the others must not."""
    bench = Bench({"bad": Rule(sensor="t", quality="bad")})
    bench.read(20.0)
    bench.read(20.0, quality="uncertain")
    assert bench.said == []
    bench.read(20.0, quality="bad")
    assert bench.said == ["raised"]
    assert bench.events[0].quality == "bad"
    assert bench.events[0].message == "t, of bad quality"
    bench.read(20.0)
    assert bench.said == ["raised", "cleared"]


def test_bad_quality_with_a_delay() -> None:
    """One bad reading among good ones does not matter to it."""
    bench = Bench({"bad": Rule(sensor="t", quality="uncertain", for_=10.0)})
    bench.read(20.0, quality="bad")
    bench.wait(5.0)
    bench.read(20.0)
    bench.wait(60.0)
    assert bench.said == []
    for _ in range(11):
        bench.read(20.0, quality="uncertain")
        bench.wait(1.0)
    assert bench.said == ["raised"]


@pytest.mark.parametrize(
    ("on_gap", "said"),
    [("hold", ["stale"]), ("raise", ["stale", "raised"]), ("clear", ["stale"])],
)
def test_what_a_gap_means_to_a_normal_alarm(on_gap: str, said: list[str]) -> None:
    """The rule says."""
    rule = structs.replace(HOT, on_gap=on_gap)
    bench = Bench({"hot": rule}, stale_after=60.0)
    bench.series(80.0)
    bench.wait(100.0)
    assert bench.said == said
    assert bench.snapshot("hot").unknown


@pytest.mark.parametrize(
    ("on_gap", "said"),
    [("hold", ["raised", "stale"]), ("raise", ["raised", "stale"]), ("clear", ["raised", "stale", "cleared"])],
)
def test_what_a_gap_means_to_an_active_alarm(on_gap: str, said: list[str]) -> None:
    """The rule says; only one that asks for it clears."""
    bench = Bench({"hot": structs.replace(HOT, on_gap=on_gap)}, stale_after=60.0)
    bench.series(86.0)
    bench.wait(100.0)
    assert bench.said == said


def test_a_raise_by_gap_clears_with_good_readings() -> None:
    """Once the sensor speaks again, it is an alarm like any other."""
    bench = Bench({"hot": structs.replace(HOT, on_gap="raise", clear_for=5.0)}, stale_after=60.0)
    bench.series(80.0)
    bench.wait(100.0)
    bench.series(*[80.0] * 6)
    assert bench.said == ["stale", "raised", "recovered", "cleared"]
