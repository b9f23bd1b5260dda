"""Whether something happens too often: what bounds the chatter of one alarm and the flood of a whole node."""

import msgspec


class Bursts(msgspec.Struct):
    """Counts happenings within a time, in constant memory; the one above the limit starts a burst.

    It ends when there is room again: when fewer than the limit lie within the time before. `recent` holds the last
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
        if self.bursting or len(self.recent) <= self.limit or now >= self.recent[0] + self.per:
            return False
        self.bursting = True
        return True

    @property
    def ends(self) -> float | None:
        """When the burst ends unless more happens; None while there is none."""
        return self.recent[1] + self.per if self.bursting else None

    def ended(self, now: float) -> bool:
        """Tell, once, that a burst is over."""
        over = self.bursting and now >= self.recent[1] + self.per
        self.bursting = self.bursting and not over
        return over
