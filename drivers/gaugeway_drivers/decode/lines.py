"""From bytes to readings, for every device that sends lines of text."""

from collections.abc import Iterator
from datetime import UTC, tzinfo
from typing import Literal

from gaugeway import Reading, Reject, Sensor, Sensors
from gaugeway_drivers.decode.checksum import nmea
from gaugeway_drivers.decode.csv_line import CsvLine
from gaugeway_drivers.decode.field import Unreadable
from gaugeway_drivers.decode.framing import SHOWN, Lines
from gaugeway_drivers.decode.json_line import JsonLine
from gaugeway_drivers.decode.json_path import MISSING
from gaugeway_drivers.decode.keyvalue_line import KeyValueLine
from gaugeway_drivers.decode.moment import NotATime, moment
from gaugeway_drivers.decode.number import NotANumber, number
from gaugeway_drivers.decode.regex_line import RegexLine
from gaugeway_drivers.decode.wanted import compare, wanted

LineFormat = CsvLine | JsonLine | KeyValueLine | RegexLine
"""How a line is laid out; `type` in the configuration says which."""

Checksum = Literal["nmea"]


class LineReader:
    """Reads single lines of one format: what it can tell of the configuration it tells when it is made.

    Only declared sensors become readings, unless none is declared at all. A line with no declared sensor in it is
    refused as a whole; other undeclared fields are left out without a word.
    """

    def __init__(
        self, format: LineFormat, sensors: Sensors[Sensor], *, checksum: Checksum | None = None, zone: tzinfo = UTC
    ) -> None:
        self._layout = format.layout()
        self._is_wanted = wanted(sensors)
        self._checksum = checksum
        self._zone = zone
        if self._layout.names is not None:
            compare(self._layout.names, sensors)

    def read(self, line: bytes) -> Iterator[Reading | Reject]:
        """Yield the readings of one line, and a refusal for each field, or for the whole line, that is none."""
        outcomes = 0
        stranger: str | None = None
        try:
            text = _text(nmea(line) if self._checksum else line)
            for name, value, when in self._layout.fields(text):
                if self._is_wanted(name):
                    outcomes += 1
                    yield self._reading(name, value, when, line)
                else:
                    stranger = name
        except Unreadable as fault:
            yield Reject(fault.reason, line[:SHOWN])
            return
        if not outcomes:
            yield Reject("no values" if stranger is None else "undeclared sensor", line[:SHOWN])

    def _reading(self, name: str, value: object, when: object, line: bytes) -> Reading | Reject:
        try:
            found = number(value, decimal=self._layout.decimal)
            if when is MISSING or when is None:
                return Reading(name, found)
            return Reading(name, found, moment(when, self._zone), stamp="device")
        except (NotANumber, NotATime) as fault:
            return Reject(fault.reason, line[:SHOWN], name)


class LineDecoder:
    """Takes bytes as they come from one opening of a port and yields readings; the port is none of its business."""

    def __init__(self, reader: LineReader, lines: Lines, *, ignore: tuple[bytes, ...] = (), echo: bytes = b"") -> None:
        self._reader = reader
        self._lines = lines
        self._ignore = ignore
        self._echo = echo

    def feed(self, data: bytes) -> Iterator[Reading | Reject]:
        """Take what was read, at whatever place it was cut; yield what is complete."""
        for line in self._lines.feed(data):
            if isinstance(line, Reject):
                yield line
            elif line != self._echo and not line.startswith(self._ignore):
                yield from self._reader.read(line)

    def silence(self) -> Iterator[Reject]:
        """Learn that nothing came for longer than a line can pause."""
        half = self._lines.silence()
        if half is not None:
            yield half


def _text(line: bytes) -> str:
    """Return the text of a line. What is no UTF-8 is Latin-1, which has all bytes: a `°` must not cost the number."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")
