"""Curves: how the true value follows from the measured one."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise

Curve = Callable[[float], float]


def line(gain: float, offset: float) -> Curve:
    """Return the curve `value * gain + offset`."""
    return lambda value: value * gain + offset


def polynomial(coefficients: Sequence[float]) -> Curve:
    """Return the curve c0 + c1 * value + c2 * value² + ..."""
    *rest, highest = coefficients
    lower = rest[::-1]

    def curve(value: float) -> float:
        result = highest
        for coefficient in lower:
            result = result * value + coefficient
        return result

    return curve


def through(points: Sequence[tuple[float, float]]) -> Curve:
    """Return straight lines from point to point, the first and the last of them going on for ever."""
    bends = [measured for measured, _ in points[1:-1]]
    pieces = [(x, y, (next_y - y) / (next_x - x)) for (x, y), (next_x, next_y) in pairwise(points)]

    def curve(value: float) -> float:
        x, y, slope = pieces[bisect_right(bends, value)]
        return y + (value - x) * slope

    return curve
