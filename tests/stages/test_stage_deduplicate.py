"""Repeats and stuck sensors."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gaugeway import Clock, Reading, Site
from gaugeway_stages.deduplicate import Deduplicate

FILE = Site(clock=Clock(live=False))


def told(time: float, value: float, sensor: str = "a") -> Reading:
    """Build a reading whose time the device has given."""
    return Reading(sensor, value, time=time, stamp="device")


def fates(stage: Deduplicate, readings: list[Reading]) -> list[str | None]:
    list(stage.process(iter(readings)))
    return [reading.fate for reading in readings]


def test_the_same_reading_again_is_dropped() -> None:
    """Also when others came between, as after a lost connection; another value, time or sensor is another reading."""
    story = [told(1, 5), told(2, 5), told(2, 6), told(1, 5), told(2, 6), told(1, 5, "b"), told(3, 5)]
    assert fates(Deduplicate(site=FILE), story) == [None, None, None, "repeated", "repeated", None, None]


def test_only_so_many_are_remembered() -> None:
    """With `remember: 1` a reading is compared with the one before it alone."""
    story = [told(1, 5), told(1, 5), told(2, 5), told(1, 5)]
    assert fates(Deduplicate(site=FILE, remember=1), story) == [None, "repeated", None, None]


def test_a_time_of_the_gateway_proves_nothing() -> None:
    """Two readings that came in the same moment are two readings."""
    story = [Reading("a", 5.0, time=1.0), Reading("a", 5.0, time=1.0)]
    assert fates(Deduplicate(site=FILE), story) == [None, None]


def test_another_quality_is_another_reading() -> None:
    """A correction of the quality for the same moment passes."""
    story = [told(1, 5), Reading("a", 5.0, time=1.0, stamp="device", quality="bad")]
    assert fates(Deduplicate(site=FILE), story) == [None, None]


def test_a_stuck_sensor_falls_silent_until_it_moves() -> None:
    """The same value for longer than `stuck_after` is as good as none; the first other value passes at once."""
    story = [told(0, 5), told(10, 5), told(11, 5), told(99, 5), told(100, 6), told(110, 6), told(111, 6)]
    stage = Deduplicate(site=FILE, stuck_after=10.0)
    assert fates(stage, story) == [None, None, "stuck", "stuck", None, None, "stuck"]


def test_a_clock_set_back_does_not_make_a_sensor_stuck() -> None:
    """From there on the time is counted anew."""
    story = [told(1000, 5), told(500, 5), told(509, 5), told(511, 5)]
    assert fates(Deduplicate(site=FILE, stuck_after=10.0), story) == [None, None, None, "stuck"]


def test_how_long_a_value_is_the_same_is_counted_from_when_it_is_watched() -> None:
    """A sensor is not stuck on the word of a time before `stuck_after` was set."""
    old, new = Deduplicate(site=FILE), Deduplicate(site=FILE, stuck_after=10.0)
    fates(old, [told(0, 5), told(50, 6)])
    new.restore(old.save())
    assert fates(new, [told(100, 5), told(110, 5), told(111, 5)]) == [None, None, "stuck"]


def test_a_shorter_memory_keeps_the_newest() -> None:
    """After a restart with less to remember the newest readings are still known."""
    old, new = Deduplicate(site=FILE, remember=9), Deduplicate(site=FILE, remember=2)
    fates(old, [told(1, 5), told(2, 5), told(3, 5)])
    new.restore(old.save())
    assert fates(new, [told(3, 5), told(2, 5), told(1, 5)]) == ["repeated", "repeated", None]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.integers(0, 2)), max_size=30))
def test_each_reading_passes_once(story: list[tuple[str, int, int]]) -> None:
    """However often and in whatever order they come again."""
    out = Deduplicate(site=FILE, remember=100).process(told(time, value, sensor) for sensor, time, value in story)
    assert [(reading.sensor, reading.time, reading.value) for reading in out] == list(dict.fromkeys(story))
