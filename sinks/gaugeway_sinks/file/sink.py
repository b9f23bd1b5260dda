"""Keeps readings in a local file."""

import os
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gaugeway import ConfigError, FilePath, Reading, Tick, logger
from gaugeway_sinks.file.book import Book
from gaugeway_sinks.file.position import Position
from gaugeway_sinks.file.retention import Keep
from gaugeway_sinks.file.rotation import Rotate
from gaugeway_sinks.file.upkeep import PATIENCE, Upkeep
from gaugeway_sinks.lines import JsonLines, Lines
from gaugeway_sinks.rows import COLUMNS, CsvRows

Format = Literal["jsonl", "csv"]
Times = Literal["epoch", "iso"]

log = logger(__name__)


class File:
    """Writes readings to a file of JSON lines or CSV, rotates, compresses and deletes.

    The file and the rotated ones hold the same bytes whether or not the gateway crashed while they were written.
    Nothing can be rolled back behind the last `position`, and for all that the sink knows the one before is still
    the last that lasts. So finished files are compressed and deleted only when they are older than that one.
    """

    def __init__(
        self,
        *,
        path: Annotated[FilePath, Meta(description="The file that is written.", examples=["readings.jsonl"])],
        format: Annotated[
            Format | None, Meta(description="JSON lines or CSV; by default what the path ends in.", examples=["csv"])
        ] = None,
        columns: Annotated[
            list[str] | None,
            Meta(
                description="The columns of a CSV file: fields of a reading and results of stages.",
                examples=[list(COLUMNS)],
            ),
        ] = None,
        times: Annotated[
            Times | None,
            Meta(
                description="Seconds since 1970, or text such as 2025-01-31T12:00:00.000000Z; by default text in CSV."
            ),
        ] = None,
        rotate: Annotated[
            Rotate | None, Meta(description="When to begin a new file.", examples=[{"every": "1d"}])
        ] = None,
        keep: Annotated[
            Keep | None, Meta(description="When to delete finished files.", examples=[{"files": 30, "age": "90d"}])
        ] = None,
    ) -> None:
        _check(path, rotate, keep)
        lines = _lines(format or ("csv" if path.suffix == ".csv" else "jsonl"), columns, times)
        self._book = Book(path, lines, rotate or Rotate())
        self._upkeep = Upkeep(self._book.shelf, compress=rotate.compress, keep=keep) if rotate else None
        self._asked: int | None = None
        self._settled = 0
        self._looked = 0.0

    def consume(self, stream: Iterable[Reading]) -> None:
        """Write a batch, all of it or, after an `OSError`, nothing."""
        batch = stream if isinstance(stream, list) else list(stream)
        if batch:
            self._book.add(batch)
            if self._asked is None:
                self._settle(self._book.number)

    def tick(self, tick: Tick) -> None:
        """Look once a second whether the file is still where it was."""
        if abs(tick.now - self._looked) >= 1.0:
            self._looked = tick.now
            self._book.look()

    def flush(self) -> None:
        """Make everything written last."""
        self._book.look()
        self._book.sync()

    def position(self) -> object:
        """Make everything written last and return, as plain data, where that is."""
        self._book.look()
        position = self._book.position()
        self._settle(position.mark.number if self._asked is None else self._asked)
        self._asked = position.mark.number
        return msgspec.to_builtins(position)

    def rollback(self, position: object) -> None:
        """Take back all that was written after a position, rotations too."""
        if self._upkeep:
            # What it was stopped at is not done: it is told again, below.
            self._upkeep.stop()
            self._settled = 0
        try:
            wanted = msgspec.convert(position, Position)
        except msgspec.ValidationError as error:
            log.warning("the checkpoint says nothing that can be understood of this file", error=error)
            return
        self._book.rollback(wanted)
        self._asked = wanted.mark.number
        self._settle(self._asked)

    def close(self) -> None:
        """Make everything last and close; give the upkeep a few seconds to come to its end."""
        try:
            self._book.sync()
        finally:
            self._book.close()
            if self._upkeep:
                self._upkeep.stop(PATIENCE)

    def _settle(self, below: int) -> None:
        """Let the upkeep have the files below this number: they will not be taken back."""
        if self._upkeep and below > self._settled:
            self._settled = below
            self._upkeep.wake(below, self._book.begun.time)


def _check(path: FilePath, rotate: Rotate | None, keep: Keep | None) -> None:
    if os.path.exists(path) and not os.path.isfile(path):
        raise ConfigError(f"{path} is no file: 'path' is the file that is written, for example readings.jsonl")
    if rotate and rotate.size is None and rotate.every is None:
        raise ConfigError("'rotate' needs 'size' (for example 10MB), 'every' (for example 1d) or both")
    if keep and not rotate:
        raise ConfigError("'keep' is about rotated files: say with 'rotate' when a new one is begun")
    if keep and keep.files is None and keep.age is None and keep.bytes is None:
        raise ConfigError("'keep' needs 'files' (for example 30), 'age' (90d) or 'bytes' (1GB)")


def _lines(format: Format, columns: list[str] | None, times: Times | None) -> Lines:
    if format == "csv":
        return CsvRows(COLUMNS if columns is None else columns, iso=times != "epoch")
    if columns is not None:
        raise ConfigError("'columns' are for CSV: add 'format: csv' or leave them out")
    return JsonLines(iso=times == "iso")
