"""The few batches that wait in memory for a sink that fails: a moment's hiccup is bridged, no more."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from gaugeway.reading import Reading
from gaugeway.site import Clock

ROOM: Final = 16
"""So many batches of each pipeline may wait."""


class Waiting:
    """Batches in the order in which they came, each with the time that its pipeline showed then."""

    def __init__(self) -> None:
        self._batches: deque[tuple[Clock, Sequence[Reading]]] = deque()

    def __bool__(self) -> bool:
        return bool(self._batches)

    @property
    def readings(self) -> int:
        """How many readings wait, for anybody who asks."""
        return sum(len(batch) for _, batch in tuple(self._batches))

    @property
    def many(self) -> bool:
        """Whether so many batches wait that a sender who can wait should."""
        return len(self._batches) >= ROOM // 2

    @property
    def first(self) -> tuple[Clock, Sequence[Reading]]:
        """The batch that came first, and the time at which it came."""
        return self._batches[0]

    def leave(self) -> None:
        """Let the first one go."""
        self._batches.popleft()

    def add(self, batch: Sequence[Reading], clock: Clock) -> int:
        """Let a batch wait; return how many readings had to go for it.

        They are of the same pipeline: one that goes on, because its device does, takes no room from another that
        waits for the sink so that nothing is lost.
        """
        own = [at for at, (came, _) in enumerate(self._batches) if came.pipeline == clock.pipeline]
        gone = 0
        if len(own) >= ROOM:
            gone = len(self._batches[own[0]][1])
            del self._batches[own[0]]
        self._batches.append((clock.copy(), batch))
        return gone

    def clear(self) -> int:
        """Let all go; return how many readings that costs."""
        gone = self.readings
        self._batches.clear()
        return gone
