"""The time of live streams: it starts at the wall clock and from then on never steps."""

import time

SET_AFTER = 1_735_689_600.0
"""The first moment of 2025: a clock that shows less was never set (a Raspberry Pi has no clock that runs on)."""


class Timekeeper:
    """Gives stream time (for durations) and wall time (for people), which part company when the clock is set."""

    def __init__(self, at_least: float = 0.0) -> None:
        self._offset = max(time.time(), at_least) - time.monotonic()

    def now(self) -> float:
        """Return the stream's time in seconds: as far apart as two moments really were."""
        return time.monotonic() + self._offset

    @staticmethod
    def wall() -> float:
        """Return what the wall clock shows."""
        return time.time()

    def continue_from(self, at_least: float) -> None:
        """Never go back behind a time that was given out before a restart."""
        self._offset = max(self._offset, at_least - time.monotonic())
