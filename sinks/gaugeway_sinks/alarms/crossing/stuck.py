"""Whether a value ever changes."""

from gaugeway_sinks.alarms.crossing import NOTHING, Terms


class Stuck:
    """The same value again and again for so long; a change of no more than the tolerance is none."""

    def __init__(self, seconds: float, tolerance: float) -> None:
        self.terms = Terms("stuck", seconds, "s")
        self.measured: float | None = None
        self._seconds = seconds
        self._tolerance = tolerance
        self._value: float | None = None
        self._since = 0.0

    def crossed(self, value: float, time: float, _raised: bool, /) -> bool | None:
        """Compare how long the value has been the same."""
        if self._value is None or abs(value - self._value) > self._tolerance:
            self._value, self._since = value, time
        self.measured = time - self._since
        return self.measured >= self._seconds

    def worse(self, value: float, peak: float, /) -> bool:
        """Take the longer for the worse."""
        return value > peak

    def calm(self) -> tuple[float, float]:
        """Return nothing: each value has to be seen."""
        return NOTHING

    def forget(self) -> None:
        """Do nothing: a value that comes back after a gap unchanged is as stuck as before."""

    def save(self) -> list[float] | None:
        """Return the value and since when it stands."""
        return None if self._value is None else [self._value, self._since]

    def restore(self, saved: list[float]) -> None:
        """Take them back."""
        self._value, self._since = saved
