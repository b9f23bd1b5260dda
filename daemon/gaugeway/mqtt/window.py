"""How many unacknowledged messages a broker allows, learned from what it does."""

from typing import Final

USUAL_LEAST: Final = 10
PATIENCE: Final = 1.0
PROMPT: Final = 0.25


class Window:
    """Tells when a broker has stopped sending because it waits for acknowledgements; knows no clock.

    Every acknowledgement costs a write to disk, so they are best kept back until the broker runs out of room. What
    room it has it need not say. Surely it is out of it when as many are held as this side allows (`limit`). If not,
    the most that were ever held at once are proof of so much room; a broker that falls silent there is asked (its
    messages are acknowledged), and when it then goes on at once, that was its limit, until it sends more.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._proven = min(limit, USUAL_LEAST)
        self._believed = limit
        self._last_arrival = 0.0
        self._asked = 0
        self._answered_at = float("-inf")

    def hint(self, number: int) -> None:
        """Take in what the broker says of itself; 0 for nothing."""
        if number:
            self._proven = min(self._proven, number)

    def full(self, held: int, arrived: int, now: float) -> bool:
        """Tell whether the broker waits, with so many messages held, after so many came in the last read."""
        if arrived:
            self._learn(held, now)
        if held >= self._believed:
            return True
        if held < self._proven or now - self._last_arrival < PATIENCE:
            return False
        self._asked = held
        return True

    def answered(self, now: float) -> None:
        """Take in that all that was held has been acknowledged."""
        self._answered_at = now

    def _learn(self, held: int, now: float) -> None:
        if self._asked and now - self._answered_at < PROMPT:
            self._believed = self._asked
        self._asked = 0
        self._last_arrival = now
        self._proven = max(self._proven, held)
        if held > self._believed:
            self._believed = self._limit
