"""A supervisor starts a pipeline again after a bug, a bounded number of times, and never for what others must mend."""

import threading
from asyncio import CancelledError
from collections.abc import Iterator

import pytest
from tests.engine.kit import END, SOON, Feed, Shelf, outlet, pipeline, readings, stage
from tests.support.waiting import PATIENCE, until

from gaugeway import ConfigError, DeviceError, Reading
from gaugeway.plan import Retry
from gaugeway.service import supervisor as supervisor_module
from gaugeway.service.supervisor import Supervisor

BUG = ZeroDivisionError("bug")


class Recording(Feed):
    """Says what was recorded long ago."""

    live = False


def supervised(*items: object, sinks: tuple[Shelf, ...] = (), restarts: int = 3, retry: Retry = SOON) -> Supervisor:
    run = pipeline(Feed(*items), sinks=[outlet(shelf, str(number)) for number, shelf in enumerate(sinks)])
    return Supervisor(run, restarts=restarts, retry=retry)


def gave_up(one: Supervisor) -> bool:
    """Wait until a pipeline has failed for good; its thread goes on telling the sinks the time until it is stopped."""
    until(lambda: not one.alive)
    one.stop()
    return one.join(PATIENCE)


def test_a_pipeline_that_ends_is_not_started_again() -> None:
    """A file is read once."""
    shelf = Shelf()
    one = supervised(*readings(1, 2), END, sinks=(shelf,))
    one.start()
    assert one.join(PATIENCE)
    assert (shelf.values, one.restarts, one.alive, one.pipeline.status.state) == ([1, 2], 0, False, "ended")


def test_a_source_that_ended_is_over_when_the_sinks_have_taken_what_it_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full at the last line of a recording is waited for, and who stops it is not kept waiting."""
    monkeypatch.setattr(supervisor_module, "TICK", 0.01)
    shelf, full = Shelf(), Shelf()
    shelf.broken = full.broken = OSError(28, "No space left on device")
    waits, stopped = supervised(*readings(1), END, sinks=(shelf,)), supervised(*readings(1), END, sinks=(full,))
    for one in (waits, stopped):
        one.start()
    until(lambda: waits.pipeline.status.state == stopped.pipeline.status.state == "ended")
    stopped.stop()
    assert stopped.join(PATIENCE)
    assert waits.alive
    shelf.broken = None
    assert waits.join(PATIENCE)
    assert shelf.values == [1]
    assert not full.values


def test_a_bug_is_survived_and_what_came_before_it_is_kept() -> None:
    """The readings before and after arrive, the source is opened once for each run."""
    shelf, source = Shelf(), Feed(*readings(1), BUG, *readings(2), BUG, *readings(3), END)
    one = Supervisor(pipeline(source, sinks=[outlet(shelf)]), retry=SOON)
    one.start()
    assert one.join(PATIENCE)
    assert shelf.values == [1, 2, 3]
    assert (one.restarts, source.opened, source.closed) == (2, 3, 3)
    assert one.pipeline.status.state == "ended"


def test_too_many_bugs_are_final(caplog: pytest.LogCaptureFixture) -> None:
    """With its traceback in the log each time, and the reason in the state."""
    one = supervised(*[BUG] * 10)
    one.start()
    assert gave_up(one)
    assert one.restarts == 4
    assert one.pipeline.status.state == "failed"
    assert "ZeroDivisionError: bug" in one.pipeline.status.reason
    failures = [record for record in caplog.records if record.message == "pipeline failed"]
    assert len(failures) == 4
    assert all(record.exc_info for record in failures)


def test_what_the_operator_has_to_mend_is_final_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """There is no use in trying a port without permission three times, nor in showing where in the code it failed."""
    one = supervised(ConfigError("/dev/ttyUSB0 needs the group dialout"))
    one.start()
    assert gave_up(one)
    assert one.restarts == 0
    assert (one.pipeline.status.state, one.pipeline.status.reason.endswith("needs the group dialout")) == (
        "failed",
        True,
    )
    (failure,) = (record for record in caplog.records if record.message == "pipeline failed")
    assert failure.exc_info is None


def test_a_device_that_is_away_is_not_counted() -> None:
    """Faults that time can mend are the pipeline's own business, for ever."""
    shelf = Shelf()
    one = supervised(*[DeviceError("away")] * 20, *readings(1), END, sinks=(shelf,))
    one.start()
    assert one.join(PATIENCE)
    assert (shelf.values, one.restarts) == ([1], 0)


def test_a_stop_ends_the_pause_after_a_bug() -> None:
    """However long it is."""
    one = supervised(BUG, retry=Retry(first=3600.0, most=3600.0))
    one.start()
    until(lambda: one.pipeline.status.state == "waiting")
    assert one.pipeline.status.retry_at is not None
    one.stop()
    assert one.join(PATIENCE)


def test_a_stop_ends_a_running_pipeline() -> None:
    """At the next moment between two bursts."""
    one = supervised(*readings(1))
    one.start()
    until(lambda: one.pipeline.intake.meter.timed == 1)
    assert one.alive
    one.stop()
    assert one.join(PATIENCE)
    assert one.pipeline.status.state == "stopped"


def test_one_that_was_never_started_has_ended() -> None:
    """A gateway that could not start can be stopped."""
    one = supervised()
    one.stop()
    assert one.join(PATIENCE)
    assert not one.alive


def test_a_stages_state_survives_a_restart() -> None:
    """What it keeps in itself goes on after the bug of another."""

    class Sum:
        total = 0.0

        def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
            for reading in stream:
                self.total += reading.value
                reading.value = self.total
                yield reading

    def fragile(reading: Reading) -> Reading:
        if reading.value == 3:
            raise BUG
        return reading

    shelf = Shelf()
    feed = Feed()
    run = pipeline(feed, stage(Sum(), "sum"), stage(fragile, "fragile", on_error="halt"), sinks=[outlet(shelf)])
    one = Supervisor(run, retry=SOON)
    one.start()
    feed.say(*readings(1))
    until(lambda: shelf.values == [1])
    feed.say(*readings(2))
    until(lambda: one.restarts == 1)
    feed.say(*readings(4), END)
    assert one.join(PATIENCE)
    assert shelf.values == [1, 7]


def test_a_cancelled_event_loop_is_a_bug_like_any_other() -> None:
    """A driver that brings its own event loop can be cancelled out of it, which no ordinary `except` catches."""
    one = supervised(*[CancelledError()] * 10)
    one.start()
    assert gave_up(one)
    assert (one.restarts, one.pipeline.status.state) == (4, "failed")


def test_while_a_pipeline_stands_still_its_sinks_learn_that_time_passes() -> None:
    """So that its sensors become silent, and an alarm about that can be raised."""
    shelf = Shelf()
    one = Supervisor(pipeline(Feed(*[BUG] * 10), sinks=[outlet(shelf)]), restarts=0, retry=SOON)
    one.start()
    until(lambda: bool(shelf.ticks))
    one.stop()
    assert one.join(PATIENCE)


def test_while_a_recording_stands_still_its_sinks_stay_in_its_time() -> None:
    """What it tells of may be years ago: by the time of today all of its sensors would have been silent since."""
    shelf = Shelf()
    run = pipeline(Recording(Reading("a", 1.0, time=1000.0), BUG), sinks=[outlet(shelf)])
    one = Supervisor(run, restarts=0, retry=SOON)
    one.start()
    until(lambda: not one.alive)
    told = len(shelf.ticks)
    until(lambda: len(shelf.ticks) > told)
    one.stop()
    assert one.join(PATIENCE)
    assert set(shelf.ticks) == {1000.0}


def test_one_pipelines_end_is_not_anothers() -> None:
    """The others run on."""
    shelf = Shelf()
    bad, good = supervised(*[BUG] * 9), supervised(*readings(1), sinks=(shelf,))
    for one in (bad, good):
        one.start()
    assert gave_up(bad)
    assert good.alive
    good.stop()
    assert good.join(PATIENCE)
    assert shelf.values == [1]


def test_its_thread_carries_the_name_of_the_source() -> None:
    """So that a stack dump can be read."""
    one = supervised()
    one.start()
    assert "pipeline src" in {thread.name for thread in threading.enumerate()}
    one.stop()
    assert one.join(PATIENCE)
