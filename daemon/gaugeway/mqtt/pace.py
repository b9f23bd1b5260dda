"""How long to let bytes gather before the next read."""

from typing import Final

SHORTEST: Final = 0.0005
ENOUGH: Final = 128


class Pace:
    """Trades a bounded delay for fewer reads when messages come close together; knows no clock.

    Behind a live broker each message arrives alone, and a reader that wakes for each pays more for waking than for
    reading. So while messages follow each other within `most` seconds, it sleeps between reads: longer after reads
    that brought little, shorter after rich ones, not at all when the broker waits for acknowledgements or the line is
    calm.
    """

    def __init__(self, most: float) -> None:
        self._most = most
        self._nap = 0.0
        self._last_arrival = float("-inf")

    def nap(self, count: int, now: float, *, full: bool) -> float:
        """Return how long to sleep after a read that brought `count` messages; 0 means to wait for the next one."""
        if not count:
            self._nap = 0.0
            return 0.0
        busy = now - self._last_arrival - self._nap < self._most
        self._last_arrival = now
        if full or not busy:
            self._nap = 0.0
        elif count < ENOUGH:
            self._nap = min(max(self._nap * 2, SHORTEST), self._most)
        elif count > 2 * ENOUGH:
            self._nap = self._nap / 2 if self._nap > SHORTEST else 0.0
        return self._nap
