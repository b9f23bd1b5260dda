"""The intake completes readings and keeps out what is none."""

import math
import tracemalloc
from collections.abc import Iterator
from typing import cast

import pytest
from tests.engine.bursts import all_of
from tests.engine.kit import END, Feed, intake, readings, sensors

from gaugeway import DeviceError, Reading, Reject, Sensor, Tick
from gaugeway.engine.timekeeper import SET_AFTER, Timekeeper


def test_a_reading_gets_the_gateways_time_and_its_sensors_unit() -> None:
    """A source has to fill in the name and the value, nothing else."""
    before = Timekeeper.wall()
    [reading] = all_of(intake(Feed(Reading("t", 21.5), END), known=sensors(t=Sensor(unit="°C"))))
    assert before <= reading.time <= Timekeeper.wall()
    assert (reading.unit, reading.stamp, reading.quality) == ("°C", "gateway", "good")


def test_what_the_source_says_itself_is_kept() -> None:
    """A time and a unit that the device sent are not overwritten."""
    sent = Reading("t", 70.0, time=5.0, unit="°F", stamp="device")
    [reading] = all_of(intake(Feed(sent, END), known=sensors(t=Sensor(unit="°C"))))
    assert (reading.time, reading.unit, reading.stamp) == (5.0, "°F", "device")


def test_a_recording_may_begin_at_zero() -> None:
    """Many count from their own beginning: its first row is not of today, or all after it would lie in the past."""
    source = Feed(
        Reading("a", 1.0, 0.0, stamp="device"), Reading("a", 2.0, 1.0, stamp="device"), Reading("a", 3.0), END
    )
    vars(source)["live"] = False
    first, second, undated = all_of(intake(source))
    assert (first.time, second.time) == (0.0, 1.0)
    assert undated.time > 1.0


def test_zero_is_a_reading() -> None:
    """Neither 0 nor -0.0 nor the smallest number is nothing."""
    assert [one.value for one in all_of(intake(Feed(*readings(0, 0.0, -0.0, 5e-324, 1.7e308), END)))] == [
        0, 0.0, -0.0, 5e-324, 1.7e308,
    ]  # fmt: skip


@pytest.mark.parametrize("moment", [math.nan, math.inf, -math.inf])
def test_a_time_that_is_none_is_counted_and_left_out(moment: float) -> None:
    """Nothing behind can reckon with it, and no file could hold it."""
    into = intake(Feed(Reading("a", 1.0, moment), Reading("a", 2.0), END))
    assert [one.value for one in all_of(into)] == [2.0]
    assert into.meter.dropped == {"not a time": 1}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
def test_what_is_not_finite_is_counted_and_left_out(value: float) -> None:
    """One infinity would make every mean after it infinite."""
    into = intake(Feed(*readings(1, value, 2), END))
    assert [one.value for one in all_of(into)] == [1, 2]
    assert into.meter.dropped == {"not finite": 1}


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a/b", "a+b", "a#", "a\nb", "\x7f", "x" * 129, "\udc80", "a\u2028b", "a\u202eb"]
)
def test_a_name_that_would_do_harm_further_on_is_left_out(name: str) -> None:
    """Names become topics, columns and log lines."""
    into = intake(Feed(Reading(name, 1.0), END))
    assert all_of(into) == []
    assert into.meter.dropped == {"bad name": 1}


@pytest.mark.parametrize("name", ["a", "boiler_temp", "vorlauf-°C", "Zähler.1", "x" * 128, "温度"])
def test_an_ordinary_name_is_taken(name: str) -> None:
    """Any script, any punctuation that nobody else needs."""
    assert len(all_of(intake(Feed(Reading(name, 1.0), END)))) == 1


def test_an_undeclared_sensor_is_left_out_where_sensors_are_declared() -> None:
    """A source with a list of its sensors brings no others; a glob stands for all that fit it."""
    into = intake(Feed(*readings(1), *readings(2, sensor="other"), *readings(3, sensor="tank7"), END),
                  known=sensors("a", "tank*"))  # fmt: skip
    assert [one.value for one in all_of(into)] == [1, 3]
    assert into.meter.dropped == {"undeclared sensor": 1}


def test_sensors_beyond_the_bound_are_left_out_and_the_known_go_on() -> None:
    """Whoever came first stays."""
    into = intake(Feed(*(Reading(f"s{number % 5}", number) for number in range(10)), END), most=3)
    assert [one.value for one in all_of(into)] == [0, 1, 2, 5, 6, 7]
    assert into.meter.dropped == {"too many sensors": 4}


def test_a_million_invented_names_take_no_memory() -> None:
    """A hostile sender fills a counter, not the memory."""

    class Flood:
        ticks = True

        def stream(self) -> Iterator[Reading | Tick]:
            for number in range(100_000):
                yield Reading(f"sensor{number}", 1.0)
            yield Tick()

    into = intake(Flood(), most=10)
    bursts = into.bursts()
    next(bursts)
    tracemalloc.start()
    try:
        for _ in bursts:
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert into.meter.dropped == {"too many sensors": 99_990}
    assert peak < 1_000_000


def test_reasons_that_hold_numbers_take_no_memory() -> None:
    """A source that writes the raw value into the reason is counted under one word in the end."""
    into = intake(Feed(*(Reject(f"bad value {number}") for number in range(1000)), END))
    assert all_of(into) == []
    assert sum(into.meter.dropped.values()) == 1000
    assert len(into.meter.dropped) <= 51
    assert into.meter.dropped["other reasons"] == 950


def test_a_reject_is_counted_by_its_reason_and_logged_ever_more_seldom(caplog: pytest.LogCaptureFixture) -> None:
    """A thousand of one kind are eleven lines at most, and no line is longer than it must be."""
    into = intake(Feed(*(Reject("crc", b"\xff" * 5000, "s" * 5000) for _ in range(1000)), Reject("too long"), END))
    assert all_of(into) == []
    assert into.meter.dropped == {"crc": 1000, "too long": 1}
    logged = [record for record in caplog.records if record.message == "input left out"]
    facts = [cast("dict[str, object]", record.__dict__["facts"]) for record in logged]
    assert [fact["count"] for fact in facts if fact["reason"] == "crc"] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert max(len(str(fact)) for fact in facts) < 600


def test_a_burst_ends_at_a_tick_or_at_256() -> None:
    """What is in it is handed on before anybody waits."""
    into = intake(Feed(*readings(*range(300)), Tick(full=True), *readings(1), END))
    bursts = [burst for burst in into.bursts() if burst.readings]
    assert [len(burst.readings) for burst in bursts] == [256, 44, 1]
    assert [(burst.tick, burst.full) for burst in bursts] == [(False, False), (True, True), (False, False)]


def test_what_is_left_out_counts_towards_the_burst() -> None:
    """A flood of rejects cannot keep the pipeline from its other duties."""
    into = intake(Feed(*(Reject("crc") for _ in range(1000)), END))
    assert [len(burst.readings) for burst in into.bursts()] == [0, 0, 0, 0]


def test_a_live_source_brings_the_gateways_time() -> None:
    """Two bursts are as far apart as they really were."""
    into = intake(Feed(*readings(1), Tick(), *readings(2), END))
    times = [burst.now for burst in into.bursts()]
    assert times == sorted(times)
    assert abs(times[0] - Timekeeper.wall()) < 60


def test_a_recorded_source_brings_its_own_time() -> None:
    """The stream's time is that of the last reading, never goes back, and knows no wall clock."""

    class Recorded(Feed):
        live = False

    lines = [Reading("a", 1.0, time=moment) for moment in (100.0, 200.0, 150.0)]
    file = Recorded(*lines, Tick(), Tick())
    into = intake(file)
    into.site.clock.now = 0.0
    seen: list[float] = []
    for burst in into.bursts():
        seen.append(burst.now)
        into.site.clock.now = burst.now
        if len(seen) == 3:
            file.say(DeviceError("gone"))
        if len(seen) == 4:
            file.say(*lines, Reading("a", 1.0, time=300.0), END)
    assert seen[:3] == [150.0, 150.0, 150.0]
    assert seen[-1] == 300.0
    assert set(seen) == {150.0, 300.0}, "a pause after a failure is no time in the recording"


def test_a_recording_that_is_opened_again_goes_on_where_it_was() -> None:
    """A disk that hiccups in the middle of a file doubles nothing, whatever was left out before."""

    class Hiccups:
        ticks = True
        live = False
        opened = 0

        def stream(self) -> Iterator[Reading | Reject | Tick]:
            self.opened += 1
            for number in range(1000):
                if number == self.opened * 300:
                    raise OSError(5, "Input/output error")
                if number % 10 == 3:
                    yield Reject("not a number")
                elif number % 10 == 7:
                    yield Reading("a", math.nan)
                else:
                    yield Reading("a", number)
                if number % 100 == self.opened:
                    yield Tick()

    source = Hiccups()
    into = intake(source)
    expected = [number for number in range(1000) if number % 10 not in (3, 7)]
    assert [one.value for one in all_of(into)] == expected
    assert source.opened == 4
    assert into.meter.dropped == {"not a number": 100, "not finite": 100}


def test_a_clock_that_was_never_set_shows_in_the_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Pi without a battery believes it is 1970; a time from the device is another matter."""
    monkeypatch.setattr(Timekeeper, "wall", staticmethod(lambda: SET_AFTER - 1))
    sent = Reading("a", 2.0, time=1e9, stamp="device")
    assert [one.stamp for one in all_of(intake(Feed(*readings(1), sent, END)))] == ["unsynced", "device"]


def test_what_is_known_of_a_sensor_is_counted() -> None:
    """Health shows the last reading and how many there were."""
    into = intake(Feed(*readings(1, 2, 3), END))
    all_of(into)
    seen = into.sensors["a"]
    assert seen.count == 3
    assert seen.last is not None
    assert seen.last.value == 3
