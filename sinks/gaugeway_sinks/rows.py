"""Readings as rows of CSV (RFC 4180, lines ended by a newline)."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from gaugeway import ConfigError, Reading
from gaugeway_sinks.iso import IsoTimes

COLUMNS: Final = ("sensor", "time", "value", "unit", "quality", "normal", "average")
TEXTS: Final = 4096
ENCODER: Final = msgspec.json.Encoder()
QUOTED: Final = frozenset('",')

Batch = Sequence[Reading]
Cells = Callable[[Batch], list[bytes]]

TEXT: Final[dict[str, Callable[[Batch], list[str]]]] = {
    "sensor": lambda batch: [reading.sensor for reading in batch],
    "unit": lambda batch: [reading.unit for reading in batch],
    "quality": lambda batch: [reading.quality for reading in batch],
    "stamp": lambda batch: [reading.stamp for reading in batch],
}
NUMBER: Final[dict[str, Callable[[Batch], Sequence[float | None]]]] = {
    "time": lambda batch: [reading.time for reading in batch],
    "value": lambda batch: [reading.value for reading in batch],
    "normal": lambda batch: [reading.normal for reading in batch],
    "average": lambda batch: [reading.average for reading in batch],
}


class CsvRows:
    """Writes each reading as one row. A result that a reading does not have leaves its cell empty."""

    def __init__(self, columns: Sequence[str] = COLUMNS, *, iso: bool = True) -> None:
        if not columns or len(set(columns)) < len(columns):
            raise ConfigError("'columns' names at least one column, and each column once")
        for name in ("more", "fate"):
            if name in columns:
                raise ConfigError(f"'{name}' in 'columns' is no result: name the result itself, for example 'average'")
        self._texts = Texts()
        self._columns = [self._cells(name, iso=iso) for name in columns]
        self.head: Final = b",".join(map(quoted, columns)) + b"\n"

    def encode(self, batch: Batch) -> bytes:
        """Return the rows of a batch, made column by column."""
        columns = [cells(batch) for cells in self._columns]
        return b"\n".join([*map(b",".join, zip(*columns, strict=True)), b""])

    def fits(self, start: bytes) -> bool:
        """Tell whether a file begins with these columns, or was cut off while they were written."""
        return self.head.startswith(start)

    def _cells(self, name: str, *, iso: bool) -> Cells:
        text = TEXT.get(name)
        if text is not None:
            cell = self._texts.__getitem__
            return lambda batch: list(map(cell, text(batch)))
        if name == "time" and iso:
            times = IsoTimes()
            return lambda batch: list(map(str.encode, times.texts(batch)))
        number = NUMBER.get(name)
        if number is not None:
            return lambda batch: numbers(number(batch))
        return lambda batch: numbers([reading.get(name) for reading in batch])


class Texts(dict[str, bytes]):
    """Cells of the texts met so far; sensors without end do not make it grow without end."""

    def __missing__(self, text: str) -> bytes:
        if len(self) >= TEXTS:
            self.clear()
        cell = self[text] = quoted(text)
        return cell


def quoted(text: str) -> bytes:
    """Return a text as a cell. Line breaks become spaces, so that a row is a line and a torn row can be told."""
    line = text.replace("\r", " ").replace("\n", " ")
    if QUOTED.isdisjoint(line):
        return line.encode()
    return b'"' + line.replace('"', '""').encode() + b'"'


def numbers(values: Sequence[float | None]) -> list[bytes]:
    """Return numbers as their shortest exact text; what is missing or not a number is empty."""
    return ENCODER.encode(values)[1:-1].replace(b"null", b"").split(b",") if values else []
