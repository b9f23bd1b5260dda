"""A pipeline takes readings from its source through its stages to its sinks, burst by burst, and loses none."""

import threading
from collections.abc import Iterable, Iterator

import pytest
from tests.engine.kit import END, NEVER, Acknowledged, Feed, Shelf, outlet, pipeline, readings, running, stage
from tests.engine.pieces import Pairs, Repeats, adds
from tests.support.waiting import PATIENCE, until

from gaugeway import DeviceError, Reading, Tick
from gaugeway.engine import intake as intake_module
from gaugeway.engine.joint import Item
from gaugeway.engine.outlet import Outlet
from gaugeway.engine.pipeline import BATCH
from gaugeway.engine.turn import all_paused


def test_readings_arrive_in_order_at_every_sink() -> None:
    """Each sink gets all, and each in the order of the source."""
    one, two = Shelf(), Shelf()
    pipeline(Feed(*readings(*range(1000)), END), stage(adds(1)), sinks=[outlet(one, "1"), outlet(two, "2")]).run()
    assert one.values == two.values == [number + 1 for number in range(1000)]


def test_a_sink_that_empties_what_it_is_handed_takes_nothing_from_the_others() -> None:
    """Neither from those behind it nor from one that fails and lets its batch wait."""

    class Greedy:
        def consume(self, stream: list[Reading]) -> None:
            while stream:
                stream.pop()

    failing, behind = Shelf(OSError("not yet")), Shelf()
    sinks = [outlet(failing, "1"), outlet(Greedy(), "2"), outlet(behind, "3")]
    pipeline(Feed(*readings(*range(1000)), END), sinks=sinks).run()
    sinks[0].close()
    assert failing.values == behind.values == list(range(1000))


def test_a_batch_is_never_larger_than_256() -> None:
    """However many readings a stage makes of one."""
    shelf = Shelf()
    pipeline(Feed(*readings(*range(300)), END), stage(Repeats(7)), sinks=[outlet(shelf)]).run()
    assert len(shelf.values) == 2100
    assert shelf.values == sorted(shelf.values)
    assert max(map(len, shelf.batches)) <= BATCH


def test_a_batch_is_handed_over_when_the_source_has_no_more() -> None:
    """A single reading does not wait for 255 others."""
    source, shelf = Feed(), Shelf()
    with running(pipeline(source, sinks=[outlet(shelf)])):
        source.say(*readings(1))
        until(lambda: shelf.values == [1])
        source.say(*readings(2))
        until(lambda: shelf.values == [1, 2])


def test_sinks_may_keep_what_they_were_handed() -> None:
    """A batch is a list of its own: the next readings do not appear in it."""
    kept: list[Iterable[Reading]] = []

    class Keeps:
        def consume(self, stream: Iterable[Reading]) -> None:
            kept.append(stream)

    pipeline(Feed(*readings(1), Tick(), *readings(2), END), sinks=[outlet(Keeps())]).run()
    assert [[reading.value for reading in batch] for batch in kept] == [[1], [2]]


def test_ticks_reach_sinks_after_the_readings_before_them() -> None:
    """A sink hears that time has passed when it has everything from before."""
    heard: list[str] = []

    class Hears:
        def consume(self, stream: Iterable[Reading]) -> None:
            heard.extend(f"{reading.value:g}" for reading in stream)

        def tick(self, tick: Tick) -> None:
            heard.append("tick")
            assert tick.now > 0

    pipeline(Feed(*readings(1), Tick(), *readings(2), END), sinks=[outlet(Hears())]).run()
    assert [word for number, word in enumerate(heard) if word != "tick" or heard[number - 1] != "tick"] == [
        "1", "tick", "2",
    ]  # fmt: skip


def test_ticks_reach_the_stage_that_wants_them_in_order_and_no_sink_as_readings() -> None:
    """They carry the stream's time, and what the stage makes of them arrives."""

    class Marks:
        ticks = "want"

        def process(self, stream: Iterator[Item]) -> Iterator[Item]:
            for item in stream:
                yield item
                if isinstance(item, Tick):
                    yield Reading("tick", 1.0 if item.now > 0 else 0.0)

    shelf = Shelf()
    run = pipeline(Feed(*readings(1), Tick(), *readings(2), END), stage(adds(0)), stage(Marks(), "m"))
    run.outlets = [outlet(shelf)]
    run.run()
    names = [reading.sensor for batch in shelf.batches for reading in batch]
    assert [name for name in names if name == "a"] == ["a", "a"]
    assert "tick" in names[1 : names.index("a", 1)]
    assert all(reading.value for batch in shelf.batches for reading in batch)


def test_ticks_stay_out_of_a_chain_that_does_not_want_them() -> None:
    """A third party's generator that knows of readings only meets nothing else."""

    class Only:
        def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
            for reading in stream:
                reading.value *= 2
                yield reading

    shelf = Shelf()
    run = pipeline(Feed(Tick(), *readings(1), Tick(), END), stage(Only()), sinks=[outlet(shelf)])
    run.run()
    assert shelf.values == [2]
    assert not run.chain.stages[0].meter.failed


def test_the_end_of_the_source_brings_out_what_stages_hold() -> None:
    """A file's last reading is not lost in a stage that waits for one more."""
    shelf = Shelf()
    run = pipeline(Feed(*readings(1, 2, 3), END), stage(Pairs()), stage(adds(10), "2"), sinks=[outlet(shelf)])
    run.run()
    assert shelf.values == [11, 12, 13]
    assert (run.status.state, run.intake.status.state) == ("ended", "ended")


def test_a_stop_is_no_end_of_the_stream() -> None:
    """What a stage holds is its state: a stop does not push it out, because the stream goes on after the restart."""
    source, shelf = Feed(*readings(1, 2, 3)), Shelf()
    run = pipeline(source, stage(Pairs()), sinks=[outlet(shelf)])
    with running(run):
        until(lambda: shelf.values == [1, 2] and source.said == 3)
    assert shelf.values == [1, 2]
    assert (run.status.state, source.closed) == ("stopped", 1)


def test_a_stop_loses_nothing_that_was_read() -> None:
    """What the source gave has arrived when the pipeline has stopped."""
    source, shelf = Feed(*readings(*range(5000))), Shelf()
    with running(pipeline(source, sinks=[outlet(shelf)])):
        until(lambda: len(shelf.values) > 100)
    assert shelf.values == list(range(source.said))


class InOneGo:
    """Gives without a tick all that it got from its device in one read; then it ticks, or never does."""

    ticks = True

    def __init__(self, count: int) -> None:
        self.count = count
        self.given = 0

    def stream(self) -> Iterator[Reading | Tick]:
        yield Tick()
        while True:
            for number in range(self.count):
                self.given += 1
                yield Reading("a", number)
            yield Tick()


def test_a_stop_waits_for_what_the_source_has_read_from_its_device() -> None:
    """Nobody sends that again; the source is asked until it has nothing more, which it says with a tick."""
    source, shelf = InOneGo(5000), Shelf()
    run = pipeline(source, sinks=[outlet(shelf)])
    with running(run):
        until(lambda: source.given > 0)
    assert source.given % 5000 == 0
    assert len(shelf.values) == source.given


def test_a_stop_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that never comes to a tick is left in the middle."""
    monkeypatch.setattr(intake_module, "DRAINED", 0.01)
    source, shelf = InOneGo(10**12), Shelf()
    with running(pipeline(source, sinks=[outlet(shelf)])):
        until(lambda: source.given > 0)
    assert shelf.values == list(range(len(shelf.values)))


def test_two_pipelines_share_a_sink() -> None:
    """Each keeps its order; no batch is of both."""
    shelf = Shelf()
    shared = outlet(shelf)
    runs = [pipeline(Feed(*readings(*range(2000), sensor=name), END), sinks=[shared]) for name in ("x", "y")]
    threads = [threading.Thread(target=run.run) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    for name in ("x", "y"):
        assert [one.value for batch in shelf.batches for one in batch if one.sensor == name] == list(range(2000))
    assert all(len({reading.sensor for reading in batch}) == 1 for batch in shelf.batches)


def test_an_acknowledgement_comes_after_the_sinks_had_the_readings() -> None:
    """At the moment of each commit, everything that was said has been handed over."""
    source, shelf = Acknowledged(), Shelf()
    taken: list[int] = []

    class Notes(Acknowledged):
        def commit(self) -> None:
            super().commit()
            taken.append(len(shelf.values))

    source = Notes(*readings(*range(600)), Tick(), *readings(*range(600, 700)), END)
    pipeline(source, stage(adds(0)), sinks=[outlet(shelf)]).run()
    said = [count - (1 if count > 600 else 0) for count in source.commits]
    assert said == taken
    assert taken[-1] == 700


class Recorded(Feed):
    """A feed of what was recorded."""

    live = False


@pytest.mark.parametrize("patient", [Acknowledged, Recorded])
def test_a_sender_that_can_wait_is_held_back_while_a_sink_is_full(patient: type[Feed]) -> None:
    """Nothing is dropped, and everything arrives when the sink works again; a file can wait like a broker."""
    source, shelf = patient(), Shelf()
    shelf.broken = OSError(28, "No space left on device")
    out = outlet(shelf)
    source.say(*(item for number in range(100) for item in (*readings(number), Tick())))
    run = pipeline(source, sinks=[out])
    with running(run):
        until(lambda: out.pressed)
        assert source.said < 100
        with all_paused([run.turn]):
            pass  # a reload is not kept waiting either
        shelf.broken = None
        until(lambda: len(shelf.values) == 100)
    assert shelf.values == list(range(100))
    assert not out.meter.dropped


def test_a_stop_reaches_a_pipeline_that_is_held_back() -> None:
    """A sink that is full for ever does not keep the gateway alive."""
    shelf = Shelf()
    shelf.broken = OSError(28, "No space left on device")
    out = outlet(shelf, retry=NEVER)
    with running(pipeline(Acknowledged(*(i for n in range(100) for i in (*readings(n), Tick()))), sinks=[out])):
        until(lambda: out.pressed)


def test_a_source_that_cannot_wait_goes_on() -> None:
    """A serial line does not stop for a full disk: the oldest are dropped and counted."""
    shelf = Shelf()
    shelf.broken = OSError(28, "No space left on device")
    out = outlet(shelf, retry=NEVER)
    source = Feed(*(item for number in range(100) for item in (*readings(number), Tick())), END)
    pipeline(source, sinks=[out]).run()
    shelf.broken = None
    out.close()
    assert shelf.values == list(range(84, 100))
    assert out.meter.dropped == {"sink blocked": 84}


def test_the_source_is_waited_for_outside_the_turn() -> None:
    """A reload does not have to wait for a device to speak."""
    entered, release = threading.Event(), threading.Event()

    class Silent:
        ticks = True

        def stream(self) -> Iterator[Reading | Tick]:
            entered.set()
            release.wait(PATIENCE)
            yield Tick()

    run = pipeline(Silent())
    with running(run):
        entered.wait(PATIENCE)
        with all_paused([run.turn]):
            assert not release.is_set()
        release.set()


def test_a_device_that_is_away_keeps_time_passing() -> None:
    """Sinks are ticked while the source waits, so that an alarm for silence can be raised."""
    shelf = Shelf()
    run = pipeline(Feed(DeviceError("away")), sinks=[outlet(shelf)], retry=NEVER)
    with running(run):
        until(lambda: len(shelf.ticks) >= 1)
        assert run.intake.status.state == "waiting"


def test_no_sinks_and_no_stages_is_a_pipeline_too() -> None:
    """It reads, counts and ends."""
    run = pipeline(Feed(*readings(1, 2), END))
    run.outlets = list[Outlet]()
    run.run()
    assert run.intake.sensors["a"].count == 2
