"""The other ways to cross: below, outside, rate, stuck, stale, quality, and results of stages."""

import pytest
from msgspec import structs
from tests.sinks.alarms.kit import HOT, START, Bench

from gaugeway import Quantity, Reading, Rule, Sensor
from gaugeway.rule import Rate


def rate(amount: float, per: float = 60.0) -> Rule:
    """Return a rule on how fast the sensor `t` changes."""
    return Rule(sensor="t", rate=Rate(Quantity(amount, "°C"), per))


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


def test_a_fast_rise_raises() -> None:
    """Five degrees within the minute."""
    bench = Bench({"fast": rate(5.0)})
    bench.series(*[20.0] * 30, 22.0, 24.0, 24.9)
    assert bench.said == []
    bench.series(25.0)
    assert bench.said == ["raised"]
    assert bench.events[0].unit == "°C/min"
    assert bench.events[0].value == 5.0


def test_a_slow_rise_does_not_raise() -> None:
    """However far it goes: what counts is the change within one period."""
    bench = Bench({"fast": rate(5.0)})
    bench.series(*[20.0 + second * 4.9 / 60 for second in range(600)])
    assert bench.said == []


def test_noise_is_no_rate() -> None:
    """A jump by half a degree from one second to the next is half a degree, not thirty a minute."""
    bench = Bench({"fast": rate(5.0)})
    bench.series(*[20.0, 20.5] * 100)
    assert bench.said == []


def test_a_rate_clears_when_the_window_has_passed() -> None:
    """A step is a rise for as long as the window shows both ends of it."""
    bench = Bench({"fast": rate(5.0)})
    bench.series(20.0, *[26.0] * 60)
    assert bench.said == ["raised"]
    bench.series(26.0, 26.0)
    assert bench.said == ["raised", "cleared"]


def test_a_falling_rate() -> None:
    """A negative amount is a fall; a rise does not matter to it."""
    bench = Bench({"leak": rate(-5.0)})
    bench.series(20.0, 30.0)
    assert bench.said == []
    bench.series(25.0)
    assert bench.said == ["raised"]
    assert bench.events[0].value == -5.0
    assert bench.events[0].message == "t -5 °C/min, falling faster than -5 °C/min"


def test_a_rate_of_slow_samples() -> None:
    """Samples that are further apart than the period: the change is shared out over the time."""
    bench = Bench({"fast": rate(5.0)})
    bench.series(20.0, 24.0, every=120.0)
    assert bench.said == []
    bench.series(34.0, every=120.0)
    assert bench.said == ["raised"]


def test_a_change_over_a_gap_is_no_rate() -> None:
    """Nobody knows how fast it went while the sensor was silent."""
    bench = Bench({"fast": rate(5.0)}, stale_after=30.0)
    bench.series(20.0)
    bench.wait(40.0)
    bench.series(90.0, 90.1)
    assert bench.said == ["stale", "recovered"]


def test_a_rate_alarm_does_not_clear_with_the_first_reading_after_a_gap() -> None:
    """One reading alone shows no rate, neither fast nor slow."""
    bench = Bench({"fast": rate(5.0)}, stale_after=30.0)
    bench.series(20.0, 26.0)
    bench.wait(40.0)
    bench.series(90.0)
    assert bench.said == ["raised", "stale", "recovered"]
    bench.series(90.0)
    assert bench.said == ["raised", "stale", "recovered", "cleared"]


def test_the_window_of_a_rate_is_bounded() -> None:
    """However many readings come, only so many are remembered."""
    bench = Bench({"fast": rate(5.0, per=3600.0)})
    for step in range(20_000):
        bench.take(Reading("t", 20.0 + step / 1e5, bench.now, "°C"))
        bench.now += 0.1
    saved = bench.panel.save().tracks["t"].memory["fast"]
    assert len(saved) <= 2 * 61


def test_a_stuck_value() -> None:
    """The same value for ten minutes, while readings come."""
    bench = Bench({"stuck": Rule(sensor="t", stuck=600.0)})
    bench.series(*[20.0, 20.1] * 100)
    assert bench.said == []
    bench.series(*[20.1] * 600)
    assert bench.said == ["raised"]
    assert bench.events[0].message == "t, unchanged for 10 min"
    bench.series(20.2)
    assert bench.said == ["raised", "cleared"]


def test_a_stuck_value_with_tolerance() -> None:
    """A change of no more than the tolerance is none."""
    bench = Bench({"stuck": Rule(sensor="t", stuck=60.0, hysteresis=Quantity(0.5))})
    bench.series(*[20.0, 20.4, 19.6] * 30)
    assert bench.said == ["raised"]
    bench.series(20.6)
    assert bench.said == ["raised", "cleared"]


def test_a_silent_sensor_is_not_stuck() -> None:
    """Without readings nobody knows whether the value changes; a stuck one that comes back unchanged is stuck."""
    bench = Bench({"stuck": Rule(sensor="t", stuck=600.0)}, stale_after=60.0)
    bench.series(*[20.0] * 10)
    bench.wait(3600.0, 5.0)
    assert bench.said == ["stale"]
    bench.series(*[20.0] * 600)
    assert bench.said == ["stale", "recovered", "raised"]


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
