"""The mean of the newest values, in constant time and without drift."""

from collections.abc import Sequence
from itertools import accumulate


class Mean:
    """Values that come and go in order, and their mean.

    Nothing is ever subtracted: the sum of the `newer` values is added up as they come, and the sums of what is left
    of the older ones stand ready in `older_sums`, the last of them the present one. When the older ones are used up,
    the newer take their place and their sums are made in one go: a constant time per value. So each mean is made of
    the values inside alone, and is as good after a billion values as at first; what has left leaves no trace.
    """

    __slots__ = ("_turned", "newer", "newer_sum", "older_sums")

    def __init__(self) -> None:
        self.newer: list[float] = []
        self.newer_sum = 0.0
        self.older_sums: list[float] = []
        self._turned: list[float] = []

    def push(self, value: float) -> int:
        """Take in the newest value; return how many there are now."""
        self.newer.append(value)
        self.newer_sum += value
        return len(self.newer) + len(self.older_sums)

    def result(self) -> float:
        """Return the mean of what is inside."""
        older = self.older_sums
        if not older:
            return self.newer_sum / len(self.newer)
        return (self.newer_sum + older[-1]) / (len(self.newer) + len(older))

    def shift(self) -> None:
        """Leave out the oldest value."""
        if not self.older_sums:
            self.turn()
        self.older_sums.pop()

    def turn(self) -> None:
        """Let the newer values, all that there are, become the older ones."""
        self._turned = self.newer
        self.older_sums = list(accumulate(reversed(self.newer)))
        self.newer, self.newer_sum = [], 0.0

    def values(self) -> tuple[list[float], list[float]]:
        """Return the values inside, oldest first, in two parts: the older and the newer."""
        gone = len(self._turned) - len(self.older_sums)
        return self._turned[gone:], self.newer

    def fill(self, older: Sequence[float], newer: Sequence[float]) -> None:
        """Become what `values` told of, to the last bit."""
        self.newer = list(older)
        self.turn()
        for value in newer:
            self.push(value)
