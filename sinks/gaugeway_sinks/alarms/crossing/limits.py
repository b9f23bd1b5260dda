"""Values against limits: above, below, outside."""

from gaugeway_sinks.alarms.crossing import INF, Forgetful, Terms


class Above(Forgetful):
    """At or above a limit; well again below the clearing limit."""

    def __init__(self, limit: float, clear_at: float, unit: str) -> None:
        self.terms = Terms("above", limit, unit, clear_at)
        self._limits = (limit, clear_at)

    def crossed(self, value: float, _time: float, raised: bool, /) -> bool | None:
        """Compare with the limit that holds at present."""
        self.measured = value
        return value >= self._limits[raised]

    def worse(self, value: float, peak: float, /) -> bool:
        """Take the higher for the worse."""
        return value > peak

    def calm(self) -> tuple[float, float]:
        """Return what is below the limit."""
        return -INF, self._limits[0]


class Below(Forgetful):
    """At or below a limit; well again above the clearing limit."""

    def __init__(self, limit: float, clear_at: float, unit: str) -> None:
        self.terms = Terms("below", limit, unit, clear_at)
        self._limits = (limit, clear_at)

    def crossed(self, value: float, _time: float, raised: bool, /) -> bool | None:
        """Compare with the limit that holds at present."""
        self.measured = value
        return value <= self._limits[raised]

    def worse(self, value: float, peak: float, /) -> bool:
        """Take the lower for the worse."""
        return value < peak

    def calm(self) -> tuple[float, float]:
        """Return what is above the limit."""
        return self._limits[0], INF


class Outside(Forgetful):
    """At or beyond one of two limits; well again inside both clearing limits."""

    def __init__(self, limits: tuple[float, float], clear_at: tuple[float, float], unit: str) -> None:
        self.terms = Terms("outside", limits, unit)
        self._limits = (limits, clear_at)
        self._middle = sum(limits) / 2

    def crossed(self, value: float, _time: float, raised: bool, /) -> bool | None:
        """Compare with the two limits that hold at present."""
        self.measured = value
        low, high = self._limits[raised]
        return not low < value < high

    def worse(self, value: float, peak: float, /) -> bool:
        """Take what is further from the middle for the worse."""
        return abs(value - self._middle) > abs(peak - self._middle)

    def calm(self) -> tuple[float, float]:
        """Return what is between the limits."""
        return self._limits[0]
