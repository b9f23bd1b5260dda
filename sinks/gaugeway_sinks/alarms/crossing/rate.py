"""How fast a value changes."""

import math
from typing import Final

from gaugeway_sinks.alarms.crossing import NOTHING, Terms

BUCKETS: Final = 60
"""A window is kept as so many stretches at most, each with its lowest value, however many samples there are."""

PERIODS: Final = {1.0: "s", 60.0: "min", 3600.0: "h", 86400.0: "d"}


class Rate:
    """A rise, or for a negative amount a fall, by so much within a time or less.

    A step counts as what it is and not as what it would be if it went on; so noise does not look like a rate.
    """

    def __init__(self, amount: float, per: float, hysteresis: float, unit: str) -> None:
        clear_at = amount - math.copysign(hysteresis, amount)
        self.terms = Terms("rate", amount, f"{unit}/{PERIODS.get(per) or f'{per:g} s'}", clear_at)
        self.measured: float | None = None
        self._sign = math.copysign(1.0, amount)
        self._limits = (abs(amount), abs(amount) - hysteresis)
        self._per = per
        self._lows: list[tuple[float, float]] = []

    def crossed(self, value: float, time: float, raised: bool, /) -> bool | None:
        """Compare with the lowest value of the window. A fall is a rise with the signs changed."""
        value *= self._sign
        change = self._change(value, time)
        self._add(value, time)
        if change is None:
            return None
        self.measured = float(f"{change * self._sign:.12g}")
        return change >= self._limits[raised]

    def _change(self, value: float, time: float) -> float | None:
        lows = self._lows
        while len(lows) > 1 and lows[0][0] < time - self._per:
            del lows[0]
        if not lows:
            return None
        began, low = lows[0]
        age = time - began
        change = value - low
        return change if age <= self._per else change * self._per / age  # samples further apart than the window

    def _add(self, value: float, time: float) -> None:
        """Keep only what can still become the lowest of a window: the lows rise from the first to the last."""
        lows = self._lows
        while lows and lows[-1][1] >= value:
            lows.pop()
        if not lows or time - lows[-1][0] >= self._per / BUCKETS:
            lows.append((time, value))

    def worse(self, value: float, peak: float, /) -> bool:
        """Take the faster for the worse."""
        return value * self._sign > peak * self._sign

    def calm(self) -> tuple[float, float]:
        """Return nothing: each value has to be seen."""
        return NOTHING

    def forget(self) -> None:
        """Forget the window: a change over a gap is no rate."""
        self._lows.clear()

    def save(self) -> list[float] | None:
        """Return the window."""
        return [number for pair in self._lows for number in pair]

    def restore(self, saved: list[float]) -> None:
        """Take the window back."""
        self._lows = list(zip(saved[::2], saved[1::2], strict=True))
