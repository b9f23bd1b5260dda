"""Whether something happens too often: what bounds the chatter of one alarm and the flood of a whole node."""

import msgspec


class Bursts(msgspec.Struct):
    """Counts happenings within a time, in constant memory; the one above the limit starts a burst.

    A burst ends when, at some moment, no more than the limit lie within the time before it. `recent` holds the last
    few happenings, one more than are allowed.
    """

    limit: int
    per: float
    bursting: bool = False
    recent: list[float] = []

    def count(self, now: float) -> bool:
        """Count one; tell whether a burst started with it."""
        self.recent.append(now)
        del self.recent[: -self.limit - 1]
        if self.bursting or not self._too_many(now):
            return False
        self.bursting = True
        return True

    @property
    def ends(self) -> float | None:
        """When the burst ends unless more happens; None while there is none."""
        return self.recent[0] + self.per if self.bursting else None

    def ended(self, now: float) -> bool:
        """Tell, once, that a burst is over."""
        if not self.bursting or self._too_many(now):
            return False
        self.bursting = False
        return True

    def _too_many(self, now: float) -> bool:
        return len(self.recent) > self.limit and now < self.recent[0] + self.per
