"""Keeps what is retained on the broker the same as what is so: with the events, or else on a thread of its own."""

import threading
from collections.abc import Callable, Sequence
from typing import Final

from gaugeway import DeviceError
from gaugeway.mqtt import Message, Publisher
from gaugeway_sinks.alert.bulletin import Stale

PAUSE: Final = 1.0
"""How often it looks by itself, for what was not yet due or could not be published."""

LONGEST_PAUSE: Final = 60.0
"""How often it tries by itself in the end what the broker refuses, each time after twice as long."""

SOON: Final = 0.1
"""How often it looks whether the broker is there."""

AT_ONCE: Final = 50
"""How many snapshots an event has to wait for at most."""

HEAD_START: Final = 0.05
"""Events go to disk before they are sent; snapshots, which need not, let them go first and are fewer for it."""

PATIENCE: Final = 2.0
"""How long a stop waits for the last words."""


class Notices:
    """Publishes what has changed. What changes while it publishes is told the next time, once and in its last state.

    `draw` returns what is out of date and how it reads, nothing if that is too much for the number it is given; what
    could not be published goes back through `put_back`. Nobody draws while something older is still being told.
    """

    def __init__(
        self,
        publisher: Publisher,
        draw: Callable[[int | None], tuple[Stale, Sequence[Message]]],
        put_back: Callable[[Stale], None],
    ) -> None:
        self._publisher = publisher
        self._draw = draw
        self._put_back = put_back
        self._telling = threading.Lock()
        self._bell = threading.Event()
        self._events_first = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, if that has not happened."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="alert notices", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Say that something has changed, and no event tells of it."""
        self._bell.set()

    def deliver(self, events: Sequence[Message]) -> None:
        """Publish events, and what has changed along with them; DeviceError when the broker may not have the events.

        Much that has changed, and what changes while other things are being told, is left to the thread.
        """
        if not (self._publisher.connected and self._telling.acquire(blocking=False)):
            self._publisher.deliver(events)
            self.wake()
            return
        told = False
        try:
            stale, snapshots = self._draw(AT_ONCE)
            try:
                told = self._publisher.deliver(events, along=snapshots)
            finally:
                if not told:
                    self._put_back(stale)
        finally:
            self._telling.release()

    def stop(self) -> None:
        """Publish what is left, if the broker takes it soon, and begin no more."""
        self._closing = True
        self._events_first.set()
        self._bell.set()
        self._join(PATIENCE)

    def close(self) -> None:
        """Return when the thread has ended, which it does at the latest when its publisher is closed."""
        self.stop()
        self._join(None)

    def _join(self, patience: float | None) -> None:
        if self._thread is not None:
            self._thread.join(patience)

    def _run(self) -> None:
        closing, pause = False, PAUSE
        while not closing:
            if self._bell.wait(pause if self._publisher.connected else SOON) and not self._closing:
                self._events_first.wait(HEAD_START)
            self._bell.clear()
            closing = self._closing
            if self._publisher.connected:
                pause = PAUSE if self._publish() else min(2 * pause, LONGEST_PAUSE)

    def _publish(self) -> bool:
        """Publish what has changed; tell whether the broker has refused none of it."""
        with self._telling:
            stale, messages = self._draw(None)
            taken, lost = True, False
            try:
                for first in range(0, len(messages), AT_ONCE):
                    taken &= self._publisher.deliver((), along=messages[first : first + AT_ONCE])
            except DeviceError:
                lost = True  # the publisher says why in the log, and greets the broker with all of it later
            if lost or not taken:
                self._put_back(stale)
            return taken
