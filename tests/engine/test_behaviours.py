"""Behaviours add logging, timing and retry around any source, stage or sink that the configuration names."""

import logging
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import pytest
from tests.engine.kit import END, Feed, Shelf, Shelved, plan, readings, registry

from gaugeway import ConfigError, DeviceError, Reading, Tick
from gaugeway.engine.behaviours import Logged, Retried, Timed
from gaugeway.engine.build import Builder
from gaugeway.engine.joint import HaltedError, Item
from gaugeway.engine.pipeline import Pipeline
from gaugeway.plan import PipelinePlan, SinkUse, SourceUse, StageUse, Use
from gaugeway.registry import Registry


class Says(Feed):
    """A feed with its items as an option."""

    def __init__(self, *, items: list[object]) -> None:
        super().__init__(*items, END)


class Counter:
    """A stage with state, that fails at one value."""

    ticks = "pass"

    def __init__(self, *, fails_at: float = -1.0) -> None:
        self.fails_at = fails_at
        self.count = 0

    def process(self, stream: Iterator[Item]) -> Iterator[Item]:
        for reading in stream:
            if isinstance(reading, Reading):
                if reading.value == self.fails_at:
                    raise ValueError("not that one")
                self.count += 1
            yield reading

    def save(self) -> int:
        return self.count

    def restore(self, saved: int) -> None:
        self.count = saved


class Upside:
    """A third party's behaviour: turns values over."""

    def __init__(self, *, times: int = 1) -> None:
        self.times = times

    def wrap(self, plugin: object, name: str) -> object:
        inner, times = cast("Counter", plugin), self.times

        class Turned:
            ticks = "pass"

            def process(self, stream: Iterator[Item]) -> Iterator[Item]:
                for reading in inner.process(stream):
                    if isinstance(reading, Reading):
                        reading.value *= (-1) ** times
                    yield reading

        return Turned()


class WrapsBadly:
    def wrap(self, plugin: object, name: str) -> object:
        return None


class Breaks:
    def wrap(self, plugin: object, name: str) -> object:
        raise KeyError(name)


def everything() -> Registry:
    known = Registry.discover()
    mine = registry(
        says=("source", Says),
        counter=("stage", Counter),
        shelf=("sink", Shelved),
        upside=("behaviour", Upside),
        wraps_badly=("behaviour", WrapsBadly),
        breaks=("behaviour", Breaks),
    )
    for name in ("logged", "timed", "retried"):
        found = known.find("behaviour", name)
        assert found is not None
        mine.add(found)
    return mine


def behaviours(*names: str, **options: object) -> tuple[Use, ...]:
    return tuple(Use(type=name, id=name, options=options) for name in names)


def built(
    folder: Path,
    shelf: Shelf,
    *items: object,
    source: tuple[Use, ...] = (),
    stage: tuple[Use, ...] = (),
    sink: tuple[Use, ...] = (),
    fails_at: float = -1.0,
) -> Pipeline:
    line = PipelinePlan(
        source=SourceUse(type="says", id="src", options={"items": [*items]}, behaviours=source),
        stages=(StageUse(type="counter", id="count", options={"fails_at": fails_at}, behaviours=stage),),
    )
    sinks = [SinkUse(type="shelf", id="out", options={"shelf": shelf}, behaviours=sink)]
    builder = Builder(plan(folder, line, sinks=sinks), everything())
    outlets = builder.outlets()
    pipeline = builder.pipeline(line, outlets, threading.Event())
    builder.finish()
    assert pipeline is not None
    return pipeline


def test_each_behaviour_goes_around_a_source_a_stage_and_a_sink(tmp_path: Path) -> None:
    """One after the other, all at once, and the readings are the same as without."""
    shelf = Shelf()
    all_three = behaviours("logged", "timed", "retried")
    run = built(
        tmp_path, shelf, *readings(1, 2), Tick(), *readings(3), source=all_three, stage=all_three, sink=all_three
    )
    run.run()
    run.outlets[0].close()
    assert shelf.values == [1, 2, 3]
    assert shelf.closed == 1
    assert shelf.ticks, "what is not wrapped is the plugin's own"


def test_state_goes_through_a_behaviour(tmp_path: Path) -> None:
    """A wrapped stage is saved and restored like any other."""
    run = built(tmp_path, Shelf(), *readings(1, 2, 3), stage=behaviours("timed", "logged"))
    run.run()
    other = built(tmp_path, Shelf(), *readings(4), stage=behaviours("timed", "logged"))
    other.chain.restore(run.chain.save())
    other.run()
    assert other.chain.save() == b"\x81\xa5count\x04"


def test_logged_says_when_a_stream_begins_ends_and_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With the number of readings, ticks not counted."""
    caplog.set_level(logging.INFO, "gaugeway.engine.behaviours")
    built(tmp_path, Shelf(), *readings(1, 2), Tick(), source=behaviours("logged"), stage=behaviours("logged")).run()
    said = [(record.message, facts(record)["plugin"], facts(record).get("count")) for record in caplog.records]
    assert sorted(said, key=str) == [
        ("begins", "count", None), ("begins", "src", None), ("ends", "count", 2), ("ends", "src", 2),
    ]  # fmt: skip


def test_logged_leaves_the_blame_where_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A failing stage is named and skipped as without; a failing source is not blamed on the stage."""
    shelf = Shelf()
    run = built(tmp_path, shelf, *readings(1, 2, 3), fails_at=2, stage=behaviours("logged"))
    run.run()
    assert shelf.values == [1, 3]
    failed = [facts(record) for record in caplog.records if record.message == "failed"]
    assert [(one["plugin"], one["reason"]) for one in failed] == [("count", "ValueError: not that one")]
    broken = built(tmp_path, Shelf(), *readings(1), ZeroDivisionError("bug"), stage=behaviours("logged"))
    with pytest.raises(HaltedError, match="source 'src' failed: ZeroDivisionError"):
        broken.run()
    assert not broken.chain.stages[0].meter.failed


def test_logged_says_what_a_sink_is_called_with(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """At debug level, with the size of the batch."""
    caplog.set_level(logging.DEBUG, "gaugeway.engine.behaviours")
    built(tmp_path, Shelf(), *readings(1, 2), sink=behaviours("logged")).run()
    sizes = [facts(record)["size"] for record in caplog.records if facts(record).get("method") == "consume"]
    assert sizes == [2]


def test_a_retried_sink_gets_the_whole_batch_again(tmp_path: Path) -> None:
    """At once, and its strategy hears of nothing."""
    shelf = Shelf(DeviceError("busy"), DeviceError("busy"))
    run = built(tmp_path, shelf, *readings(1, 2), sink=behaviours("retried", times=3))
    run.run()
    assert shelf.values == [1, 2]
    assert not run.outlets[0].meter.failed


def test_a_retried_sink_gives_up_in_the_end(tmp_path: Path) -> None:
    """Then it fails like any other."""
    shelf = Shelf(*[DeviceError("busy")] * 2)
    run = built(tmp_path, shelf, *readings(1), sink=behaviours("retried", times=2))
    run.run()
    assert run.outlets[0].meter.failed == 1
    assert shelf.calls == 2


def test_retried_hands_an_iterator_over_as_often_as_needed() -> None:
    """A stream that was half read is not lost."""
    shelf = Shelf(DeviceError("busy"))
    wrapped = cast("Shelf", Retried(times=2).wrap(shelf, "it"))
    wrapped.consume(iter(readings(1, 2)))
    assert shelf.values == [1, 2]


def test_timed_logs_what_calls_took(caplog: pytest.LogCaptureFixture) -> None:
    """Now and then, the mean and the longest."""
    caplog.set_level(logging.INFO)
    wrapped = cast("Shelf", Timed(every=1e-9).wrap(Shelf(), "archive"))
    wrapped.consume(readings(1))
    [record] = caplog.records
    said = facts(record)
    assert (record.message, said["plugin"], said["calls"]) == ("timed", "archive", 1)
    assert cast("float", said["longest_us"]) >= cast("float", said["mean_us"]) > 0


def test_timed_does_not_hide_what_is_no_reading(tmp_path: Path) -> None:
    """A source that yields None is told so, and not taken to have ended."""
    with pytest.raises(HaltedError, match="it yields a NoneType"):
        built(tmp_path, Shelf(), None, *readings(1), source=behaviours("timed")).run()


def test_a_third_partys_behaviour_goes_where_it_is_named(tmp_path: Path) -> None:
    """With its own options, innermost first."""
    shelf = Shelf()
    built(tmp_path, shelf, *readings(1, 2), stage=(*behaviours("upside", times=3), *behaviours("logged"))).run()
    assert shelf.values == [-1, -2]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("wraps_badly", "behaviour 'wraps_badly' cannot be made: what it returns lacks the method process()"),
        ("breaks", "behaviour 'breaks' cannot be made: KeyError: 'count'"),
        ("unknown", "there is no behaviour called 'unknown'"),
    ],
)
def test_a_behaviour_that_does_not_work_is_found_before_the_start(tmp_path: Path, name: str, reason: str) -> None:
    """As a mistake of the configuration, with its name."""
    with pytest.raises(ConfigError, match=reason.replace("(", r"\(").replace(")", r"\)")):
        built(tmp_path, Shelf(), stage=behaviours(name))


def test_a_class_can_be_decorated() -> None:
    """Each of its objects comes wrapped; its signature stays."""

    @Logged().around
    class Sink:
        def __init__(self, *, shelf: Shelf) -> None:
            self.shelf = shelf

        def consume(self, stream: Iterable[Reading]) -> None:
            self.shelf.consume(stream)

    shelf = Shelf()
    made = cast("Shelf", Sink(shelf=shelf))
    made.consume(readings(1))
    assert shelf.values == [1]


def facts(record: logging.LogRecord) -> dict[str, object]:
    found: dict[str, object] = record.__dict__["facts"]
    return found
