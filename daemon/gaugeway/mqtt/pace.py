"""How long to let bytes gather before the next read."""

from typing import Final

ENOUGH: Final = 256
WORTH: Final = 0.75
"""Messages further apart than this part of the longest pause are read one by one: a pause would bring hardly two."""
WEIGHT: Final = 0.25
"""How much a single read counts for what is believed of the messages that come."""


class Pace:
    """Trades a bounded delay for fewer reads when messages come close together; knows no clock.

    Behind a live broker each message arrives alone, and a reader that wakes for each pays more for waking than for
    reading. So it sleeps between reads, `most` seconds at the longest, if more than one message is to be expected
    meanwhile; less where enough come sooner; not at all when the broker waits for acknowledgements or a read brought
    plenty. How far messages are apart is learned from the reads, and a silence counts as `most`: the first messages
    after it are read at once.
    """

    def __init__(self, most: float) -> None:
        self._most = most
        self._worth = WORTH * most
        self._apart = most
        self._looked = float("-inf")

    def nap(self, count: int, now: float, *, full: bool) -> float:
        """Return how long to sleep after a read that brought `count` messages; 0 means to wait for the next one.

        `full`: nothing can gather, because the broker waits, or need not, because the read has left something.
        """
        apart = (now - self._looked) / (count or 1)
        self._looked = now
        if not 0.0 <= apart < self._most:
            apart = self._most
        self._apart += WEIGHT * (apart - self._apart)
        if self._apart > self._worth or full or count >= 2 * ENOUGH:
            return 0.0
        return min(self._most, ENOUGH * self._apart)
