"""Waits for a condition, never for a time."""

import time
from collections.abc import Callable

PATIENCE = 30.0


def wait_until(done: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Return as soon as `done()` is true; fail, saying `what` did not happen, when that takes too long."""
    until = time.monotonic() + patience
    while not done():
        assert time.monotonic() < until, what
        time.sleep(0.01)
