"""How many unacknowledged messages a broker allows, learned from what it does."""

from typing import Final

USUAL_LEAST: Final = 10
PROMPT: Final = 0.25
SHORTEST: Final = 0.05
FIRST: Final = 0.5
LONGEST: Final = 2.0


class Window:
    """Tells when a broker has stopped sending because it waits for acknowledgements; knows no clock.

    Every acknowledgement costs a write to disk, so they are best kept back until the broker runs out of room, which
    it does not announce. Surely it is out of it when as many are held as this side allows (`limit`). Otherwise, when
    it falls silent for longer than `patience`, it is asked: what is held is acknowledged. If it then goes on at once
    with about as much again, it had been waiting, and that number is believed to be its limit until it sends more. If
    not, there was nothing to send, and the patience grows.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._least = min(limit, USUAL_LEAST)
        self._believed = limit
        self._patience = FIRST
        self._last_arrival = 0.0
        self._asked = 0
        self._asked_at = 0.0
        self._answer = 0

    def hint(self, number: int) -> None:
        """Take in what the broker says of itself; 0 for nothing."""
        self._least = min(self._limit, USUAL_LEAST, number or USUAL_LEAST)

    def patience(self, held: int) -> float | None:
        """Return after what silence to look again, with so many messages held; None when there is no hurry."""
        return self._patience if self._least <= held < self._believed else None

    def full(self, held: int, arrived: int, now: float) -> bool:
        """Tell whether the broker waits, with so many messages held, after so many came in the last read."""
        if arrived:
            self._last_arrival = now
        if self._asked:
            self._judge(arrived, now)
        if held > self._believed:
            self._believed = self._limit
        if held >= self._believed:
            return True
        if arrived or held < self._least or now - self._last_arrival < self._patience:
            return False
        self._asked, self._asked_at, self._answer = held, now, 0
        return True

    def acknowledged(self, now: float) -> None:
        """Take in that nothing is held any more."""
        self._asked_at = now

    def _judge(self, arrived: int, now: float) -> None:
        """Tell from what came since whether the broker had been waiting."""
        self._answer += arrived
        if now - self._asked_at <= PROMPT:
            if 2 * self._answer >= self._asked:
                self._believed, self._patience, self._asked = self._asked, SHORTEST, 0
        else:
            self._patience, self._asked = min(2 * self._patience, LONGEST), 0
