"""What stands in for a journal where none is wanted: records in memory, gone with the process."""

import threading
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from gaugeway.delivery.journal import JournalFullError

OVERHEAD: Final = 128
PARTS: Final = 16


class MemoryLog:
    """Keeps records in order like a `Journal`, with the same positions and bounded in bytes, as long as it lives."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.start = 0
        self.end = 0
        self.used = 0
        self.bytes_written = 0
        self.syncs = 0
        self._records: list[tuple[int, bytes]] = []
        self._lock = threading.RLock()

    @property
    def synced(self) -> int:
        """All of it: there is nothing that could be waited for."""
        return self.end

    def append(self, records: Sequence[bytes]) -> int:
        """Add records, all or none, and return the new `end`."""
        with self._lock:
            added = _room(records)
            if self.used + added > self.size:
                raise JournalFullError(f"no more room in memory: {self.used} of {self.size} bytes are in use")
            self._records.extend(enumerate(records, self.end))
            self.used += added
            self.end += len(records)
            return self.end

    def fits(self, records: Sequence[bytes]) -> bool:
        """Tell whether these records could be kept at once if there were no others."""
        return _room(records) <= self.size

    def sync(self) -> int:
        """Do nothing."""
        return self.end

    def reader(self, position: int) -> "MemoryReader":
        """Return a reader that stands at `position`."""
        return MemoryReader(self, position)

    def trim(self, position: int) -> None:
        """Forget what stands before `position`."""
        with self._lock:
            self.start = max(self.start, min(position, self.end))
            self._remove(slice(0, self._index(self.start)))

    def cut(self, position: int) -> None:
        """Make the next record get the number `position`."""
        with self._lock:
            self._remove(slice(self._index(position), None))
            self.start = min(self.start, position)
            self.end = position

    def oldest(self) -> int:
        """Return where the part ends that `drop_oldest(1)` would drop."""
        with self._lock:
            count = len(self._records)
            return self._records[(count - 1) // PARTS][0] + 1 if count else self.end

    def drop_oldest(self, count: int) -> int:
        """Free at least `count` bytes, if there are so many, in sixteenths; return how many records that cost."""
        before, goal = self.start, self.used - count
        with self._lock:
            while self.used > goal and self._records:
                self.trim(self.oldest())
        return self.start - before

    def close(self) -> None:
        """Do nothing."""

    def part(self, position: int, limit: int) -> list[tuple[int, bytes]]:
        """Return up to `limit` records from `position` on."""
        with self._lock:
            index = self._index(position)
            return self._records[index : index + limit]

    def _index(self, position: int) -> int:
        return bisect_left(self._records, (position, b""))

    def _remove(self, part: slice) -> None:
        self.used -= _room([record for _, record in self._records[part]])
        del self._records[part]


def _room(records: Sequence[bytes]) -> int:
    return sum(map(len, records)) + len(records) * OVERHEAD


class MemoryReader:
    """Takes records from memory in order."""

    def __init__(self, log: MemoryLog, position: int) -> None:
        self.position = position
        self._log = log

    def take(self, limit: int) -> list[tuple[int, bytes]]:
        """Return up to `limit` records and step over them."""
        taken = self._log.part(self.position, limit)
        self.position = taken[-1][0] + 1 if taken else max(self.position, self._log.start)
        return taken

    def seek(self, position: int) -> None:
        """Go on reading at another place."""
        self.position = position

    def close(self) -> None:
        """Do nothing."""
