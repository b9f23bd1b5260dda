"""A small file of lines to which lines are added and of which only the last matter."""

import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gaugeway import logger

log = logger(__name__)

LONGEST: Final = 64 * 1024
"""A line that is longer is none of ours."""


class Scroll:
    """Keeps the last `most` lines in memory and, together with at most as many older ones, in its file.

    It is read when it is first needed; a line that was cut off stays out. Nothing waits for the disk: what it does not
    take is in memory, and the file is written anew when it takes something again. Without a folder to be in, which is
    how alarms are tried out, all of it is in memory.
    """

    def __init__(self, file: Path, most: int) -> None:
        self._file = file
        self._most = most
        self._lines: deque[bytes] | None = None
        self._written = 0
        self._torn = False
        self._owing = False

    @property
    def lines(self) -> deque[bytes]:
        """The last lines, without their ends, the oldest first."""
        if self._lines is None:
            self._lines = deque(self._read(), maxlen=self._most)
        return self._lines

    def add(self, new: Sequence[bytes]) -> None:
        """Add lines, none of which has an end of line in it."""
        self.lines.extend(new)
        try:
            if self._torn or self._written + len(new) > 2 * self._most:
                self._begin_anew()
            elif new:
                self._append(new)
        except OSError as error:
            if not self._torn and self._file.parent.is_dir():
                log.warning("cannot be kept", file=self._file.name, reason=error.strerror or str(error))
            self._torn = True

    def sync(self) -> None:
        """Make it last."""
        if self._owing:
            with self._file.open("rb") as file:
                os.fsync(file.fileno())
            self._owing = False

    def _append(self, new: Sequence[bytes]) -> None:
        with self._file.open("ab") as file:
            file.write(b"".join(line + b"\n" for line in new))
        self._written += len(new)
        self._owing = True

    def _read(self) -> list[bytes]:
        found: list[bytes] = []
        try:
            with self._file.open("rb") as file:
                while line := file.readline(LONGEST):
                    whole = line.endswith(b"\n")
                    self._torn = self._torn or not whole
                    found += [line[:-1]] if whole else []
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            log.warning("cannot be read", file=self._file.name, reason=error.strerror or str(error))
        self._written = len(found)
        return found

    def _begin_anew(self) -> None:
        coming = self._file.with_name(f"{self._file.name}.new")
        with coming.open("wb") as file:
            file.writelines(line + b"\n" for line in self.lines)
            file.flush()
            os.fsync(file.fileno())
        coming.replace(self._file)
        self._written = len(self.lines)
        self._torn = self._owing = False
