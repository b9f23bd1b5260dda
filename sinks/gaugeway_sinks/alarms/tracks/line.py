"""A line of time on which the delays of an alarm run."""

import math
from datetime import UTC, datetime

from gaugeway_sinks.alarms.tracks.stream import Stream


class Line:
    """Follows its stream, but at most `reach` beyond the last sample: what comes after that nobody knows.

    `base` is where the line stood at `heard`, the stream's moment of the last sample.
    """

    __slots__ = ("base", "heard", "reach", "stream")

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.heard = stream.now
        self.base = stream.now
        self.reach = math.inf

    def at(self, moment: float) -> float:
        """Return where the line stands at a moment of its stream."""
        return self.base + min(moment - self.heard, self.reach)

    def when(self, due: float) -> float | None:
        """Return the moment of the stream at which the line gets there; None if it stops before."""
        ahead = due - self.base
        return self.heard + ahead if ahead <= self.reach else None

    def wall(self, at: float) -> float | None:
        """Return the wall-clock time of a point of the line."""
        return self.stream.wall(self.heard + (at - self.base))

    def stop(self, moment: float) -> None:
        """Stand still from here on."""
        self.base, self.heard, self.reach = self.at(moment), moment, 0.0

    def go_on(self, moment: float) -> None:
        """Move again from here on."""
        self.base, self.heard, self.reach = self.at(moment), moment, math.inf

    def mark(self) -> tuple[float, float, bool]:
        """Return where it stands and whether it stands still, to be remembered."""
        return self.base, self.heard, self.reach == 0

    def go_to(self, mark: tuple[float, float, bool]) -> None:
        """Stand where it stood."""
        self.base, self.heard, stopped = mark
        self.reach = 0.0 if stopped else self.reach

    def move(self, stream: Stream) -> None:
        """Follow another stream, whose time differs, from the same point on."""
        self.heard += stream.now - self.stream.now
        self.stream = stream


def iso(wall: float | None) -> str | None:
    """Return a wall-clock time as text, in UTC to the millisecond; None for one that no calendar has."""
    if wall is None:
        return None
    try:
        return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None
