"""What happened last, also before a restart: the latest events in one small file of the state folder."""

import os
from collections import deque
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from gaugeway import logger
from gaugeway_sinks.alarms.event import Event

log = logger(__name__)

MOST: Final = 500
LONGEST: Final = 64 * 1024
"""A line that is longer is none of ours."""


class Identity(msgspec.Struct):
    """Of an event that was written down, what tells it from all others."""

    id: str


class Diary:
    """Appends events to its file as they happen, a line each, and writes the file anew when half of it is old.

    It is read when it is first needed. What a replay after a crash brings once more is there already, and is known by
    its identity. Nothing waits for the disk: what it does not take is in memory until it does. Without a folder to be
    in, which is how alarms are tried out, all of it is in memory.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines: deque[bytes] = deque(maxlen=MOST)
        self._ids: deque[str] = deque(maxlen=MOST)
        self._written = 0
        self._read = False
        self._whole = False
        self._owing = False

    def add(self, events: Sequence[Event]) -> None:
        """Write events down, those that are not there yet."""
        self._recall()
        new = [event for event in events if event.id not in self._ids]
        lines = [msgspec.json.encode(event) for event in new]
        self._lines.extend(lines)
        self._ids.extend(event.id for event in new)
        try:
            if self._whole or self._written + len(lines) > 2 * MOST:
                self._begin_anew()
            elif lines:
                with self._file.open("ab") as file:
                    file.write(b"".join(line + b"\n" for line in lines))
                self._written += len(lines)
                self._owing = True
        except OSError as error:
            if not self._whole and self._file.parent.is_dir():
                log.warning("the history of alarms cannot be kept", reason=error.strerror or str(error))
            self._whole = True

    def latest(self, most: int) -> list[dict[str, object]]:
        """Return up to so many of the latest events, the oldest first."""
        self._recall()
        lines = list(islice(reversed(self._lines), max(0, most)))
        return [msgspec.json.decode(line, type=dict[str, object]) for line in reversed(lines)]

    def sync(self) -> None:
        """Make it last."""
        if self._owing:
            self._owing = False
            with self._file.open("rb") as file:
                os.fsync(file.fileno())

    def _recall(self) -> None:
        """Read the file, once; what is torn or is no event is passed over, and gone when it is written anew."""
        if self._read:
            return
        self._read = True
        try:
            with self._file.open("rb") as file:
                while line := file.readline(LONGEST):
                    self._written += 1
                    self._remember(line)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            log.warning("the history of alarms cannot be read", reason=error.strerror or str(error))

    def _remember(self, line: bytes) -> None:
        try:
            identity = msgspec.json.decode(line, type=Identity).id
        except msgspec.DecodeError:
            self._whole = True
            return
        self._lines.append(line.rstrip(b"\n"))
        self._ids.append(identity)

    def _begin_anew(self) -> None:
        coming = self._file.with_name(f"{self._file.name}.new")
        with coming.open("wb") as file:
            file.write(b"".join(line + b"\n" for line in self._lines))
            file.flush()
            os.fsync(file.fileno())
        coming.replace(self._file)
        self._written = len(self._lines)
        self._whole = self._owing = False
