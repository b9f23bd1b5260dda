"""Windows: which of a sensor's values count, the last few or those of the last while."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec


class Content(Protocol):
    """Values that come and go in order, and one result of all that are inside."""

    def push(self, value: float) -> int:
        """Take in the newest value; return how many there are now."""
        ...

    def result(self) -> float:
        """Return the result of what is inside, which is not empty."""
        ...

    def shift(self) -> None:
        """Leave out the oldest value."""
        ...

    def values(self) -> tuple[list[float], list[float]]:
        """Return the values inside, oldest first, in two parts."""
        ...

    def fill(self, older: Sequence[float], newer: Sequence[float]) -> None:
        """Become what `values` told of, to the last bit."""
        ...


class Window(Protocol):
    """What an average keeps of one sensor."""

    def add(self, value: float, moment: float) -> float:
        """Take in a value and return the result."""
        ...

    def save(self) -> object:
        """Return the state as plain data."""
        ...

    def restore(self, saved: object) -> None:
        """Take the state back; what does not fit any more is left out."""
        ...


class Counted:
    """The last so many values.

    Between two readings it holds those that the next one will join: one less than it counts.
    """

    __slots__ = ("_last", "content")

    def __init__(self, content: Content, last: int) -> None:
        self.content = content
        self._last = last

    def add(self, value: float, moment: float) -> float:  # noqa: ARG002  (it counts values, not time)
        """Take in a value and return the result."""
        count = self.content.push(value)
        result = self.content.result()
        if count == self._last:
            self.content.shift()
        return result

    def save(self) -> object:
        """Return the values in order, in two parts so that their sums come out the same to the last bit."""
        return self.content.values()

    def restore(self, saved: object) -> None:
        """Take the values back, the newest of them where the window has become shorter."""
        older, newer = msgspec.convert(saved, tuple[list[float], list[float]])
        surplus = len(older) + len(newer) - (self._last - 1)
        if surplus < 0:  # not full, or no longer: nothing has to leave yet
            older, newer = [], older + newer
        self.content.fill(older, newer)
        for _ in range(surplus):
            self.content.shift()


class TimedState(msgspec.Struct):
    """What a timed window keeps."""

    older: list[float]
    newer: list[float]
    moments: list[float]


class Timed:
    """The values of the last while, at most so many.

    Time that runs back a little stands still here, so that readings may come out of order. Where it runs back by more
    than the window is long, a clock was set: nothing can be said of the age of what is inside, and it starts anew.
    """

    __slots__ = ("_at_most", "_last", "_moments", "_new", "content")

    def __init__(self, new: Callable[[], Content], last: float, at_most: int) -> None:
        self._new = new
        self._last = last
        self._at_most = at_most
        self._moments = deque[float]()
        self.content = new()

    def add(self, value: float, moment: float) -> float:
        """Take in a value, leave out what is too old by now and return the result."""
        moments, content, last = self._moments, self.content, self._last
        if moments and moment < moments[-1]:
            if moment < moments[-1] - last:
                moments.clear()
                content = self.content = self._new()
            else:
                moment = moments[-1]
        moments.append(moment)
        content.push(value)
        begin = moment - last
        while moments[0] <= begin or len(moments) > self._at_most:
            moments.popleft()
            content.shift()
        return content.result()

    def save(self) -> object:
        """Return the values in order, with the moment of each."""
        return msgspec.to_builtins(TimedState(*self.content.values(), list(self._moments)))

    def restore(self, saved: object) -> None:
        """Take the values back; those that have become too old are left out with the next one."""
        state = msgspec.convert(saved, TimedState)
        if len(state.older) + len(state.newer) != len(state.moments):
            raise ValueError("an average has not as many moments as values")
        self.content.fill(state.older, state.newer)
        self._moments = deque(state.moments)
