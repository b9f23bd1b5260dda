"""A source that never ticks is read on a thread of its own, so that time passes all the same."""

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import cast

import pytest
from tests.engine.kit import Shelf, intake, outlet, pipeline, readings, running
from tests.support.waiting import PATIENCE, until

from gaugeway import DeviceError, Reading, Reject, Tick
from gaugeway.engine import pump as module
from gaugeway.engine.joint import HaltedError
from gaugeway.engine.pump import HELD, Pump, ticking


class Blocking:
    """Waits in its own way for the next reading, and ticks never."""

    def __init__(self, *first: object) -> None:
        self.items = list(first)
        self.changed = threading.Condition()
        self.closed = threading.Event()
        self.given = 0
        self.reads_on = ""

    def say(self, *items: object) -> None:
        with self.changed:
            self.items.extend(items)
            self.changed.notify_all()

    def stream(self) -> Generator[Reading | Reject]:
        try:
            while True:
                with self.changed:
                    self.changed.wait_for(lambda: bool(self.items))
                    item = self.items.pop(0)
                self.reads_on = threading.current_thread().name
                if item is None:
                    return
                if isinstance(item, BaseException):
                    raise item
                self.given += 1
                yield cast("Reading", item)
        finally:
            self.closed.set()


def started(source: object) -> Generator[Reading | Reject | Tick]:
    return Pump("src", cast("Blocking", source), threading.Event()).stream()


@pytest.fixture(autouse=True)
def _ticks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT", 0.01)


def test_what_it_reads_comes_out_in_order() -> None:
    """And at the end of the source it ends."""
    out = list(started(Blocking(*readings(*range(50)), None)))
    assert [item.value for item in out if isinstance(item, Reading)] == list(range(50))


def test_ticks_come_while_the_source_is_silent() -> None:
    """It blocks for as long as it wants; stop requests and alarms do not wait for it."""
    source = Blocking()
    with closing(started(source)) as stream:
        assert [isinstance(next(stream), Tick) for _ in range(2)] == [True, True]
        source.say(*readings(1))
        until(lambda: isinstance(next(stream), Reading))
        source.say(None)


def test_it_is_closed_on_the_thread_that_reads() -> None:
    """At its next reading after the stop; nothing of it is left."""
    source = Blocking(*readings(1))
    stream = started(source)
    until(lambda: isinstance(next(stream), Reading))
    source.say(*readings(2))
    stream.close()
    assert source.closed.is_set()
    assert source.reads_on == "pump src"


@pytest.mark.parametrize("error", [DeviceError("gone"), OSError(5, "i/o"), ValueError("bug"), SystemExit(1)])
def test_its_error_comes_out_after_its_readings(error: BaseException) -> None:
    """As the same object, on the pipeline's thread."""
    stream = started(Blocking(*readings(1, 2), error))
    seen: list[float] = []
    with pytest.raises(type(error)) as raised:
        seen.extend(item.value for item in stream if isinstance(item, Reading))
    assert raised.value is error
    assert seen == [1, 2]


def test_the_last_readings_are_never_lost() -> None:
    """However the end of the source and the emptying of the queue fall together."""
    for _ in range(200):
        assert [item.value for item in started(Blocking(*readings(1, 2, 3), None)) if isinstance(item, Reading)] == [
            1, 2, 3,
        ]  # fmt: skip


def test_the_queue_is_bounded() -> None:
    """A source that is faster than the pipeline waits; it does not fill the memory."""

    class Endless:
        given = 0

        def stream(self) -> Iterator[Reading]:
            while True:
                self.given += 1
                yield Reading("a", self.given)

    source = Endless()
    stream = started(source)
    next(stream)
    until(lambda: source.given >= HELD)
    assert source.given <= 2 * HELD + 2
    seen = [item.value for item in (next(stream) for _ in range(5000)) if isinstance(item, Reading)]
    assert seen == sorted(seen)
    stream.close()


def test_a_source_that_blocks_for_ever_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With a word about it; the gateway stops all the same."""
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    source = Blocking()
    stream = started(source)
    next(stream)
    stream.close()
    assert [record.message for record in caplog.records] == ["source does not end, its thread is left behind"]
    assert not source.closed.is_set()
    source.say(*readings(1))
    assert source.closed.wait(PATIENCE)


def test_a_source_that_ticks_is_read_as_it_is() -> None:
    """No thread, no queue."""

    class Ticking:
        ticks = True

        def stream(self) -> Iterator[Reading | Tick]:
            yield Reading("a", float(threading.get_ident()))

    [reading] = list(ticking("src", Ticking(), threading.Event()))
    assert isinstance(reading, Reading)
    assert reading.value == threading.get_ident()


def test_it_may_be_a_plain_iterator() -> None:
    """Nothing obliges a source to be a generator."""

    class Plain:
        def stream(self) -> Iterator[Reading]:
            return iter(readings(1, 2))

    assert [item.value for item in ticking("src", Plain(), threading.Event()) if isinstance(item, Reading)] == [1, 2]


def test_a_blocking_device_that_fails_is_opened_again() -> None:
    """The intake treats it like any other, each opening on a thread of its own."""
    source = Blocking(*readings(1), DeviceError("gone"), *readings(2), None)
    into = intake(source)
    assert [one.value for burst in into.bursts() for one in burst.readings] == [1, 2]
    assert into.restarts == 1


def test_a_blocking_source_with_a_bug_halts() -> None:
    """Named like any other."""
    with pytest.raises(HaltedError, match="source 'src' failed: ZeroDivisionError"):
        list(intake(Blocking(ZeroDivisionError("bug"))).bursts())


def test_a_pipeline_runs_on_a_blocking_source() -> None:
    """Readings arrive while it blocks, and a stop is honoured while it does."""
    source, shelf = Blocking(), Shelf()
    with running(pipeline(source, sinks=[outlet(shelf)])) as thread:
        source.say(*readings(1))
        until(lambda: shelf.values == [1])
        until(lambda: len(shelf.ticks) > 2)
        source.say(*readings(2))
        until(lambda: shelf.values == [1, 2])
        source.say(None)
        thread.join(PATIENCE)
    assert source.closed.is_set()


def test_a_stop_leaves_nothing_in_the_queue() -> None:
    """All that was taken from the device by then goes through the pipeline."""
    source, shelf = Blocking(), Shelf()
    one = pipeline(source, sinks=[outlet(shelf)])
    with running(one) as thread:
        source.say(*readings(0))
        until(lambda: shelf.values == [0])
        with one.turn.paused():
            source.say(*readings(*range(1, 700)))
            until(lambda: source.given == 700)
            one.stopping.set()
        source.say(*readings(700), None)
        thread.join(PATIENCE)
    assert shelf.values == list(range(source.given))
