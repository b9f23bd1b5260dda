"""Averages: held against plain sums over what should be inside, and against everything that spoils one."""

import os
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import exp, fsum, inf, isclose, nan
from random import Random
from statistics import median
from typing import cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaugeway import Clock, Quality, Reading, Site
from gaugeway_stages.average import Average, Method

MANY = int(os.environ.get("GAUGEWAY_TEST_READINGS", "50000"))
at_length = settings(max_examples=int(os.environ.get("GAUGEWAY_TEST_EXAMPLES", "50")), deadline=None)
FILE = Site(clock=Clock(live=False))
METHODS: tuple[Method, ...] = ("simple", "exponential", "median")
every_method = pytest.mark.parametrize("method", METHODS)
numbers = st.lists(st.one_of(st.floats(-100, 100), st.floats(-1e299, 1e299)))
moments_and_numbers = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0, 2.5, 9.0]), st.floats(-100, 100)))


def averages(stage: Average, values: Iterable[float]) -> list[float | None]:
    return [reading.average for reading in stage.process(Reading("a", value) for value in values)]


def over_time(stage: Average, timed: Iterable[tuple[float, float]]) -> list[float | None]:
    readings = (Reading("a", value, time=time) for time, value in timed)
    return [reading.average for reading in stage.process(readings)]


def moved(stage: Average, to: Average) -> Average:
    """Take the state of one stage into another, the way a checkpoint does."""
    to.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(stage.save())))
    return to


def close(got: float | None, exact: float, inside: Iterable[float]) -> bool:
    """Tell whether `got` is right to the last few bits of the largest value inside."""
    return got is not None and isclose(got, exact, rel_tol=1e-13, abs_tol=1e-300 + 1e-14 * max(map(abs, inside)))


@pytest.mark.parametrize(
    ("method", "values", "expected"),
    [
        ("simple", [1.0, 2.0, 3.0, 4.0, 8.0], [1.0, 1.5, 2.0, 3.0, 5.0]),
        ("simple", [0.0, 0.0, 0.0, 3.0], [0.0, 0.0, 0.0, 1.0]),
        ("median", [5.0, 1.0, 2.0, 9.0, 2.0], [5.0, 3.0, 2.0, 2.0, 2.0]),
        ("exponential", [4.0, 8.0, 6.0, 0.0], [4.0, 6.0, 6.0, 3.0]),
    ],
)
def test_the_last_three(method: Method, values: list[float], expected: list[float]) -> None:
    """From the first reading on there is an average of as many as there are, then of the last three."""
    assert averages(Average(site=FILE, last=3, method=method), values) == expected


@pytest.mark.parametrize(
    ("method", "timed", "expected"),
    [
        ("simple", [(0, 1.0), (4, 3.0), (9, 5.0), (10, 7.0), (30, 9.0)], [1.0, 2.0, 3.0, 5.0, 9.0]),
        ("median", [(0, 9.0), (4, 1.0), (9, 2.0), (10, 3.0), (30, 9.0)], [9.0, 5.0, 2.0, 2.0, 9.0]),
        ("exponential", [(0, 2.0), (0, 4.0), (1e6, 9.0)], [2.0, 3.0, 9.0]),
    ],
)
def test_the_last_ten_seconds(method: Method, timed: list[tuple[float, float]], expected: list[float]) -> None:
    """What is ten seconds old is forgotten, so after a silence the next reading stands alone."""
    assert over_time(Average(site=FILE, last=10.0, method=method), timed) == expected


@at_length
@given(values=numbers, last=st.integers(1, 7))
def test_the_mean_is_that_of_the_last_values(values: list[float], last: int) -> None:
    """At every reading it equals an exact sum over the last values, divided by their number."""
    for index, got in enumerate(averages(Average(site=FILE, last=last), values)):
        inside = values[max(0, index + 1 - last) : index + 1]
        assert close(got, fsum(inside) / len(inside), inside)


@at_length
@given(values=numbers, last=st.integers(1, 7))
def test_the_median_is_that_of_the_last_values(values: list[float], last: int) -> None:
    """At every reading it is the middle of the last values."""
    found = averages(Average(site=FILE, last=last, method="median"), values)
    assert found == [median(values[max(0, index + 1 - last) : index + 1]) for index in range(len(values))]


@at_length
@given(values=numbers, last=st.integers(1, 7))
def test_the_exponential_average_weighs_by_age(values: list[float], last: int) -> None:
    """The share of a value falls by the same factor with each one after it; the first has what is left over."""
    keep = 1 - 2 / (last + 1)
    for index, got in enumerate(averages(Average(site=FILE, last=last, method="exponential"), values)):
        seen = values[: index + 1]
        weights = [keep**index, *((1 - keep) * keep ** (index - place) for place in range(1, index + 1))]
        assert close(got, fsum(weight * value for weight, value in zip(weights, seen, strict=True)), seen)


@at_length
@given(steps=moments_and_numbers, method=st.sampled_from(METHODS))
def test_a_duration_takes_in_what_is_younger(steps: list[tuple[float, float]], method: Method) -> None:
    """At every reading it equals the same made anew from all readings and their ages."""
    times = list(accumulate(step for step, _ in steps))
    values = [value for _, value in steps]
    found = over_time(Average(site=FILE, last=5.0, method=method), zip(times, values, strict=True))
    for index, got in enumerate(found):
        ages = [(times[index] - time, value) for time, value in zip(times[: index + 1], values, strict=False)]
        assert close(got, by_age(ages, method), values[: index + 1])


def by_age(ages: Sequence[tuple[float, float]], method: Method) -> float:
    young = [value for age, value in ages if age < 5.0]
    if method == "exponential":
        weights = [exp(-age / 5.0) for age, _ in ages]
        return fsum(weight * value for weight, (_, value) in zip(weights, ages, strict=True)) / fsum(weights)
    return median(young) if method == "median" else fsum(young) / len(young)


@pytest.mark.parametrize("last", [10, 10.0])
def test_the_mean_does_not_drift(last: float) -> None:
    """Huge values among tiny ones, over and over: each mean is right for what is inside, whatever was there before."""
    chance = Random(17)
    window = deque[float](maxlen=10)
    values = [chance.choice((1e16, -1e16, 1e-3, 0.1)) if n % 40 < 9 else chance.uniform(0, 1e-3) for n in range(MANY)]
    stage = Average(site=FILE, last=last)
    for got, value in zip(over_time(stage, enumerate(values)), values, strict=True):
        window.append(value)
        assert close(got, fsum(window) / len(window), window)


@every_method
@pytest.mark.parametrize("spoiler", [inf, -inf, nan, 1.7e308])
@pytest.mark.parametrize("last", [3, 100.0])
def test_what_is_no_number_does_not_enter(method: Method, spoiler: float, last: float) -> None:
    """An infinity, not-a-number or a value at the end of the numbers passes without an average and leaves no trace."""
    spoiled = over_time(Average(site=FILE, last=last, method=method), [(0, 1.0), (1, spoiler), (1, 2.0)])
    clean = over_time(Average(site=FILE, last=last, method=method), [(0, 1.0), (1, 2.0)])
    assert spoiled == [clean[0], None, clean[1]]


@every_method
@pytest.mark.parametrize("quality", ["bad", "stale"])
def test_a_bad_reading_neither_enters_nor_is_averaged(method: Method, quality: Quality) -> None:
    """It passes as it is; an uncertain one counts."""
    stage = Average(site=FILE, last=5, method=method)
    readings = [Reading("a", 1.0), Reading("a", 85.0, quality=quality), Reading("a", 1.0, quality="uncertain")]
    assert [reading.average for reading in stage.process(iter(readings))] == [1.0, None, 1.0]


@every_method
def test_each_sensor_has_an_average_of_its_own(method: Method) -> None:
    """Readings of one sensor do not enter the average of another."""
    stage = Average(site=FILE, last=5, method=method)
    out = stage.process(iter([Reading("a", 1.0), Reading("b", 9.0), Reading("a", 1.0), Reading("b", 9.0)]))
    assert [reading.average for reading in out] == [1.0, 9.0, 1.0, 9.0]


@every_method
def test_of_another_result(method: Method) -> None:
    """With `of` it averages what a stage before has added; a reading without that goes by without an average."""
    stage = Average(site=FILE, last=5, method=method, of="drift")
    readings = [Reading("a", 1.0, more={"drift": 0.5}), Reading("a", 2.0), Reading("a", 3.0, more={"drift": 0.5})]
    assert [reading.average for reading in stage.process(iter(readings))] == [0.5, None, 0.5]


@every_method
def test_time_that_runs_back_a_little_stands_still(method: Method) -> None:
    """Readings that come out of order count as if they came at the time of the newest."""
    late = over_time(Average(site=FILE, last=10.0, method=method), [(100, 1.0), (95, 3.0), (105, 8.0)])
    still = over_time(Average(site=FILE, last=10.0, method=method), [(100, 1.0), (100, 3.0), (105, 8.0)])
    assert late == still


@every_method
def test_time_that_runs_back_in_small_steps_is_measured_from_the_newest(method: Method) -> None:
    """However it gets there: more than `last` behind the newest reading, the average starts anew."""
    assert over_time(Average(site=FILE, last=10.0, method=method), [(100, 1.0), (95, 1.0), (89, 5.0)]) == [1, 1, 5]


@every_method
def test_a_clock_set_back_starts_the_average_anew(method: Method) -> None:
    """Nothing from a future that may never come stays inside."""
    assert over_time(Average(site=FILE, last=10.0, method=method), [(5000, 1.0), (100, 3.0), (101, 3.0)]) == [1, 3, 3]


def test_a_duration_is_measured_by_the_stream() -> None:
    """Live readings without a time of their own are as old as the stream's clock says."""
    site = Site(clock=Clock(now=50.0))
    stage = Average(site=site, last=10.0)
    readings = [Reading("a", 1.0, time=7e8), Reading("a", 5.0, time=7e8), Reading("a", 5.0, time=7e8)]
    found = list[float | None]()
    for reading, now in zip(readings, (50.0, 59.0, 60.0), strict=True):
        site.clock.now = now
        found += [out.average for out in stage.process(iter([reading]))]
    assert found == [1.0, 3.0, 5.0]


def test_a_duration_keeps_at_most_so_many() -> None:
    """A sensor that floods the gateway does not fill its memory: the newest count."""
    stage = Average(site=FILE, last=1e9, at_most=3)
    assert over_time(stage, enumerate([9.0, 9.0, 9.0, 1.0, 1.0, 1.0]))[-1] == 1.0
    saved = cast("dict[str, dict[str, dict[str, list[float]]]]", stage.save())
    assert len(saved["sensors"]["a"]["moments"]) == 3


@pytest.mark.parametrize("method", ["simple", "median"])
@pytest.mark.parametrize(("before", "after"), [(7, 3), (3, 7), (7, 1), (1, 7)])
@given(count=st.integers(0, 30))
@at_length
def test_a_changed_length_keeps_the_newest(method: Method, before: int, after: int, count: int) -> None:
    """A shorter window starts with the newest of the longer; a longer one grows from what there is."""
    values = [float(n * n % 31) for n in range(count + 20)]
    old = Average(site=FILE, last=before, method=method)
    averages(old, values[:count])
    kept = values[max(0, count + 1 - before) : count]
    got = averages(moved(old, Average(site=FILE, last=after, method=method)), values[count:])
    assert got == pytest.approx(
        averages(Average(site=FILE, last=after, method=method), kept + values[count:])[len(kept) :]
    )


@pytest.mark.parametrize("method", ["simple", "median"])
def test_a_shorter_while_forgets_what_is_too_old(method: Method) -> None:
    """After a restart with a shorter duration only the younger readings count."""
    old = Average(site=FILE, last=100.0, method=method)
    over_time(old, [(0, 9.0), (50, 9.0), (99, 1.0)])
    assert over_time(moved(old, Average(site=FILE, last=5.0, method=method)), [(100, 1.0)]) == [1.0]


def test_mean_and_median_hand_over_to_each_other() -> None:
    """Both keep values, so a change of the method goes on from them."""
    old = Average(site=FILE, last=3)
    averages(old, [1.0, 2.0, 30.0])
    assert averages(moved(old, Average(site=FILE, last=3, method="median")), [4.0]) == [4.0]


@pytest.mark.parametrize(
    "other",
    [
        Average(site=FILE, last=3, of="normal"),
        Average(site=FILE, last=3.0),
        Average(site=FILE, last=3, method="exponential"),
        Average(site=FILE, last=3.0, method="exponential"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(other: Average) -> None:
    """It says so, takes nothing of it in and goes on as new."""
    old = Average(site=FILE, last=3)
    averages(old, [1.0, 2.0, 3.0])
    with pytest.raises((ValueError, msgspec.ValidationError)):
        moved(old, other)
    out = other.process(iter([Reading("a", 7.0, time=1.0, normal=7.0)]))
    assert [reading.average for reading in out] == [7.0]


def test_a_damaged_state_is_refused() -> None:
    """Moments and values that do not belong together are not taken for a window."""
    stage = Average(site=FILE, last=3.0)
    with pytest.raises(ValueError, match="moments"):
        stage.restore({"of": "value", "sensors": {"a": {"older": [1.0], "newer": [], "moments": []}}})
