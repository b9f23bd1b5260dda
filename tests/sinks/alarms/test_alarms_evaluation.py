"""When an alarm is raised and cleared, and what must never raise or clear one."""

import math
import random

import pytest
from msgspec import structs
from tests.sinks.alarms.kit import HOT, START, Bench

from gaugeway import Clock, Quantity, Reading, Rule

SLOW = structs.replace(HOT, for_=15.0, clear_for=30.0)


def test_raises_at_the_threshold_itself() -> None:
    """Raising is inclusive."""
    bench = Bench({"hot": HOT})
    bench.series(84.9, 85.0)
    assert bench.said == ["raised"]


def test_clears_only_under_the_clearing_limit() -> None:
    """Clearing is strict: at the limit itself the alarm stands."""
    bench = Bench({"hot": HOT})
    bench.series(85.0, 82.0)
    assert bench.snapshot("hot").active
    bench.series(81.9)
    assert bench.said == ["raised", "cleared"]


def test_without_hysteresis_the_threshold_is_the_clearing_limit() -> None:
    """A rule with nothing but a threshold stands at it and clears under it."""
    bench = Bench({"hot": Rule(sensor="t", above=Quantity(85))})
    bench.series(85.0, 85.0, 84.999)
    assert bench.said == ["raised", "cleared"]


def test_waits_for_the_on_delay() -> None:
    """The alarm is pending while the crossing has not held for long enough."""
    bench = Bench({"hot": SLOW})
    bench.series(*[86.0] * 15)
    assert bench.snapshot("hot").condition == "active"
    assert [event.raised for event in bench.events] == ["2027-01-15T08:00:15.000Z"]
    assert bench.events[0].first_crossed == "2027-01-15T08:00:00.000Z"


def test_recovering_while_pending_is_silent() -> None:
    """A crossing that does not hold leaves no event, and the next one waits anew."""
    bench = Bench({"hot": SLOW})
    bench.series(*[86.0] * 14, 80.0, *[86.0] * 14)
    assert bench.said == []
    assert bench.snapshot("hot").condition == "pending"


def test_pending_does_not_outlast_the_threshold() -> None:
    """Hysteresis belongs to a raised alarm: a pending one that dips into the band did not hold."""
    bench = Bench({"hot": SLOW})
    bench.series(*[86.0] * 10, 84.0, *[86.0] * 14)
    assert bench.said == []


def test_crossing_again_while_clearing_does_not_raise_again() -> None:
    """One occurrence goes on until it was well for the whole off-delay."""
    bench = Bench({"hot": structs.replace(HOT, clear_for=30.0)})
    bench.series(86.0, *[80.0] * 29, 86.0, *[80.0] * 29)
    assert bench.said == ["raised"]
    assert bench.snapshot("hot").condition == "clearing"
    bench.wait(1.0)
    assert bench.said == ["raised", "cleared"]
    assert [event.occurrence for event in bench.events] == [1, 1]


def test_timers_run_without_samples() -> None:
    """Between two samples it is the ticks that let an alarm become active."""
    bench = Bench({"hot": SLOW})
    bench.read(86.0)
    bench.wait(14.0)
    assert bench.said == []
    bench.wait(1.0)
    assert bench.said == ["raised"]


def test_coarse_ticks_do_not_change_the_times() -> None:
    """An alarm is raised when its delay ends, whenever the tick comes that shows it."""
    fine, coarse = Bench({"hot": SLOW}), Bench({"hot": SLOW})
    for bench, every in ((fine, 0.25), (coarse, 5.0)):
        bench.read(86.0)
        bench.wait(1.0)
        bench.read(87.0)
        bench.wait(19.0, every)
    assert fine.events[0].raised == coarse.events[0].raised == "2027-01-15T08:00:15.000Z"


@pytest.mark.parametrize("seed", range(3))
def test_ten_thousand_samples_of_noise_in_the_band_raise_once(seed: int) -> None:
    """Noise that crosses the threshold and stays over the clearing limit is one alarm."""
    noise = random.Random(seed)
    bench = Bench({"hot": structs.replace(HOT, clear_for=2.0)})
    for _ in range(10_000):
        bench.read(noise.uniform(82.0, 88.0))
        bench.wait(0.1, 0.1)
    assert bench.said == ["raised"]


@pytest.mark.parametrize("quality", ["bad", "stale"])
def test_a_bad_sample_neither_raises_nor_clears_nor_restarts(quality: str) -> None:
    """A sample that is not usable is as if it had not come."""
    bench = Bench({"hot": SLOW})
    bench.read(86.0)
    bench.wait(10.0)
    bench.take(Reading("t", 20.0, bench.now, "°C", "bad" if quality == "bad" else "stale"))
    bench.wait(5.0)
    assert bench.said == ["raised"]
    bench.take(Reading("t", 20.0, bench.now, "°C", "bad"))
    bench.wait(60.0)
    assert bench.said == ["raised"]


def test_a_burst_of_nan_changes_nothing() -> None:
    """What is not a number neither raises nor clears, whatever the state."""
    bench = Bench({"hot": SLOW})
    for before in (80.0, 86.0, 86.0):
        bench.read(before)
        bench.wait(8.0)
        state = bench.snapshot("hot").condition
        for value in (math.nan, math.inf, -math.inf) * 10:
            bench.read(value)
        assert bench.snapshot("hot").condition == state
    assert bench.said == ["raised"]


def test_zero_is_a_value() -> None:
    """0.0 crosses, and clears, like any other number."""
    bench = Bench({"frost": Rule(sensor="t", below=Quantity(0.0), clear_above=Quantity(0.5))})
    bench.series(1.0, 0.0, 0.5, 0.6)
    assert bench.said == ["raised", "cleared"]
    assert bench.events[0].value == 0.0


@pytest.mark.parametrize("hours", [1, -1])
def test_a_step_of_the_wall_clock_changes_no_duration(hours: int) -> None:
    """In the middle of the on-delay the wall clock is set by an hour: the alarm comes when it would have come."""
    bench = Bench({"hot": SLOW})
    bench.series(*[86.0] * 7)
    bench.step = hours * 3600.0
    bench.series(*[86.0] * 7)
    assert bench.said == []
    bench.series(86.0)
    assert bench.said == ["raised"]
    assert bench.events[0].emitted == ("2027-01-15T09:00:15.000Z" if hours > 0 else "2027-01-15T07:00:15.000Z")


def test_a_dead_sensor_never_clears() -> None:
    """A gap is no clear: the alarm stands, says that it knows nothing, and holds for ever."""
    bench = Bench({"hot": SLOW}, stale_after=60.0)
    bench.series(*[86.0] * 20, 80.0)
    assert bench.snapshot("hot").condition == "clearing"
    bench.step = 0.0
    bench.wait(29.0)
    bench.read(80.0)
    bench.wait(1e4, 5.0)
    assert bench.said == ["raised", "cleared", "stale"]


def test_a_gap_holds_the_off_delay() -> None:
    """The off-delay does not run out while nobody knows whether all is well."""
    bench = Bench({"hot": structs.replace(HOT, clear_for=100.0)}, stale_after=60.0)
    bench.series(86.0, 80.0)
    bench.wait(1000.0)
    assert bench.snapshot("hot").condition == "clearing"
    assert bench.snapshot("hot").unknown
    assert bench.said == ["raised", "stale"]


def test_device_times_measure_the_delays() -> None:
    """Where the device says when it measured, a backlog that comes at once is judged by those times."""
    bench = Bench({"hot": SLOW})
    for second in range(14):
        bench.read(86.0, time=START - 500.0 + second)
    assert bench.said == []
    bench.read(86.0, time=START - 500.0 + 15)
    assert bench.said == ["raised"]
    assert bench.events[0].raised == "2027-01-15T07:51:55.000Z"


def test_device_times_and_ticks_go_together() -> None:
    """Between the samples of a device with a wrong clock time passes with the ticks."""
    bench = Bench({"hot": SLOW})
    bench.read(86.0, time=1000.0)
    bench.wait(10.0)
    bench.read(86.0, time=1010.0)
    bench.wait(4.9, 0.1)
    assert bench.said == []
    bench.wait(0.2, 0.1)
    assert bench.said == ["raised"]


@pytest.mark.parametrize("step", [3600.0, -3600.0, math.nan])
def test_a_device_whose_clock_steps_keeps_its_delays(step: float) -> None:
    """A device's clock that is set, or shows nonsense, neither skips nor restarts a delay."""
    bench = Bench({"hot": structs.replace(HOT, for_=100.0)}, stale_after=60.0)
    for second in range(10):
        bench.read(86.0, time=1000.0 + second * 10)
        bench.wait(5.0)
        bench.read(86.0, time=1000.0 + second * 10 + 5 + step)
        bench.wait(5.0)
    assert [event.event for event in bench.events] == ["raised"]


def test_a_recording_is_judged_by_its_own_times() -> None:
    """A recorded stream needs no ticks, and the size of its batches changes nothing."""
    readings = [Reading("t", 86.0, START + second, "°C") for second in range(40)]
    readings += [Reading("t", 80.0, START + 500 + second, "°C") for second in range(40)]
    at_once, singly = (Bench({"hot": SLOW}, stale_after=60.0, live=False) for _ in range(2))
    at_once.take(*readings)
    for reading in readings:
        singly.take(reading)
    assert at_once.said == ["raised", "stale", "recovered", "cleared"]
    assert [event.id for event in at_once.events] == [event.id for event in singly.events]
    assert [event.raised for event in at_once.events] == [event.raised for event in singly.events]
    assert all(event.historical for event in at_once.events)


def test_a_recording_begins_with_its_first_reading() -> None:
    """Not with the last one of the batch in which that comes, nor with a tick before it; whatever clocks show."""
    panel, clock = Bench({"silent": Rule(sensor="t", stale=60.0)}).fresh(), Clock(live=False)
    assert panel.tick(0.0, clock) == []
    clock.now = START + 100
    told = panel.consume([Reading("t", 20.0, START, "°C"), Reading("t", 20.0, clock.now, "°C")], clock)
    told += panel.tick(1e12, clock)
    assert [one.event.event for one in told if one.event.rule == "silent"] == ["raised", "cleared"]


def test_the_gateways_own_absence_is_no_silence_of_a_sensor() -> None:
    """When the stream's time jumps, nobody was listening: delays go on where they were."""
    bench = Bench({"hot": SLOW}, stale_after=60.0)
    bench.series(*[86.0] * 10)
    bench.restart()
    bench.now += 7200.0
    bench.wait(5.0)
    assert bench.events == []
    bench.wait(1.0)
    assert bench.said == ["raised"]


def test_numbers_tell_gaps_and_repeats() -> None:
    """`seq` counts the node's events; the identity names node, alarm, occurrence and step."""
    bench = Bench({"hot": HOT, "warm": structs.replace(HOT, above=Quantity(83, "°C"))})
    bench.series(86.0, 80.0, 84.0)
    assert [event.seq for event in bench.events] == [1, 2, 3, 4, 5]
    assert [event.id for event in bench.events] == [
        "plant1:hot:1:2",
        "plant1:warm:1:2",
        "plant1:hot:1:3",
        "plant1:warm:1:3",
        "plant1:warm:2:2",
    ]


def test_the_same_input_gives_the_same_messages() -> None:
    """Evaluation is a function of readings and ticks."""
    one, two = (Bench({"hot": SLOW}, stale_after=60.0) for _ in range(2))
    for bench in (one, two):
        bench.series(*[86.0] * 20, *[80.0] * 40)
        bench.wait(100.0)
    assert one.events == two.events
    assert len(one.events) == 4
