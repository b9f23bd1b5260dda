"""Summaries that take the place of readings when there is no room: what they keep, and that a crash doubles none."""

from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.delivery.volatile import CrashError, VolatileFiles

from gaugeway import Reading
from gaugeway.delivery.backlog import Backlog
from gaugeway.delivery.thin import thin, weight
from gaugeway.plan import Buffer

ENCODE = msgspec.json.encode


def decoded(message: bytes) -> Reading:
    return msgspec.json.decode(message, type=Reading)


def test_one_summary_for_each_sensor_and_interval() -> None:
    """Mean, extremes and count, at the time at which the interval begins, in the order of the first readings."""
    messages = [ENCODE(Reading("a", float(value), time=60.0 + value, unit="bar")) for value in (5, 1, 3)]
    messages.insert(1, ENCODE(Reading("b", 7.0, time=61.0)))
    messages.append(ENCODE(Reading("a", 9.0, time=120.0, unit="bar")))
    first, alone, later = thin(messages, 60.0)
    assert decoded(first) == Reading("a", 3.0, time=60.0, unit="bar", more={"min": 1.0, "max": 5.0, "count": 3.0})
    assert alone == messages[1]
    assert later == messages[-1]


def test_summaries_can_be_summed_up_again() -> None:
    """The result is that of summing up all readings at once."""
    messages = [ENCODE(Reading("a", float(value), time=float(value))) for value in range(60)]
    fine = [summary for start in range(0, 60, 7) for summary in thin(messages[start : start + 7], 10.0)]
    assert decoded(thin(fine, 60.0)[0]) == decoded(thin(messages, 60.0)[0])


@pytest.mark.parametrize(
    "other",
    [Reading("a", 2.0, quality="bad"), Reading("a", 2.0, unit="kPa"), Reading("a", 2.0, stamp="unsynced")],
)
def test_what_does_not_belong_together_is_not_mixed(other: Reading) -> None:
    """A bad value must not hide in the mean of good ones, nor a kilopascal among bars."""
    messages = [ENCODE(Reading("a", 1.0)), ENCODE(other)]
    assert thin(messages, 60.0) == messages


def test_what_is_no_reading_is_kept() -> None:
    """Also noise, and results that only look like a summary."""
    messages = [b"", b"\xff", b"[]", b'{"alert": "boiler"}', b'{"sensor": 3}', ENCODE(Reading("a", 1.0))]
    assert thin(messages, 60.0) == messages
    assert [weight(message) for message in messages] == [1] * 6


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(-1e6, 1e6), st.floats(0, 600)), max_size=40))
def test_no_reading_is_forgotten(facts: list[tuple[str, float, float]]) -> None:
    """The counts add up for each sensor, and no extreme is lost."""
    messages = [ENCODE(Reading(sensor, value, time=time)) for sensor, value, time in facts]
    thinned = thin(messages, 60.0)
    assert sum(map(weight, thinned)) == len(facts)
    for name in {sensor for sensor, _, _ in facts}:
        values = [value for sensor, value, _ in facts if sensor == name]
        mine = [one for one in map(decoded, thinned) if one.sensor == name]
        assert max((one.more or {}).get("max", one.value) for one in mine) == max(values)
        assert min((one.more or {}).get("min", one.value) for one in mine) == min(values)


COUNT = 900


def put_some(backlog: Backlog, start: int) -> None:
    backlog.put([ENCODE(Reading("a", float(number), time=float(number))) for number in range(start, start + 10)])


def opened(files: VolatileFiles) -> Backlog:
    return Backlog(Path("/outbox"), Buffer(size=65536, when_full="thin"), files)


def crashes(files: VolatileFiles, safe: tuple[tuple[int, int], int]) -> tuple[tuple[int, int], int]:
    """Put readings, with a checkpoint now and then, until the process dies; return the last checkpoint."""
    backlog = opened(files)
    try:
        for start in range(0, COUNT, 10):
            put_some(backlog, start)
            if start % 200 == 190:
                backlog.sync()
                safe = backlog.position, start + 10
    except CrashError:
        return safe
    pytest.fail("did not crash")


def all_waiting(backlog: Backlog) -> list[bytes]:
    waiting: list[bytes] = []
    while (work := backlog.take(100)) is not None:
        lane, messages = work
        waiting += messages
        lane.acknowledge(len(messages))
    return waiting


@pytest.mark.parametrize("power_cut", [False, True])
@pytest.mark.parametrize("calls", range(0, 240, 4))
def test_a_crash_while_thinning_neither_loses_nor_doubles_a_reading(calls: int, *, power_cut: bool) -> None:
    """At whichever call to the file system the process dies: each reading is in one message that waits, once."""
    files = VolatileFiles(Random(calls))
    files.calls_left = calls
    position, produced = crashes(files, ((0, 0), 0))
    files.restart(power_cut=power_cut)
    backlog = opened(files)
    backlog.resume(position)
    for start in range(produced, COUNT, 10):
        put_some(backlog, start)
    waiting = all_waiting(backlog)
    backlog.close()
    assert backlog.dropped == 0
    assert sum(map(weight, waiting)) == COUNT
    assert len(waiting) < COUNT
    assert sum(decoded(one).value * weight(one) for one in waiting) == pytest.approx(COUNT * (COUNT - 1) / 2)
