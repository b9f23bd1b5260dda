"""Signals as events: SIGINT and SIGTERM ask for a stop, SIGHUP for a reload."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Final

ASKS_TO_STOP: Final = (signal.SIGINT, signal.SIGTERM)


class Bell:
    """An event that a signal handler can set.

    `threading.Event` is none: its lock may be held by the very code that the signal interrupted, and waits then for
    ever. Putting into a `SimpleQueue` is safe there.
    """

    def __init__(self) -> None:
        self._rung: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Wake who waits, now or later."""
        self._rung.put(None)

    def wait(self, timeout: float) -> bool:
        """Return as soon as it is set; tell whether it is."""
        try:
            self._rung.get(timeout=timeout)
        except Empty:
            return False
        self._rung.put(None)
        return True

    def clear(self) -> None:
        """Be as if it had not been set."""
        while not self._rung.empty():
            self._rung.get()


class Wishes:
    """What the outside world has asked for; `changed` is set whenever something new was."""

    def __init__(self) -> None:
        self.changed = Bell()
        self.stop = False
        self.reload = False

    def ask_to_stop(self) -> None:
        """Ask for a stop."""
        self.stop = True
        self.changed.set()

    def ask_to_reload(self) -> None:
        """Ask for a reload."""
        self.reload = True
        self.changed.set()


@contextmanager
def signals() -> Generator[Wishes]:
    """Turn signals into wishes while the block runs; a second request to stop ends at once, as without us."""
    wishes = Wishes()

    def stop(number: int, _frame: FrameType | None) -> None:
        if wishes.stop:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        wishes.ask_to_stop()

    def reload(_number: int, _frame: FrameType | None) -> None:
        wishes.ask_to_reload()

    before = {number: signal.signal(number, stop) for number in ASKS_TO_STOP}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, reload)
    try:
        yield wishes
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
