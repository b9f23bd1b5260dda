"""When a page began, in the time of the readings."""

import math
from datetime import UTC, datetime
from typing import Final

import msgspec

from gaugeway import Reading
from gaugeway_sinks.iso import LAST

STAMP: Final = "%Y%m%dT%H%M%SZ"
UNDATED: Final = "undated"


class Begun(msgspec.Struct, frozen=True, gc=False):
    """The time at which a page began, and whether it was taken by the gateway's clock.

    It only moves forward. A time that was taken before the clock was set counts for nothing. What devices say
    counts only as long as the gateway's own clock has said nothing: one device that lives in the year 2099 must
    not end the turning of pages.
    """

    time: float | None = None
    led: bool = False

    def after(self, reading: Reading) -> "Begun":
        """Return when a page begins whose first reading is this one."""
        by_gateway = reading.stamp == "gateway"
        if reading.stamp == "unsynced" or (self.led and not by_gateway) or not 0 <= reading.time < LAST:
            return self
        if self.time is None or reading.time > self.time or (by_gateway and not self.led):
            return Begun(reading.time, by_gateway)
        return self

    def span(self, every: float) -> tuple[float, float]:
        """Return from when to when the period lasts in which the page began; nothing is inside where it is unknown."""
        if self.time is None:
            return math.inf, math.inf
        low = self.time // every * every
        return low, low + every


def stamp(time: float | None) -> str:
    """Return the time as it stands in the name of a file."""
    return UNDATED if time is None else datetime.fromtimestamp(int(time), UTC).strftime(STAMP)


def unstamp(text: str) -> float | None:
    """Return the time that stands in the name of a file."""
    return None if text == UNDATED else datetime.fromisoformat(text).timestamp()
