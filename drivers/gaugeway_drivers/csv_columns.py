"""Where in a CSV file the sensors, values and times stand: as configured, or as its header lets guess."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec

from gaugeway import ConfigError, Meta, Sensor, Sensors
from gaugeway_drivers.decode.table import Long, Reads, Shape, Wide
from gaugeway_drivers.decode.wanted import compare, wanted

Column = str | int
TIMES: Final = ("time", "timestamp", "datetime", "date", "ts")
OTHER_SEPARATORS: Final = ";,\t|"


class Columns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Columns by their names in the header or by their numbers, from 1.

    With `value` each row is one reading. Otherwise each sensor has a column of its own.
    """

    sensor: Annotated[
        Column | None, Meta(description="The column that names the sensor; or the one sensor that all rows are of.")
    ] = None
    value: Annotated[Column | None, Meta(description="The column of the values.")] = None
    time: Annotated[Column | None, Meta(description="The column of the times. Default: the gateway's time.")] = None
    fields: Annotated[
        dict[str, Column] | None,
        Meta(
            description="The column of each sensor. Default: those whose header is a sensor.",
            examples=[{"hall_temp": "T1", "main_press": 3}],
        ),
    ] = None

    def check(self, sensors: Sensors[Sensor]) -> None:
        """Refuse what contradicts itself or the sensors."""
        if self.fields is not None:
            compare(self.fields, sensors)
        if self.fields is not None and (self.sensor is not None or self.value is not None):
            raise ConfigError("`fields` says all: leave out `sensor` and `value`, or leave out `fields`")
        if self.sensor is not None and self.value is None:
            raise ConfigError("with `sensor` say where the values stand: add `value`")

    def numbered(self) -> bool:
        """Tell whether a file without a header can be read by this."""
        given = [self.value, self.time, *(self.fields or {}).values()]
        return (self.value is not None or self.fields is not None) and not any(isinstance(at, str) for at in given)


def guessed(header: Sequence[str]) -> Columns:
    """Return the columns that a header speaks of: sensor, value and time, or the time and the sensors."""
    names = {name.strip().lower(): name.strip() for name in reversed(header)}
    time = next((names[name] for name in TIMES if name in names), None)
    if "sensor" in names and "value" in names:
        return Columns(sensor=names["sensor"], value=names["value"], time=time)
    return Columns(time=time)


class Layout:
    """The columns of one file, found by name or number."""

    def __init__(self, file: Path, first: Sequence[str], *, header: bool, sensors: Sensors[Sensor]) -> None:
        self._file = file
        self._names = [name.strip() for name in first] if header else []
        self._width = len(first)
        self._sensors = sensors

    def time(self, columns: Columns) -> int | None:
        """Return the column of the time, counted from 0."""
        return None if columns.time is None else self._find(columns.time)

    def shape(self, columns: Columns, reads: Reads) -> Shape:
        """Return where the readings are; ConfigError where the file has no such column."""
        if columns.value is not None:
            return Long(reads, self._sensor(columns.sensor), self._find(columns.value), wanted(self._sensors))
        if columns.fields is not None:
            return Wide(reads, {name: self._find(at) for name, at in columns.fields.items()})
        found = self._sensor_columns(reads.time)
        if not found:
            raise ConfigError(f"no column of {self._file} is called like a sensor: {self._there_is()}")
        return Wide(reads, found)

    def _sensor_columns(self, time: int | None) -> dict[str, int]:
        is_wanted = wanted(self._sensors)
        found = [(name, at) for at, name in enumerate(self._names) if at != time and is_wanted(name)]
        columns = dict(found)
        for name, at in found:
            if columns[name] != at:
                raise ConfigError(f"{self._file} has two columns {name!r}: say in `fields` which one counts, by number")
        return columns

    def _sensor(self, sensor: Column | None) -> Column:
        """Return the column that names the sensor, or the name of the one sensor."""
        if sensor is None:
            only = list(self._sensors.names())
            if len(only) != 1 or len(self._sensors) > 1:
                raise ConfigError(
                    "say of which sensor the values are: add `sensor`, its name or the column of its name"
                )
            return only[0]
        if isinstance(sensor, str) and sensor not in self._names and self._sensors.find(sensor) is not None:
            return sensor
        return self._find(sensor)

    def _find(self, column: Column) -> int:
        if isinstance(column, int):
            if 1 <= column <= self._width:
                return column - 1
            raise ConfigError(f"{self._file} has no column {column}: they are counted from 1 to {self._width}")
        if column in self._names:
            return self._names.index(column)
        from difflib import get_close_matches  # noqa: PLC0415  (only to be kind)

        close = get_close_matches(column, self._names, 1)
        meant = f"did you mean {close[0]!r}?" if close else self._there_is()
        raise ConfigError(f"{self._file} has no column {column!r}: {meant}")

    def _there_is(self) -> str:
        other = next((mark for mark in OTHER_SEPARATORS if self._width == 1 and mark in "".join(self._names)), None)
        return f"is the separator {other!r}?" if other else f"there is {', '.join(self._names)}"
