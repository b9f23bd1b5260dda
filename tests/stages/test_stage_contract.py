"""What holds for every built-in stage: ticks, state, errors and the description of its options."""

import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Literal, Protocol, cast, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaugeway import Clock, Meta, Quality, Quantity, Reading, Sensor, Sensors, Site, Stage, Tick
from gaugeway_stages.average import Average
from gaugeway_stages.calibrate import Calibrate
from gaugeway_stages.deadband import Deadband
from gaugeway_stages.deduplicate import Deduplicate
from gaugeway_stages.in_range import InRange
from gaugeway_stages.log import Log
from gaugeway_stages.normalise import Normalise
from gaugeway_stages.round import Round

CLASSES: tuple[type[Stage], ...] = (Average, Calibrate, Deadband, Deduplicate, InRange, Log, Normalise, Round)
MAKERS: dict[str, Callable[[Site], Stage]] = {
    "average": lambda site: Average(site=site, last=3),
    "average of normal": lambda site: Average(site=site, last=4, of="normal"),
    "average of a while": lambda site: Average(site=site, last=5.0),
    "average of a while, few": lambda site: Average(site=site, last=50.0, at_most=3),
    "exponential": lambda site: Average(site=site, last=3, method="exponential"),
    "exponential of a while": lambda site: Average(site=site, last=5.0, method="exponential"),
    "median": lambda site: Average(site=site, last=4, method="median"),
    "median of a while": lambda site: Average(site=site, last=5.0, method="median"),
    "calibrate": lambda _site: Calibrate(points=[(0.0, 1.0), (5.0, 7.0), (9.0, 8.0)], unit="°F"),
    "deadband": lambda site: Deadband(site=site, by=Quantity(1.0), at_least_every=5.0),
    "deadband of normal": lambda site: Deadband(site=site, by=Quantity(0.1), of="normal"),
    "deduplicate": lambda site: Deduplicate(site=site, remember=2, stuck_after=5.0),
    "in_range": lambda site: InRange(site=site, faults=[Quantity(3.0)]),
    "in_range, marking": lambda site: InRange(site=site, out="mark"),
    "log": lambda site: Log(site=site),
    "normalise": lambda site: Normalise(site=site),
    "round": lambda _site: Round(digits=0),
}
at_length = settings(max_examples=int(os.environ.get("GAUGEWAY_TEST_EXAMPLES", "25")), deadline=None)
every_stage = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


class Stateful(Protocol):
    def save(self) -> object: ...
    def restore(self, saved: object) -> None: ...


def a_site() -> Site:
    sensors = {"a": Sensor(kind="temperature", unit="°C", range=(-5, 10)), "b": Sensor(unit="°C")}
    return Site(sensors=Sensors(sensors), clock=Clock(live=False))


def readings_of(story: Sequence[tuple[str, float, float, Quality, bool]]) -> list[Reading]:
    """Build a stream in which time mostly goes on and sometimes runs back."""
    now, result = 1000.0, list[Reading]()
    for sensor, value, later, quality, device in story:
        now += later
        stamp: Literal["device", "gateway"] = "device" if device else "gateway"
        normal = None if value > 8 else value / 8
        reading = Reading(sensor, value, time=now, unit="°C", quality=quality, stamp=stamp, normal=normal)
        result.append(reading)
    return result


values = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 1.25, 3.0, 1e16, -1e16, 1e-9]),
    st.floats(-20, 20),
    st.floats(allow_nan=False, allow_infinity=False),
)
steps = st.sampled_from([0.0, 0.5, 1.0, 3.0, 7.0, -1.0, -20.0])
qualities = st.sampled_from(cast("list[Quality]", ["good", "good", "good", "uncertain", "bad", "stale"]))
stories = st.lists(st.tuples(st.sampled_from("ab"), values, steps, qualities, st.booleans()), max_size=40)


@every_stage
@at_length
@given(story=stories, cut=st.integers(0, 40))
def test_a_restart_anywhere_leaves_no_trace(
    make: Callable[[Site], Stage], story: list[tuple[str, float, float, Quality, bool]], cut: int
) -> None:
    """State goes through bytes into a new object, and the output is that of one run, to the last bit."""
    whole = list(make(a_site()).process(iter(readings_of(story))))
    readings = readings_of(story)
    before, after = make(a_site()), make(a_site())
    first = list(before.process(iter(readings[:cut])))
    if hasattr(before, "save"):
        state = msgspec.msgpack.encode(cast("Stateful", before).save())
        cast("Stateful", after).restore(msgspec.msgpack.decode(state))
    second = list(after.process(iter(readings[cut:])))
    assert msgspec.msgpack.encode(first + second) == msgspec.msgpack.encode(whole)


@every_stage
@at_length
@given(story=stories, cut=st.integers(0, 40))
def test_process_called_again_goes_on_with_the_same_state(
    make: Callable[[Site], Stage], story: list[tuple[str, float, float, Quality, bool]], cut: int
) -> None:
    """After an error or a flag the engine calls `process` again on the same object; nothing is forgotten."""
    whole = list(make(a_site()).process(iter(readings_of(story))))
    readings = readings_of(story)
    stage = make(a_site())
    parts = [*stage.process(iter(readings[:cut])), *stage.process(iter(readings[cut:]))]
    assert msgspec.msgpack.encode(parts) == msgspec.msgpack.encode(whole)


@every_stage
def test_ticks_are_passed_on_untouched_and_in_their_place(make: Callable[[Site], Stage]) -> None:
    """Ticks go through at once, before, between and after readings, of sensors known and new."""
    stage = make(a_site())
    assert getattr(stage, "ticks", None) == "pass"
    ticks = [Tick(now=1.0), Tick(now=2.0), Tick(now=3.0)]
    readings = [Reading("a", 1.0, time=1.0, unit="°C"), Reading("b", 2.0, time=2.0, unit="°C")]
    stream: list[Reading | Tick] = [ticks[0], readings[0], ticks[1], readings[1], ticks[2]]
    result = list(stage.process(cast("Iterator[Reading]", iter(stream))))
    assert all(got is given for got, given in zip(result, stream, strict=True))


@every_stage
def test_what_is_not_yielded_has_a_reason(make: Callable[[Site], Stage]) -> None:
    """Each reading comes out or says why it does not; none is held back or doubled."""
    story = [("a", value, 1.0, "good", True) for value in (1.0, 1.0, 99.0, -99.0, 3.0, 0.0, 0.0, 1.0)]
    readings = readings_of(cast("list[tuple[str, float, float, Quality, bool]]", story))
    out = list(make(a_site()).process(iter(readings)))
    assert [reading for reading in readings if reading.fate is None] == out


@every_stage
def test_zero_is_a_reading(make: Callable[[Site], Stage]) -> None:
    """A value of 0.0 passes like any other."""
    assert len(list(make(a_site()).process(iter([Reading("a", 0.0, time=1.0, unit="°C")])))) == 1


@pytest.mark.parametrize("stage", CLASSES)
def test_every_option_is_described(stage: type[Stage]) -> None:
    """The reference of the configuration is made from the signatures, so each option needs a sentence."""
    hints = get_type_hints(stage.__init__, include_extras=True)
    for name in inspect.signature(stage).parameters:
        if name != "site":
            assert get_origin(hints[name]) is Annotated, name
            metas = [meta for meta in get_args(hints[name]) if isinstance(meta, Meta)]
            assert any(meta.description for meta in metas), name
    assert (stage.__doc__ or "").splitlines()[0].endswith(".")
