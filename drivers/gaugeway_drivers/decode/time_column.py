"""Many moments at once, for files with millions of rows."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from operator import attrgetter
from typing import Final

from gaugeway_drivers.decode.moment import FINER, NotATime, in_seconds, moment
from gaugeway_drivers.decode.number_column import numbers

ZONE: Final = attrgetter("tzinfo")


class TimeColumn:
    """Turns the cells of a column into seconds since 1970; `pattern` is for what is no number and no ISO 8601."""

    def __init__(self, zone: tzinfo, pattern: str | None = None) -> None:
        self._zone = zone
        self._pattern = pattern

    def one(self, cell: str) -> float:
        """Return one moment; NotATime where the cell holds none."""
        if self._pattern is None:
            return moment(cell, self._zone)
        try:
            return self._in_zone(datetime.strptime(cell.strip(), self._pattern))
        except (ValueError, OverflowError):
            raise NotATime from None

    def all(self, cells: Sequence[str]) -> Iterable[float]:
        """Return many moments of one spelling; ValueError where they had better be looked at one by one."""
        if self._pattern is not None:
            return list(map(self.one, cells))
        try:
            counts = numbers(cells, ".")
        except ValueError:
            return self._written(cells)
        if -FINER[0][0] < min(counts) and max(counts) < FINER[0][0]:
            return counts
        return list(map(in_seconds, counts))

    def _written(self, cells: Sequence[str]) -> Iterable[float]:
        first = datetime.fromisoformat(cells[0])
        if first.tzinfo is None and self._zone is UTC:
            cells = [cell + "+00:00" for cell in cells]
        stamps = list(map(datetime.fromisoformat, cells))
        if None in map(ZONE, stamps):
            return list(map(self._in_zone, stamps))
        return list(map(datetime.timestamp, stamps))

    def _in_zone(self, stamp: datetime) -> float:
        return (stamp if stamp.tzinfo else stamp.replace(tzinfo=self._zone)).timestamp()
