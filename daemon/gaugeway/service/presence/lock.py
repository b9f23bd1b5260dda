"""A lock on an open file: held until the file is closed or the process is gone, whatever ends it."""

import fcntl
import time
from typing import Final

PATIENCE: Final = 1.0


def locked(file: int, patience: float = PATIENCE) -> bool:
    """Lock a file, and tell whether that worked; who is just ending, or just looking, is given a moment."""
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        else:
            return True
