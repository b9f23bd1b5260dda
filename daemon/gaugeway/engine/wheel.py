"""Who drives a pipeline: one thread, unless the wheel is taken from it while it hangs in its source."""

import threading

from gaugeway.contain import Signal


class Abandoned(Signal):
    """Ends a thread that comes back from its source when another one drives the pipeline."""


class Wheel:
    """Held by the thread that drives. Between `wait` and `go_on` it is in its source, where it may be replaced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._driver = 0
        self._waits = False

    def take(self) -> None:
        """Begin to drive."""
        self._driver = threading.get_ident()
        self._waits = True

    def wait(self) -> None:
        """Begin to wait for the source."""
        self._waits = True

    def go_on(self) -> None:
        """Come back from the source; Abandoned where another one drives by now."""
        with self._lock:
            if self._driver != threading.get_ident():
                raise Abandoned
            self._waits = False

    def snatch(self) -> bool:
        """Take the wheel from a thread that is in its source; tell whether it was there."""
        with self._lock:
            if self._waits:
                self._driver = 0
            return self._waits
