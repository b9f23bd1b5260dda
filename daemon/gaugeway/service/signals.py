"""Signals as events: SIGINT and SIGTERM ask for a stop, SIGHUP for a reload."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ASKS_TO_STOP: Final = (signal.SIGINT, signal.SIGTERM)


class Wishes:
    """What the outside world has asked for; `changed` is set whenever something new was."""

    def __init__(self) -> None:
        self.changed = threading.Event()
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
