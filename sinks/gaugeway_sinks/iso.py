"""Times as ISO 8601 text in UTC: `2025-01-31T12:00:00.123456Z`."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from gaugeway import Reading

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIRST: Final = -62_135_596_800.0  # the year 1
LAST: Final = 253_402_300_799.0  # the year 9999, less one second, so that rounding stays inside


class IsoTimes:
    """Writes the times of readings as text; the date is worked out once for all readings of one second."""

    def __init__(self) -> None:
        self._second = 0
        self._date = _date(0)

    def texts(self, batch: Iterable[Reading]) -> list[str]:
        """Return one text for each reading, to the microsecond; a time outside the calendar stays a number."""
        texts: list[str] = []
        known, date = self._second, self._date
        for reading in batch:
            time = reading.time
            if FIRST <= time < LAST:
                second, micro = divmod(round(time * 1e6), 1_000_000)
                if second != known:
                    known, date = second, _date(second)
                texts.append(f"{date}.{micro:06d}Z")
            else:
                texts.append(repr(time))
        self._second, self._date = known, date
        return texts


def _date(second: int) -> str:
    return (EPOCH + timedelta(seconds=second)).isoformat()[:19]
