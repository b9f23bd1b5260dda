"""The time of one pipeline, as far as somebody was listening, and what waits in it for its moment."""

import math
from heapq import heappop, heappush
from typing import Final, Protocol

import msgspec

DOWNTIME: Final = 10.0
"""A live stream ticks every second. Where more than this is missing, the gateway was away and not the sensors."""


class Timed(Protocol):
    """Something that wants to be woken; `key` is its name in the stream, `wake` the moment that is planned."""

    key: str
    wake: float | None

    def next_wake(self) -> float | None:
        """Return when it has something to do next, if nothing happens before."""
        ...

    def ring(self, now: float) -> None:
        """Do what is due at this moment."""
        ...


class Past(msgspec.Struct, omit_defaults=True):
    """What a stream remembers over a restart."""

    live: bool
    shown: float
    lost: float = 0.0
    wall: float = 0.0


class Stream:
    """Follows what a pipeline's clock shows, without the stretches in which the gateway was down.

    Of those nobody can say that a sensor was silent. A recorded stream knows no downtime: its gaps are the
    recording's. `due` is the moment before which nobody has to be woken.
    """

    def __init__(self, name: str, past: Past) -> None:
        self.name = name
        self.past = past
        self.live = past.live
        self.now = past.shown - past.lost
        self.due = math.inf
        self._waiting: list[tuple[float, str]] = []
        self._timed: dict[str, Timed] = {}

    @property
    def begun(self) -> bool:
        """Whether it has a time yet."""
        return self.past.shown > -math.inf

    def follow(self, shown: float) -> None:
        """Go on to what the clock shows."""
        past = self.past
        if not 0 <= shown - past.shown <= DOWNTIME:
            if self.live:
                past.lost += shown - past.shown
                past.wall += shown - past.shown
            else:
                shown = max(shown, past.shown)
        past.shown = shown
        self.now = shown - past.lost

    def wall(self, moment: float) -> float:
        """Return the wall-clock time of a moment of this stream."""
        return moment + self.past.wall

    def anchor(self, wall: float) -> None:
        """Learn what the wall clock shows at present."""
        self.past.wall = wall - self.now

    def add(self, timed: Timed) -> None:
        """Take in somebody who may want to be woken."""
        self._timed[timed.key] = timed
        timed.wake = None
        self.plan(timed)

    def remove(self, timed: Timed) -> None:
        """Wake it no more."""
        self._timed.pop(timed.key, None)

    def plan(self, timed: Timed) -> None:
        """See to it that it is woken in time; to be woken too early does no harm."""
        moment = timed.next_wake()
        if moment is not None and (timed.wake is None or moment < timed.wake):
            timed.wake = moment
            heappush(self._waiting, (moment, timed.key))
            self.due = self._waiting[0][0]

    def ring(self, *, before: bool = False) -> None:
        """Wake, in order, all whose moment has come; with `before`, only those whose moment has passed."""
        waiting, now = self._waiting, self.now
        while waiting and (waiting[0][0] < now or (waiting[0][0] == now and not before)):
            moment, key = heappop(waiting)
            timed = self._timed.get(key)
            if timed is not None and timed.wake == moment:
                timed.wake = None
                timed.ring(moment)
                self.plan(timed)
        self.due = waiting[0][0] if waiting else math.inf
