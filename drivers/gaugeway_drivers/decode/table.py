"""Rows of a table turned into readings: one reading a row, or one for each column that is a sensor."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, cycle, repeat
from typing import Final, Protocol

import msgspec

from gaugeway import Reading, Reject
from gaugeway_drivers.decode.framing import SHOWN
from gaugeway_drivers.decode.moment import NotATime
from gaugeway_drivers.decode.number import Decimal, NotANumber, number
from gaugeway_drivers.decode.number_column import numbers
from gaugeway_drivers.decode.time_column import TimeColumn

MANY_NAMES: Final = 10_000

Row = Sequence[str]
Cells = Sequence[Row]
"""A table by columns: each the cells of all its rows."""


class Reads(msgspec.Struct, frozen=True, kw_only=True):
    """How the cells of a table are read."""

    separator: str = ","
    decimal: Decimal = "."
    times: TimeColumn
    time: int | None = None
    """The column of the time, counted from 0."""

    def moments(self, columns: Cells) -> Iterable[float]:
        """Return the times of all rows, 0 where the table has none."""
        return repeat(0.0) if self.time is None else self.times.all(columns[self.time])

    def reading(self, name: str, cell: str, row: Row) -> Reading:
        """Return the reading in a cell; NotANumber or NotATime where there is none."""
        value = number(cell, decimal=self.decimal)
        if self.time is None:
            return Reading(name, value)
        return Reading(name, value, self.times.one(row[self.time]), stamp="device")

    def refusal(self, reason: str, row: Row, sensor: str = "") -> Reject:
        """Return why a row or a cell of it is no reading."""
        return Reject(reason, self.separator.join(row).encode()[:SHOWN], sensor)


class Shape(Protocol):
    """Where in a row the readings are."""

    def of_all(self, columns: Cells) -> Iterator[Reading]:
        """Return the readings of many rows at once; an error where one of them may be bad."""
        ...

    def of_one(self, row: Row) -> Iterator[Reading | Reject]:
        """Yield what is in one row, with each refusal."""
        ...


class Long:
    """One reading a row: its sensor, its value and perhaps its time stand in columns."""

    def __init__(self, reads: Reads, sensor: int | str, value: int, accepts: Callable[[str], bool]) -> None:
        self._reads = reads
        self._sensor = sensor
        self._value = value
        self._accepts = accepts
        self._known: dict[str, str] = {}

    def of_all(self, columns: Cells) -> Iterator[Reading]:
        """Return the readings of many rows; KeyError where a sensor is new."""
        reads, sensor = self._reads, self._sensor
        names = repeat(sensor) if isinstance(sensor, str) else list(map(self._known.__getitem__, columns[sensor]))
        values = numbers(columns[self._value], reads.decimal)
        return _readings(names, values, reads.moments(columns), reads.time)

    def of_one(self, row: Row) -> Iterator[Reading | Reject]:
        """Yield the reading of one row, or why it is none."""
        name = self._sensor if isinstance(self._sensor, str) else self._name(row[self._sensor])
        if name is None:
            yield self._reads.refusal("undeclared sensor", row)
            return
        try:
            yield self._reads.reading(name, row[self._value], row)
        except (NotANumber, NotATime) as fault:
            yield self._reads.refusal(fault.reason, row, name)

    def _name(self, cell: str) -> str | None:
        """Return the sensor that a cell names, always the same object, so that ten million rows have few names."""
        name = self._known.get(cell)
        if name is None:
            stripped = cell.strip()
            if not self._accepts(stripped):
                return None
            name = stripped
            if len(self._known) < MANY_NAMES:
                self._known[cell] = name
        return name


class Wide:
    """Several readings a row: each sensor has a column of its own. An empty cell is no reading, and no error."""

    def __init__(self, reads: Reads, sensors: dict[str, int]) -> None:
        self._reads = reads
        self._sensors = sensors

    def of_all(self, columns: Cells) -> Iterator[Reading]:
        """Return the readings of many rows, row by row."""
        reads = self._reads
        values = [numbers(columns[at], reads.decimal) for at in self._sensors.values()]
        moments = chain.from_iterable(map(repeat, reads.moments(columns), repeat(len(values))))
        return _readings(cycle(self._sensors), chain.from_iterable(zip(*values, strict=True)), moments, reads.time)

    def of_one(self, row: Row) -> Iterator[Reading | Reject]:
        """Yield the readings of one row, and why others are none."""
        for name, at in self._sensors.items():
            try:
                yield self._reads.reading(name, row[at], row)
            except NotANumber as fault:
                if fault.reason != "empty":
                    yield self._reads.refusal(fault.reason, row, name)
            except NotATime as fault:
                yield self._reads.refusal(fault.reason, row)
                return


class Table:
    """Reads blocks of whole rows: many rows at once where all are plain, one by one where one of them is not."""

    def __init__(self, shape: Shape, reads: Reads, width: int) -> None:
        self._shape = shape
        self._reads = reads
        self._width = width

    def read(self, text: str) -> Iterator[Reading | Reject]:
        """Return all that is in a block; iterating over it can be left and taken up again."""
        rows = rows_of(text, self._reads.separator)
        try:
            columns = list(zip(*rows, strict=True))
            if len(columns) == self._width:
                return self._shape.of_all(columns)
        except (ValueError, KeyError, OverflowError):
            pass  # one of the rows is not like the others: all are looked at one by one, which finds out which and why
        return iter([outcome for row in rows for outcome in self._one(row)])

    def _one(self, row: Row) -> Iterator[Reading | Reject]:
        if not any(map(str.strip, row)):
            return  # a blank line, or one of separators only, as spreadsheets leave them behind
        if len(row) == self._width:
            yield from self._shape.of_one(row)
        else:
            yield self._reads.refusal("wrong number of fields", row)


def rows_of(text: str, separator: str) -> list[list[str]]:
    """Cut a block into rows of cells; where quotes do not pair they are letters like any other."""
    if '"' in text and text.count('"') % 2 == 0:
        try:
            return list(csv.reader(io.StringIO(text, newline="\n"), delimiter=separator))
        except csv.Error:
            pass
    return [line.split(separator) for line in text.removesuffix("\n").split("\n")]


def first_row(text: str, separator: str) -> tuple[list[str], str]:
    """Return the cells of the first row, and the text behind it."""
    lines = io.StringIO(text.lstrip("\n"), newline="\n")
    try:
        first = next(csv.reader(lines, delimiter=separator))
    except (csv.Error, StopIteration):
        return text.partition("\n")[0].split(separator), text.partition("\n")[2]
    return first, lines.read()


def _readings(
    names: Iterable[str], values: Iterable[float], moments: Iterable[float], time: int | None
) -> Iterator[Reading]:
    stamp = "gateway" if time is None else "device"
    return map(Reading, names, values, moments, repeat(""), repeat("good"), repeat(stamp))
