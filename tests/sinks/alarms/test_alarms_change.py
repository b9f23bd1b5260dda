"""Alarms on how a value changes: too fast, or not at all."""

from tests.sinks.alarms.kit import Bench

from gaugeway import Quantity, Reading, Rule
from gaugeway.rule import Rate


def rate(amount: float, per: float = 60.0) -> Rule:
    """Return a rule on how fast the sensor `t` changes."""
    return Rule(sensor="t", rate=Rate(Quantity(amount, "°C"), per))


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
