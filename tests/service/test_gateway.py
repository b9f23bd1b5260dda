"""A gateway starts and stops all its pipelines together, and takes a start that fails back."""

import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.engine.kit import END, Feed, Shelf, plan, readings
from tests.service.works import (
    REGISTRY,
    line,
    results,
    sink,
    stages,
    started,
)
from tests.support.waiting import PATIENCE, until

from gaugeway import ConfigError, Reading
from gaugeway.errors import Place
from gaugeway.plan import PipelinePlan, SinkUse, SourceUse, StageUse
from gaugeway.service.gateway import Gateway


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
        ("stage 's' cannot be made: TypeError: Sums.__init__() got an unexpected keyword argument 'speed'", None),
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


def test_a_source_that_does_not_end_keeps_nothing_else_from_ending(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is named and left behind; the sinks are closed, and it cannot hand them anything any more."""
    release, shelf = threading.Event(), Shelf()
    use = SourceUse(type="stuck", id="stuck", options={"release": release})
    gateway = Gateway(plan(tmp_path, PipelinePlan(source=use), line(Feed()), sinks=[sink(shelf)]), REGISTRY)
    gateway.start()
    until(lambda: shelf.values == [1])
    assert gateway.stop(patience=0.05) is False
    assert shelf.closed == 1
    assert [record.message for record in caplog.records] == ["source does not end, its thread is left behind"]
    release.set()
    assert gateway.supervisors["stuck"].join(PATIENCE)
    assert shelf.values == [1]


def test_what_no_sink_took_before_it_was_closed_is_not_taken_for_done(tmp_path: Path) -> None:
    """Where not all ended in time a stop takes no checkpoint, and one that was under way does not go on."""
    release, shelf = threading.Event(), Shelf()
    shelf.broken = OSError(28, "No space left on device")
    use = SourceUse(type="stuck", id="stuck", options={"release": release})
    gateway = Gateway(plan(tmp_path, PipelinePlan(source=use), sinks=[sink(shelf)]), REGISTRY)
    gateway.start()
    until(lambda: shelf.calls > 0)
    assert gateway.stop(patience=0.05) is False
    assert gateway.checkpoints is not None
    assert not gateway.checkpoints.take()
    release.set()
    assert gateway.supervisors["stuck"].join(PATIENCE)
    shelf.broken = None
    with started(plan(tmp_path, line(Feed(), id="stuck"), sinks=[sink(shelf)])):
        until(lambda: shelf.values == [1])


def test_a_failing_pipeline_shows_and_the_others_run_on(tmp_path: Path) -> None:
    """What the operator has to mend is final at once."""
    feed, shelf = Feed(), Shelf()
    lines = [line(Feed(ConfigError("no permission")), id="bad"), line(feed, id="good")]
    with started(plan(tmp_path, *lines, sinks=[sink(shelf)])) as gateway:
        until(lambda: gateway.failed)
        feed.say(*readings(1))
        until(lambda: shelf.values == [1])
        assert gateway.alive


class Hanging(Shelf):
    """A sink that does not come back while it is held."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.freed = threading.Event(), threading.Event()

    def consume(self, stream: Iterable[Reading]) -> None:
        self.inside.set()
        self.freed.wait(PATIENCE)
        super().consume(stream)


def test_a_stop_does_not_wait_for_ever_for_a_sink_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left as it is, and the others are closed."""
    monkeypatch.setattr("gaugeway.engine.outlet.PATIENCE", 0.1)
    hanging, other = Hanging(), Shelf()
    gateway = Gateway(plan(tmp_path, line(Feed(*readings(1))), sinks=[sink(hanging, "1"), sink(other, "2")]), REGISTRY)
    gateway.start()
    try:
        assert hanging.inside.wait(PATIENCE)
        assert not gateway.stop(patience=0.1)
        assert (hanging.closed, other.closed) == (0, 1)
    finally:
        hanging.freed.set()
