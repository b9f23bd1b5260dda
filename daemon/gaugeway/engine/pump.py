"""Reads a source that never ticks in a thread of its own, and puts the ticks in."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Final

from gaugeway.contain import Contained, in_words
from gaugeway.contract import Source
from gaugeway.log import logger
from gaugeway.reading import Reading, Reject, Tick

Item = Reading | Reject | Tick
HELD: Final = 1024
WAIT: Final = 1.0
PATIENCE: Final = 2.0

log = logger(__name__)


class Pump:
    """The thread that pulls a blocking source, and the bounded queue between it and the pipeline.

    Once `stopping` is set it takes no more from the source, and its stream ends behind what it has taken.
    """

    def __init__(self, name: str, source: Source, stopping: threading.Event) -> None:
        self._name = name
        self._source = source
        self._stopping = stopping
        self._queue: deque[Item] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._error: BaseException | None = None
        self._ended = False

    def stream(self) -> Generator[Item]:
        """Yield what the source yields, and a tick whenever there is nothing, at least once a second."""
        thread = threading.Thread(target=self._pull, name=f"pump {self._name}", daemon=True)
        thread.start()
        try:
            while not (self._ended or self._stopping.is_set()):
                yield from self._taken()
                yield Tick()
                with self._changed:
                    self._changed.wait_for(lambda: self._queue or self._ended, WAIT)
        finally:
            self._close(thread)
        yield from self._taken()
        if self._error is not None:
            raise self._error

    def _taken(self) -> list[Item]:
        """Return what the source has given, and make room for more."""
        with self._changed:
            taken = list(self._queue)
            self._queue.clear()
            self._changed.notify_all()
        return taken

    def _pull(self) -> None:
        with Contained() as fault:
            stream = iter(self._source.stream())
            try:
                for item in stream:
                    if not self._put(item):
                        break
            finally:
                let_go(stream, self._name)
        with self._changed:
            self._error, self._ended = fault.error, True
            self._changed.notify_all()

    def _put(self, item: Item) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: len(self._queue) < HELD or self._closing)
            self._queue.append(item)
            self._changed.notify_all()
            return not self._closing

    def _close(self, thread: threading.Thread) -> None:
        """Ask the source to end at its next reading; one that blocks for ever is left behind with a word."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        thread.join(PATIENCE)
        if thread.is_alive():
            log.warning("source does not end, its thread is left behind", source=self._name)


def ticks(source: Source) -> bool:
    """Tell whether a source ticks by itself."""
    return bool(getattr(source, "ticks", False))


def ticking(name: str, source: Source, stopping: threading.Event) -> Iterator[Item]:
    """Return the stream of a source that ticks by itself as it is, and that of any other through a pump."""
    return iter(source.stream()) if ticks(source) else Pump(name, source, stopping).stream()


def let_go(stream: Iterator[Item], name: str) -> None:
    """Close a source's stream, if it can be closed; what goes wrong with that stops nobody."""
    close: Callable[[], None] | None = getattr(stream, "close", None)
    if close is not None:
        with Contained() as fault:
            close()
        if fault.error is not None:
            log.warning("source does not close well", source=name, reason=in_words(fault.error))
