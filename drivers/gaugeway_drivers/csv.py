"""Readings from a CSV file of any size: as fast as it can be read, or in the rhythm in which it was recorded."""

import gzip
import os
import time
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from io import FileIO
from typing import Annotated, Final, Literal

from gaugeway import ConfigError, DeviceError, FilePath, Meta, Reading, Reject, Sensor, Sensors, Tick
from gaugeway_drivers.csv_columns import Columns, Layout, guessed
from gaugeway_drivers.decode.blocks import Blocks
from gaugeway_drivers.decode.moment import zone
from gaugeway_drivers.decode.number import Decimal
from gaugeway_drivers.decode.table import Reads, Table, first_row
from gaugeway_drivers.decode.time_column import TimeColumn

BLOCK: Final = 32_768
"""Bytes a read: enough that a block costs little beside its rows, so few that one bad row slows down few others."""

LONGEST_WAIT: Final = 0.5
NO_ARCHIVE: Final = "Not a gzipped file"
"""What Python says of bytes behind the end of an archive: all before them is whole."""

Item = Reading | Reject | Tick
Speed = Literal["as_fast_as_possible", "as_recorded"] | Annotated[float, Meta(gt=0)]


class Csv:
    """Reads a CSV file, plain or gzipped, and ends with it."""

    ticks = True
    live = False

    def __init__(
        self,
        *,
        path: Annotated[FilePath, Meta(description="The file; one that ends in .gz is unpacked while it is read.")],
        sensors: Sensors[Sensor],
        format: Annotated[
            Columns | None,
            Meta(description="Which column is what. Default: as the header says."),
        ] = None,
        separator: Annotated[
            str | None,
            Meta(description="What parts the cells. Default: a comma, or a semicolon with a decimal comma."),
        ] = None,
        decimal: Annotated[Decimal, Meta(description="The decimal mark.")] = ".",
        header: Annotated[bool, Meta(description="Whether the first row names the columns.")] = True,
        timezone: Annotated[
            str, Meta(description="The zone of times that name none.", examples=["Europe/Berlin"])
        ] = "UTC",
        time_format: Annotated[
            str | None,
            Meta(
                description="How times are written that are neither numbers nor ISO 8601.", examples=["%d.%m.%Y %H:%M"]
            ),
        ] = None,
        speed: Annotated[
            Speed, Meta(description="How fast: at once, as it was recorded, or so many times as fast.", examples=[60])
        ] = "as_fast_as_possible",
    ) -> None:
        if format is not None:
            format.check(sensors)
        if not header and (format is None or not format.numbered()):
            raise ConfigError("a file without a header has columns with numbers only: give them in `format`, from 1")
        self._separator = separator or (";" if decimal == "," else ",")
        if len(self._separator) != 1 or self._separator in (decimal, '"', "\n"):
            raise ConfigError(f"{self._separator!r} cannot part the cells: give one other character")
        self._path = path
        self._sensors = sensors
        self._format = format
        self._decimal: Decimal = decimal
        self._header = header
        self._times = TimeColumn(zone(timezone), time_format)
        self._speed: Speed = speed
        self._blocks = Blocks()
        self._table: Table | None = None
        self._damage: Reject | None = None
        self._done = self._size = self._known = 0

    def pass_over(self, count: int) -> None:
        """Let the first so many of the next stream come without a pause: they came before."""
        self._known = count

    def stream(self) -> Generator[Item]:
        """Yield the readings of the file, from its beginning; whoever calls again knows how many came before."""
        self._blocks, self._table, self._damage = Blocks(), None, None
        if self._speed == "as_fast_as_possible":
            return self._items()
        return paced(self._items(), 1.0 if self._speed == "as_recorded" else self._speed, self._known)

    def progress(self) -> tuple[int, int]:
        """Return how many bytes of the file are done, and how many there are."""
        return self._done, self._size

    def _items(self) -> Generator[Item]:
        with self._opened() as (file, text):
            self._size = os.fstat(file.fileno()).st_size
            while data := self._read(text):
                yield from self._readings(self._blocks.feed(data))
                self._done = file.tell()
                yield Tick()
        yield from self._readings(self._damage or self._blocks.end())
        self._done = self._size

    @contextmanager
    def _opened(self) -> Generator[tuple[FileIO, FileIO | gzip.GzipFile]]:
        """Open the file; what is read of it may be unpacked on the way."""
        try:
            file = self._path.open("rb", buffering=0)
        except FileNotFoundError:
            raise DeviceError(f"there is no file {self._path}") from None
        except PermissionError:
            raise DeviceError(f"no permission to read {self._path}") from None
        with file:
            yield file, gzip.GzipFile(fileobj=file) if self._path.suffix == ".gz" else file

    def _read(self, text: FileIO | gzip.GzipFile) -> bytes:
        """Return a block, or less: of a damaged archive nothing that may be nonsense."""
        if isinstance(text, FileIO):
            return text.read(BLOCK)
        data = b""
        try:
            while self._damage is None and len(data) < BLOCK and (more := text.read1(BLOCK - len(data))):
                data += more
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self._damage = Reject("damaged archive", str(error).encode())
            if not str(error).startswith(NO_ARCHIVE):  # what came last matches no checksum, or was held against none
                return b""
        return data

    def _readings(self, found: str | Reject | None) -> Iterator[Reading | Reject]:
        """Yield what is in a block."""
        if isinstance(found, Reject):
            yield found
        elif found:
            if self._table is None:
                self._table, found = self._begun(found)
            yield from self._table.read(found)

    def _begun(self, text: str) -> tuple[Table, str]:
        """Return the table that begins with the first row, and its rows without the header."""
        first, rest = first_row(text, self._separator)
        if any("\0" in cell for cell in first):
            raise ConfigError(f"{self._path} is no text in UTF-8: save it as such")
        if any("\r" in cell for cell in first):
            raise ConfigError(f"{self._path} ends its lines with CR alone: save it with LF, or CR and LF")
        layout = Layout(self._path, first, header=self._header, sensors=self._sensors)
        columns = self._format or guessed(first)
        reads = Reads(separator=self._separator, decimal=self._decimal, times=self._times, time=layout.time(columns))
        if reads.time is None and self._speed != "as_fast_as_possible":
            raise ConfigError(
                f"without a time nobody knows how fast {self._path} was recorded: add `time` to its format"
            )
        return Table(layout.shape(columns, reads), reads, len(first)), rest if self._header else text


def paced(items: Generator[Item], factor: float, known: int = 0) -> Generator[Item]:
    """Yield `items` in the rhythm of their times, `factor` times as fast; those that are known at once."""
    ahead: float | None = None  # of our clock, before a time that was recorded
    with closing(items):
        for item in items:
            if known and not isinstance(item, Tick):
                known -= 1
            elif isinstance(item, Reading):
                recorded = item.time / factor
                if ahead is None:
                    ahead = time.monotonic() - recorded
                while (left := recorded + ahead - time.monotonic()) > 0:
                    yield Tick()
                    time.sleep(min(LONGEST_WAIT, left))
            yield item
