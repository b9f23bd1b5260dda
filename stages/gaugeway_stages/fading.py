"""Exponential averages: the older a value, the less it counts."""

from math import exp

import msgspec


class Fading:
    """The exponential average by number of readings: each new one counts 2 / (last + 1), the first begins it."""

    __slots__ = ("_mean", "_share")

    def __init__(self, last: int) -> None:
        self._share = 2 / (last + 1)
        self._mean: float | None = None

    def add(self, value: float, moment: float) -> float:  # noqa: ARG002  (it counts values, not time)
        """Take in a value and return the average."""
        mean = self._mean
        mean = self._mean = value if mean is None else mean + (value - mean) * self._share
        return mean

    def save(self) -> object:
        """Return the average so far."""
        return self._mean

    def restore(self, saved: object) -> None:
        """Go on from an average."""
        self._mean = msgspec.convert(saved, float | None)


class FadingState(msgspec.Struct):
    """What an exponential average by time keeps: the mean, how much it weighs, and since when."""

    mean: float = 0.0
    weight: float = 0.0
    moment: float = 0.0


class TimedFading:
    """The exponential average by time: at the age of `last` a value counts 1/e, about a third.

    Values that come at the same moment count the same. Time that runs back a little stands still; where it runs
    back by more than `last`, a clock was set and the average starts anew.
    """

    __slots__ = ("_last", "_state")

    def __init__(self, last: float) -> None:
        self._last = last
        self._state = FadingState()

    def add(self, value: float, moment: float) -> float:
        """Take in a value and return the average."""
        state = self._state
        if not state.weight or moment < state.moment - self._last:
            state.weight, state.moment = 0.0, moment
        elif moment > state.moment:
            state.weight *= exp((state.moment - moment) / self._last)
            state.moment = moment
        state.weight += 1.0
        state.mean += (value - state.mean) / state.weight
        return state.mean

    def save(self) -> object:
        """Return mean, weight and moment."""
        return msgspec.to_builtins(self._state)

    def restore(self, saved: object) -> None:
        """Go on from there."""
        self._state = msgspec.convert(saved, FadingState)
