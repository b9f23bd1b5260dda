"""Whether the clock of this computer shows the right time yet, and what became of the times it gave before.

A Raspberry Pi has no clock that runs on while it is off: until a time server answers, it shows the last time that it
remembers. Readings of that time are marked. When the clock is set it jumps, and by how much is remembered, so that
what is read back from a journal later is given the time it really came.
"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from gaugeway.engine.settings import Setting, Settings
from gaugeway.engine.timekeeper import SET_AFTER
from gaugeway.log import logger
from gaugeway.reading import Reading

log = logger(__name__)

TIMESYNC: Final = Path("/run/systemd/timesync")
SYNCHRONIZED: Final = "synchronized"
LOOK_EVERY: Final = 1.0
STEP: Final = 2.0


class WallClock:
    """Watches the clock while it is `unset`; once it is known to be right, nothing is watched any more.

    It is taken for wrong before 2025, and while systemd's time service runs and has not heard of the time yet. The
    kernel knows more exactly, but does not tell a service that is forbidden to set the clock.
    """

    def __init__(self, timesync: Path = TIMESYNC, wall: float | None = None) -> None:
        self.settings = Settings()
        self._timesync = timesync
        self._offset: float | None = None
        self._looked_at = 0.0
        self.unset = not self._is_right(time.time() if wall is None else wall)

    def mark(self, readings: Iterable[Reading], wall: float, now: float) -> None:
        """Mark the readings that were given the time `wall` if it is wrong; `now` was taken with it and never jumps."""
        offset = wall - now
        behind = 0.0 if self._offset is None else offset - self._offset
        stepped = abs(behind) > STEP
        if (stepped or self._is_due(now)) and self._is_right(wall, stepped=stepped):
            self._was_set(wall, behind)
            return
        if stepped or self._offset is None:
            self._offset = offset
        for reading in readings:
            if reading.time == wall:
                reading.stamp = "unsynced"

    def mend(self, readings: Iterable[Reading]) -> None:
        """Give marked readings from before a setting that is remembered the time they really came."""
        for reading in readings:
            behind = self.settings.behind(reading.time) if reading.stamp == "unsynced" else None
            if behind is not None:
                reading.time += behind
                reading.stamp = "gateway"

    def _is_right(self, wall: float, *, stepped: bool = False) -> bool:
        waiting = self._timesync.is_dir() and not (self._timesync / SYNCHRONIZED).exists()
        return wall >= SET_AFTER and (stepped or not waiting)

    def _is_due(self, now: float) -> bool:
        due = now - self._looked_at >= LOOK_EVERY
        if due:
            self._looked_at = now
        return due

    def _was_set(self, wall: float, behind: float) -> None:
        self.unset = False
        log.info("clock was set", behind=round(behind, 3))
        before = wall - behind
        self.settings.add(Setting(before - time.clock_gettime(time.CLOCK_BOOTTIME), before, behind))
