"""A sink behind an outbox is called by one thread at a time, and no pipeline waits for it."""

import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from tests.engine.kit import outlet, readings
from tests.support.waiting import PATIENCE, until

from gaugeway import Reading
from gaugeway.engine.buffered import Buffered


class Slow:
    """A sink that notes how it is called, and is as slow as it is told to."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.free = threading.Event()

    def consume(self, stream: Iterable[Reading]) -> None:
        """Take its time."""
        self.calls.append("begins")
        assert self.free.wait(PATIENCE)
        self.calls.append(f"took {[reading.value for reading in stream]}")

    def flush(self) -> None:
        """Note it."""
        self.calls.append("flush")

    def close(self) -> None:
        """Note it."""
        self.calls.append("close")


@contextmanager
def delivering(sink: Slow, buffered: Buffered) -> Generator[None]:
    """Have a sender deliver one reading, and be at it while the block runs."""
    sender = threading.Thread(target=buffered.deliver, args=(buffered.consume(readings(1)),))
    sender.start()
    until(lambda: sink.calls[-1:] == ["begins"])
    yield
    sink.free.set()
    sender.join(PATIENCE)


def test_a_flush_does_not_come_between() -> None:
    """A checkpoint, which holds all pipelines, does not wait for a network; it is made up for before the next batch."""
    sink = Slow()
    buffered = Buffered(sink)
    with delivering(sink, buffered):
        outlet(buffered).flush()
    buffered.deliver(buffered.consume(readings(2)))
    assert sink.calls == ["begins", "took [1.0]", "flush", "begins", "took [2.0]"]
    outlet(buffered).flush()
    assert sink.calls[-1] == "flush"


def test_what_a_sink_that_hangs_has_open_is_not_closed() -> None:
    """It might write on, into a file that has the same descriptor by then."""
    sink = Slow()
    buffered = Buffered(sink)
    with delivering(sink, buffered):
        outlet(buffered).close()
    assert sink.calls == ["begins", "took [1.0]"]
    outlet(buffered).close()
    assert sink.calls[-2:] == ["flush", "close"]
