"""Never more than a few events a minute of one kind."""

import logging
import threading
import time
from typing import Final

from gaugeway.log.lines import facts_of

BURST: Final = 5
PERIOD: Final = 60.0
MANY: Final = 1000
PARTS: Final = ("source", "sink", "plugin", "stage", "sensor")


class RateLimit(logging.Filter):
    """Lets the first few events of one kind through in each minute, then says how many it held back."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str, str], tuple[float, int]] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Decide on one event; the first of a new minute carries the number that was held back."""
        facts = facts_of(record)
        kind = (record.name, str(record.msg), str(next(filter(None, map(facts.get, PARTS)), "")))
        now = time.monotonic()
        with self._lock:
            began, count = self._seen.get(kind, (now, 0))
            if now - began >= PERIOD:
                if count > BURST:
                    record.__dict__["facts"] = {**facts, "held_back": count - BURST}
                began, count = now, 0
            if len(self._seen) >= MANY and kind not in self._seen:
                self._seen.clear()
            self._seen[kind] = (began, count + 1)
        return count < BURST
