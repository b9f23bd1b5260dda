"""A reading is one flat, small record; stages leave results on it, and a drop says why."""

import gc

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugeway import Reading, Reject, Tick


def test_two_fields_make_a_reading() -> None:
    """All the rest has a value that says "nothing special"."""
    reading = Reading("boiler", 21.5)
    assert (reading.time, reading.unit, reading.quality, reading.stamp) == (0.0, "", "good", "gateway")
    assert (reading.normal, reading.average, reading.more, reading.fate) == (None, None, None, None)


def test_what_is_not_special_is_not_written() -> None:
    """A line of JSON is short: what stands at its default is left out, zero is not."""
    assert (
        msgspec.json.encode(Reading("a", 0.0, time=5.0, unit="°C"))
        == '{"sensor":"a","value":0.0,"time":5.0,"unit":"°C"}'.encode()
    )
    assert b'"quality":"bad"' in msgspec.json.encode(Reading("a", 0.0, quality="bad"))


NUMBERS = st.floats(-1e9, 1e9)
READINGS = st.builds(
    Reading,
    st.text(max_size=20),
    st.floats(allow_nan=False, allow_infinity=False),
    time=st.floats(0, 4e9),
    unit=st.text(max_size=5),
    quality=st.sampled_from(["good", "uncertain", "bad", "stale"]),
    stamp=st.sampled_from(["gateway", "device", "unsynced"]),
    normal=st.none() | st.floats(0, 1),
    average=st.none() | NUMBERS,
    more=st.none() | st.dictionaries(st.text(max_size=5), NUMBERS, min_size=1, max_size=3),
)


@given(READINGS)
def test_a_reading_survives_its_journey_as_json(reading: Reading) -> None:
    """To the last bit of every number."""
    assert msgspec.json.decode(msgspec.json.encode(reading), type=Reading) == reading
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(reading), type=Reading) == reading


def test_results_are_left_and_found_by_name() -> None:
    """The value, what has a field of its own, and whatever else a stage calls its result."""
    reading = Reading("a", 1.0)
    assert [reading.get(name) for name in ("value", "normal", "average", "rate")] == [1.0, None, None, None]
    for number, name in enumerate(("value", "normal", "average", "rate", "trend"), start=2):
        reading.put(name, number)
    assert [reading.get(name) for name in ("value", "normal", "average", "rate", "trend")] == [2, 3, 4, 5, 6]
    assert (reading.value, reading.normal, reading.average, reading.more) == (2, 3, 4, {"rate": 5, "trend": 6})
    reading.put("rate", 0.0)
    assert reading.get("rate") == 0.0


def test_no_result_takes_the_place_of_another_field() -> None:
    """A stage that calls its result `time` or `sensor` is told so, and nothing is changed."""
    reading = Reading("a", 1.0, time=7.0)
    for name in ("time", "sensor", "unit", "quality", "fate", "more"):
        with pytest.raises(ValueError, match=f"a result cannot be called '{name}'"):
            reading.put(name, 3.0)
    assert (reading.sensor, reading.time, reading.unit, reading.quality, reading.fate) == ("a", 7.0, "", "good", None)


def test_a_drop_says_why() -> None:
    """And nothing else."""
    reading = Reading("a", 1.0)
    reading.drop("out of range")
    assert reading == Reading("a", 1.0, fate="out of range")


def test_a_tick_looks_like_a_reading_of_nobody() -> None:
    """A stage that looks its sensor up in a table never finds it, and nobody finds a fate."""
    tick = Tick()
    assert (tick.sensor, tick.fate, tick.now, tick.full) == ("", None, 0.0, False)
    assert not isinstance(tick, Reading)


def test_a_reject_cannot_be_changed() -> None:
    """It is evidence."""
    reject = Reject("crc", b"\x01", "a")
    with pytest.raises(AttributeError):
        setattr(reject, "reason", "other")  # noqa: B010  (what a type checker would not let pass)


def test_the_collector_has_nothing_to_do_with_readings() -> None:
    """Millions of them cost no pause: none of these is tracked."""
    assert not any(map(gc.is_tracked, (Reading("a", 1.0), Tick(), Reject("crc"))))
