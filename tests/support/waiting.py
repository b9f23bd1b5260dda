"""Waiting in tests: for something to come true, never for a time to pass."""

import threading
import time
from collections.abc import Callable
from typing import Final

import pytest

PATIENCE: Final = 20.0


def until(condition: Callable[[], object], what: str = "it comes true", patience: float = PATIENCE) -> None:
    """Wait until a condition holds, and fail when it never does."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain: {what}")
        threading.Event().wait(0.002)
