"""Who drives a pipeline: one thread, unless the wheel is taken from it while it hangs in its source."""

from threading import Lock, get_ident

from gaugeway.contain import Signal


class Abandoned(Signal):
    """Ends a thread that comes back from its source when another one drives the pipeline."""


class Wheel:
    """Held by the thread that drives. While it `waits` for its source, until `go_on`, it may be replaced."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._driver = 0
        self.waits = False

    def take(self) -> None:
        """Begin to drive."""
        self._driver = get_ident()
        self.waits = True

    def go_on(self) -> None:
        """Come back from the source; Abandoned where another one drives by now."""
        with self._lock:
            if self._driver != get_ident():
                raise Abandoned
            self.waits = False

    def snatch(self) -> bool:
        """Take the wheel from a thread that is in its source; tell whether it was there."""
        with self._lock:
            if self.waits:
                self._driver = 0
            return self.waits
