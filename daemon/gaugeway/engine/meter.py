"""What is counted: at each stage, at each sink, at the intake. Written by one thread, read by any."""

from collections.abc import Iterable, Iterator
from time import perf_counter_ns
from typing import Final, TypeVar

T = TypeVar("T")

TURN_ON_EVERY: Final = 256
REASONS: Final = 50
OTHER: Final = "other reasons"


class Meter:
    """The counters of one stage or sink."""

    __slots__ = ("dropped", "failed", "last_error", "nanoseconds", "timed")

    def __init__(self) -> None:
        self.failed = 0
        self.dropped: dict[str, int] = {}
        self.nanoseconds = 0
        self.timed = 0
        self.last_error = ""

    def drop(self, reason: str, count: int = 1) -> int:
        """Count readings that went no further; return how many there are of this reason by now."""
        before = self.dropped.get(reason)
        if before is None:
            if len(self.dropped) >= REASONS:  # somebody puts numbers into the words
                reason = OTHER
            before = self.dropped.get(reason, 0)
        self.dropped[reason] = before + count
        return before + count

    def fail(self, words: str) -> None:
        """Count one failure and remember what was said."""
        self.failed += 1
        self.last_error = words

    @property
    def cost(self) -> float | None:
        """Nanoseconds a reading, from the sample; None before there is one."""
        return self.nanoseconds / self.timed if self.timed else None


class Stopwatch:
    """Times one burst in every few: whoever has control is charged, so the cost of each stage is its own.

    Off, it costs one look at `on` for each reading and stage. It is turned on and off between two bursts only,
    when every generator of the chain is waiting.
    """

    __slots__ = ("_bursts", "_charged", "_since", "meters", "on")

    def __init__(self, meters: list[Meter]) -> None:
        self.meters = meters
        self.on = False
        self._bursts = 0
        self._charged = 0
        self._since = 0

    def between_bursts(self) -> None:
        """Decide whether the burst that comes is timed."""
        self._bursts += 1
        self.on = self._bursts % TURN_ON_EVERY == 1
        if self.on:
            self._since = perf_counter_ns()
            self._charged = len(self.meters) - 1

    def handing(self, burst: Iterable[T], to: int) -> Iterator[T]:
        """Yield what a burst holds, each reading in the account of stage `to`."""
        for reading in burst:
            self.meters[to].timed += 1
            self.hand_to(to)
            yield reading

    def hand_to(self, index: int) -> None:
        """Charge the time since the last call to who had control, and give it to `index`."""
        now = perf_counter_ns()
        self.meters[self._charged].nanoseconds += now - self._since
        self._since = now
        self._charged = index
