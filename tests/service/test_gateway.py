"""A gateway starts, changes and stops all its pipelines together, and a wrong plan changes nothing."""

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from tests.engine.kit import END, NEVER, PATIENCE, Fed, Feed, Shelf, Shelved, plan, readings, registry, until

from gaugeway import ConfigError, Reading, Tick
from gaugeway.engine.joint import Item
from gaugeway.errors import Place
from gaugeway.plan import OnError, PipelinePlan, Plan, SinkUse, SourceUse, StageUse
from gaugeway.registry import Registry
from gaugeway.service.gateway import Gateway


class Sum:
    """Adds up the values of all sensors; its state is the sum."""

    ticks = "pass"

    def __init__(self, *, scale: float = 1.0) -> None:
        self.total = 0.0
        self.scale = scale

    def process(self, stream: Iterator[Item]) -> Iterator[Item]:
        for reading in stream:
            if isinstance(reading, Reading):
                self.total += reading.value * self.scale
                reading.put("sum", self.total)
            yield reading

    def save(self) -> float:
        return self.total

    def restore(self, saved: float) -> None:
        self.total = saved


def doubled(reading: Reading) -> Reading:
    reading.value *= 2
    return reading


def same(reading: Reading) -> Reading:
    return reading


def fails(reading: Reading) -> Reading:
    raise ZeroDivisionError


def fails_at_two(reading: Reading) -> Reading:
    if reading.value == 2:
        raise ZeroDivisionError
    return reading


class Broken(Sum):
    """A stage whose state cannot be had."""

    def save(self) -> float:
        raise IndexError("no state")


class Unmoved(Shelved):
    """A sink that cannot take back what it wrote."""

    def position(self) -> int:
        return len(self.shelf.values)

    def rollback(self, position: int) -> None:
        raise PermissionError(13, "Permission denied", "readings.jsonl")


class Fussy:
    """A sink that does not like its options."""

    def __init__(self, *, port: int = 0) -> None:
        if port < 1024:
            raise ConfigError(f"port {port} is not for everybody: choose one above 1023")
        raise IndexError(port)

    def consume(self, stream: Sequence[Reading]) -> None: ...


class Stuck:
    """A source that promises to tick and does not."""

    ticks = True

    def __init__(self, *, release: threading.Event) -> None:
        self.release = release

    def stream(self) -> Iterator[Reading | Tick]:
        yield Reading("a", 1.0)
        yield Tick()
        self.release.wait(PATIENCE)


REGISTRY: Registry = registry(
    fed=("source", Fed),
    stuck=("source", Stuck),
    sum=("stage", Sum),
    doubled=("stage", doubled),
    broken=("stage", Broken),
    unmoved=("sink", Unmoved),
    same=("stage", same),
    fails=("stage", fails),
    fails_at_two=("stage", fails_at_two),
    shelved=("sink", Shelved),
    fussy=("sink", Fussy),
)


def stages(*names: str, **options: object) -> tuple[StageUse, ...]:
    return tuple(StageUse(type=name, id=name, options=options if name == "sum" else {}) for name in names)


def line(feed: Feed, *uses: StageUse, id: str = "src") -> PipelinePlan:
    return PipelinePlan(source=SourceUse(type="fed", id=id, options={"feed": feed}), stages=uses)


def sink(
    shelf: Shelf, id: str = "out", *, label: str = "", select: tuple[str, ...] = (), on_error: OnError = "retry"
) -> SinkUse:
    options = {"shelf": shelf, "label": label}
    return SinkUse(type="shelved", id=id, options=options, select=select, on_error=on_error, retry=NEVER)


@contextmanager
def started(plan: Plan) -> Generator[Gateway]:
    gateway = Gateway(plan, REGISTRY)
    gateway.start()
    try:
        yield gateway
    finally:
        assert gateway.stop()


def took(shelf: Shelf, count: int) -> bool:
    return len(shelf.values) == count


def results(shelf: Shelf, name: str = "sum") -> list[float | None]:
    return [reading.get(name) for batch in shelf.batches for reading in batch]


def test_readings_go_from_every_source_to_every_sink(tmp_path: Path) -> None:
    """And a gateway whose sources have ended is no more alive, and not failed."""
    one, two = Shelf(), Shelf()
    lines = [line(Feed(*readings(value), END), *stages("doubled"), id=f"s{value}") for value in (1, 2, 3)]
    with started(plan(tmp_path, *lines, sinks=[sink(one, "1"), sink(two, "2")])) as gateway:
        until(lambda: not gateway.alive)
        assert not gateway.failed
    assert sorted(one.values) == sorted(two.values) == [2, 4, 6]
    assert (one.closed, two.closed) == (1, 1)
    assert one.flushed


def test_it_opens_nothing_before_it_is_started(tmp_path: Path) -> None:
    """To build is to check: no source, no thread, no file; and what was never started can be stopped."""
    feed, shelf = Feed(), Shelf()
    gateway = Gateway(plan(tmp_path, line(feed), sinks=[sink(shelf)]), REGISTRY)
    assert not gateway.alive
    assert list(tmp_path.iterdir()) == []
    assert gateway.stop()
    assert (feed.opened, shelf.calls) == (0, 0)


def test_all_mistakes_are_found_together(tmp_path: Path) -> None:
    """With their places, and with no traceback for what a constructor says to the operator."""
    place = Place("gateway.yaml", 7, 3)
    wrong = plan(
        tmp_path,
        PipelinePlan(
            source=SourceUse(type="telepathy", id="mind", place=place),
            stages=(StageUse(type="nothing", id="n"), StageUse(type="sum", id="s", options={"speed": 1})),
        ),
        sinks=[SinkUse(type="fussy", id="low", place=place), SinkUse(type="fussy", id="high", options={"port": 8080})],
    )
    with pytest.raises(ConfigError) as found:
        Gateway(wrong, REGISTRY)
    assert [(problem.message, problem.place) for problem in found.value.problems] == [
        ("port 0 is not for everybody: choose one above 1023", place),
        ("sink 'high' cannot be made: IndexError: 8080", None),
        ("there is no source called 'telepathy'", place),
        ("there is no stage called 'nothing'", None),
        ("stage 's' cannot be made: TypeError: Sum.__init__() got an unexpected keyword argument 'speed'", None),
    ]


def test_two_gateways_do_not_share_a_state_folder(tmp_path: Path) -> None:
    """The second says so and leaves the first alone; when the first has stopped, it can start."""
    feed, shelf = Feed(), Shelf()
    with started(plan(tmp_path, line(feed), sinks=[sink(shelf)])):
        second = Gateway(plan(tmp_path, line(Feed()), sinks=[sink(Shelf())]), REGISTRY)
        with pytest.raises(ConfigError):
            second.start()
        feed.say(*readings(1))
        until(lambda: shelf.values == [1])
    with started(plan(tmp_path, line(Feed(*readings(2), END)), sinks=[sink(shelf)])):
        until(lambda: shelf.values == [1, 2])


def test_a_start_that_fails_leaves_nothing_open(tmp_path: Path) -> None:
    """The state folder is free again, and the checkpoint is what it was."""
    shelf = Shelf()
    use = SinkUse(type="unmoved", id="out", options={"shelf": shelf})
    good = plan(tmp_path, line(Feed(*readings(1), END)), sinks=[use])
    with started(good) as gateway:
        until(lambda: not gateway.alive)
    for _ in range(2):
        again = Gateway(
            plan(tmp_path, line(Feed()), line(Feed(), id="other"), sinks=[sink(Shelf(), "new"), use]), REGISTRY
        )
        with pytest.raises(PermissionError):
            again.start()
        assert not again.alive


def test_no_checkpoint_is_taken_in_the_middle_of_a_burst(tmp_path: Path) -> None:
    """A stage halts: what it has worked through and what it has not belong to one burst, until that is finished."""
    feed, shelf = Feed(*readings(1, 2, 3)), Shelf()
    uses = (*stages("sum"), StageUse(type="fails_at_two", id="x", on_error="halt"))
    with started(plan(tmp_path, line(feed, *uses), sinks=[sink(shelf)])) as gateway:
        until(lambda: gateway.supervisors["src"].restarts == 1)
        assert gateway.checkpoints is not None
        assert not gateway.checkpoints.take()
        until(lambda: shelf.values == [1, 3])
        until(gateway.checkpoints.take)
    assert results(shelf) == [1, 6]


def test_a_stage_whose_state_cannot_be_saved_shows(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Readings go on; what a crash would cost is said once, with the reason."""
    feed, shelf = Feed(), Shelf()
    with started(plan(tmp_path, line(feed, *stages("broken")), sinks=[sink(shelf)])) as gateway:
        feed.say(*readings(1))
        until(lambda: shelf.values == [1])
        assert gateway.checkpoints is not None
        assert not gateway.checkpoints.take()
        assert gateway.checkpoints.status.state == "failed"
        assert "Broken.save() fails: IndexError: no state" in gateway.checkpoints.status.reason
    assert [record.message for record in caplog.records if record.exc_info] == ["no checkpoint can be taken"]


def test_a_stop_brings_everything_that_was_read_to_the_sinks(tmp_path: Path) -> None:
    """Under load, with every sink closed once."""
    feed, shelf = Feed(*readings(*range(20_000))), Shelf()
    with started(plan(tmp_path, line(feed, *stages("sum")), sinks=[sink(shelf)])):
        until(lambda: len(shelf.values) > 1000)
    assert shelf.values == list(range(feed.said))
    assert (feed.closed, shelf.closed) == (1, 1)


def test_a_source_that_does_not_end_keeps_nothing_else_from_ending(tmp_path: Path) -> None:
    """It is named and left behind; the sinks are closed."""
    release, shelf = threading.Event(), Shelf()
    use = SourceUse(type="stuck", id="stuck", options={"release": release})
    gateway = Gateway(plan(tmp_path, PipelinePlan(source=use), line(Feed()), sinks=[sink(shelf)]), REGISTRY)
    gateway.start()
    until(lambda: shelf.values == [1])
    assert gateway.stop(patience=0.05) is False
    assert shelf.closed == 1
    release.set()


def test_a_failing_pipeline_shows_and_the_others_run_on(tmp_path: Path) -> None:
    """What the operator has to mend is final at once."""
    feed, shelf = Feed(), Shelf()
    lines = [line(Feed(ConfigError("no permission")), id="bad"), line(feed, id="good")]
    with started(plan(tmp_path, *lines, sinks=[sink(shelf)])) as gateway:
        until(lambda: gateway.failed)
        feed.say(*readings(1))
        until(lambda: shelf.values == [1])
        assert gateway.alive


# Reloading: each test goes from one plan to another while the gateway runs.


def test_stages_are_exchanged_while_it_runs(tmp_path: Path) -> None:
    """Reordered, added and removed: those that stay keep their object and their state, the source is not touched."""
    feed, shelf = Feed(), Shelf()

    def with_stages(*names: str, **options: object) -> Plan:
        return plan(tmp_path, line(feed, *stages(*names, **options)), sinks=[sink(shelf)])

    with started(with_stages("sum", "doubled")) as gateway:
        steps: list[tuple[tuple[str, ...], float]] = [
            (("sum", "doubled"), 1),
            (("doubled", "sum"), 3),
            (("sum",), 4),
            (("doubled", "sum"), 6),
        ]
        for count, (names, total) in enumerate(steps, start=1):
            gateway.reload(with_stages(*names), REGISTRY)
            feed.say(*readings(1))
            until(partial(took, shelf, count))
            assert results(shelf)[-1] == total
        gateway.reload(with_stages("sum", scale=10.0), REGISTRY)
        feed.say(*readings(1))
        until(lambda: len(shelf.values) == 5)
        assert results(shelf)[-1] == 16, "other options, the same past"
    assert (feed.opened, shelf.closed) == (1, 1)


def test_a_reload_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Readings go on all the time; the sum is that of one run."""
    feed, shelf = Feed(), Shelf()
    with started(plan(tmp_path, line(feed, *stages("sum")), sinks=[sink(shelf)])) as gateway:
        for number in range(20):
            feed.say(*readings(*range(number * 500, number * 500 + 500)))
            label = "odd" if number % 2 else "even"
            stage = stages("sum") if number % 3 else stages("same", "sum")
            gateway.reload(plan(tmp_path, line(feed, *stage), sinks=[sink(shelf, label=label)]), REGISTRY)
        until(lambda: len(shelf.values) == 10_000)
    assert shelf.values == list(range(10_000))
    assert results(shelf) == [number * (number + 1) / 2 for number in range(10_000)]


@pytest.mark.parametrize("behind", [False, True])
def test_a_changed_source_is_closed_and_opened_anew(tmp_path: Path, behind: bool) -> None:
    """Its stages keep their state, whether or not a sink is behind at that moment; nothing is read twice."""
    old, new, shelf, stuck = Feed(), Feed(), Shelf(), Shelf()
    if behind:
        stuck.broken = OSError(28, "No space left on device")
    sinks = [sink(shelf), sink(stuck, "stuck")]
    with started(plan(tmp_path, line(old, *stages("sum")), sinks=sinks)) as gateway:
        old.say(*readings(1, 2))
        until(lambda: len(shelf.values) == 2)
        gateway.reload(plan(tmp_path, line(new, *stages("sum")), sinks=sinks), REGISTRY)
        assert (old.closed, old.opened) == (1, 1)
        new.say(*readings(10))
        until(lambda: len(shelf.values) == 3)
        stuck.broken = None
    assert shelf.values == stuck.values == [1, 2, 10]
    assert results(shelf) == [1, 3, 13]


def test_pipelines_come_and_go(tmp_path: Path) -> None:
    """Those that stay do not notice."""
    stays, goes, comes, shelf = Feed(), Feed(), Feed(*readings(7)), Shelf()
    with started(plan(tmp_path, line(stays), line(goes, id="goes"), sinks=[sink(shelf)])) as gateway:
        until(lambda: goes.opened == 1)
        gateway.reload(plan(tmp_path, line(comes, id="comes"), line(stays), sinks=[sink(shelf)]), REGISTRY)
        assert goes.closed == 1
        until(lambda: shelf.values == [7])
        stays.say(*readings(8))
        until(lambda: shelf.values == [7, 8])
        assert [pipeline.name for pipeline in gateway.pipelines] == ["comes", "src"]
    assert (stays.opened, comes.closed) == (1, 1)


def test_a_file_that_was_read_is_not_read_again(tmp_path: Path) -> None:
    """A reload is no reason to double what is in the output."""
    file, live, shelf = Feed(*readings(1, 2), END), Feed(), Shelf()
    with started(plan(tmp_path, line(file, id="file"), line(live), sinks=[sink(shelf)])) as gateway:
        until(lambda: shelf.values == [1, 2] and file.closed == 1)
        until(lambda: gateway.pipelines[0].status.state == "ended")
        file.say(*readings(1, 2), END)
        lines = (line(file, *stages("doubled"), id="file"), line(live, *stages("sum")))
        gateway.reload(plan(tmp_path, *lines, sinks=[sink(shelf)]), REGISTRY)
        live.say(*readings(3))
        until(lambda: shelf.values == [1, 2, 3])
    assert file.opened == 1


def test_a_pipeline_that_gave_up_is_tried_again(tmp_path: Path) -> None:
    """To reload is what an operator does who has mended it."""
    feed, shelf = Feed(ConfigError("no permission")), Shelf()
    with started(plan(tmp_path, line(feed), sinks=[sink(shelf)])) as gateway:
        until(lambda: gateway.failed)
        feed.say(*readings(1))
        gateway.reload(plan(tmp_path, line(feed), sinks=[sink(shelf)]), REGISTRY)
        until(lambda: shelf.values == [1])
        assert not gateway.failed


def test_a_sink_that_has_not_changed_stays(tmp_path: Path) -> None:
    """It is not closed; what waits in it is not lost, and what is around it may change."""
    feed, shelf = Feed(), Shelf()
    with started(plan(tmp_path, line(feed), sinks=[sink(shelf)])) as gateway:
        before = gateway.outlets[0]
        feed.say(*readings(1, sensor="a"))
        until(lambda: shelf.values == [1])
        gateway.reload(plan(tmp_path, line(feed), sinks=[sink(shelf, select=("b",))]), REGISTRY)
        assert gateway.outlets[0] is before
        feed.say(*readings(2, sensor="a"), *readings(3, sensor="b"))
        until(lambda: shelf.values == [1, 3])
        assert shelf.closed == 0


def test_a_changed_sink_goes_on_with_the_state_of_the_old_one(tmp_path: Path) -> None:
    """The old one is closed, and has taken all that was before."""
    feed, old, new = Feed(), Shelf(), Shelf()
    with started(plan(tmp_path, line(feed), sinks=[sink(old)])) as gateway:
        feed.say(*readings(1, 2))
        until(lambda: old.values == [1, 2])
        gateway.reload(plan(tmp_path, line(feed), sinks=[sink(new)]), REGISTRY)
        assert (old.closed, new.closed) == (1, 0)
        feed.say(*readings(3))
        until(lambda: new.values == [3])
        after = gateway.outlets[0].sink
        assert isinstance(after, Shelved)
        until(lambda: after.count == 3)
    assert old.values == [1, 2]


def test_what_waits_in_a_sink_that_is_exchanged_is_tried_once_more(tmp_path: Path) -> None:
    """Before it is closed."""
    feed, old, new = Feed(), Shelf(OSError(28, "No space left on device")), Shelf()
    with started(plan(tmp_path, line(feed), sinks=[sink(old)])) as gateway:
        feed.say(*readings(1))
        until(lambda: gateway.outlets[0].behind)
        gateway.reload(plan(tmp_path, line(feed), sinks=[sink(new)]), REGISTRY)
        assert old.values == [1]
        assert old.closed == 1


def test_sinks_come_and_go(tmp_path: Path) -> None:
    """One that is gone is closed and handed nothing any more."""
    feed, goes, comes = Feed(), Shelf(), Shelf()
    with started(plan(tmp_path, line(feed), sinks=[sink(goes, "goes")])) as gateway:
        feed.say(*readings(1))
        until(lambda: goes.values == [1])
        gateway.reload(plan(tmp_path, line(feed), sinks=[sink(comes, "comes")]), REGISTRY)
        feed.say(*readings(2))
        until(lambda: comes.values == [2])
    assert (goes.values, goes.closed, comes.closed) == ([1], 1, 1)


def test_a_wrong_plan_changes_nothing(tmp_path: Path) -> None:
    """Everything of it is built before anything of the old one is touched."""
    feed, shelf = Feed(), Shelf()
    good = plan(tmp_path, line(feed, *stages("sum")), sinks=[sink(shelf)])
    with started(good) as gateway:
        feed.say(*readings(1))
        until(lambda: shelf.values == [1])
        wrong = plan(tmp_path, line(Feed(), *stages("doubled", "nothing")), sinks=[SinkUse(type="fussy", id="out")])
        with pytest.raises(ConfigError, match="there is no stage called 'nothing'"):
            gateway.reload(wrong, REGISTRY)
        assert gateway.plan is good
        feed.say(*readings(2))
        until(lambda: shelf.values == [1, 2])
        assert results(shelf) == [1, 3]
    assert feed.opened == 1


def test_flags_switch_stages_before_and_after_a_reload(tmp_path: Path) -> None:
    """A pipeline that stays listens to the flags of the new plan."""
    feed, shelf = Feed(), Shelf()
    use = StageUse(type="doubled", id="doubled", flag="loud")
    with started(plan(tmp_path, line(feed, use), sinks=[sink(shelf)], flags={"loud": False})) as gateway:
        for number, on in enumerate((False, True, False, True), start=1):
            gateway.flags.turn("loud", on)
            feed.say(*readings(number))
            until(partial(took, shelf, number))
            gateway.reload(plan(tmp_path, line(feed, use), sinks=[sink(shelf)], flags={"loud": False}), REGISTRY)
    assert shelf.values == [1, 4, 3, 8]


def test_a_stage_that_fails_costs_a_reload_nothing(tmp_path: Path) -> None:
    """A pipeline in its pause after a bug can be reloaded, and its mended stages are used."""
    feed, shelf = Feed(*readings(1)), Shelf()
    failing = StageUse(type="fails", id="x", on_error="halt")
    with started(plan(tmp_path, line(feed, failing), sinks=[sink(shelf)])) as gateway:
        until(lambda: gateway.supervisors["src"].restarts == 1)
        gateway.reload(plan(tmp_path, line(feed, *stages("sum")), sinks=[sink(shelf)]), REGISTRY)
        feed.say(*readings(2))
        until(lambda: 2 in shelf.values)
