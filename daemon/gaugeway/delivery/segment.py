"""One file of a journal, and the walk through it from frame to frame, over whatever is damaged."""

import os
import re
from pathlib import Path
from typing import Final

from gaugeway.delivery.files import BLOCK, Files
from gaugeway.delivery.frame import HEADER_SIZE, MARK_SIZE, Frame, body_length, frame

VERSION: Final = "v1"
UNFINISHED: Final = ".new"
NAME: Final = re.compile(r"(\d{10})-(\d{20})-([0-9a-f]{16})\.(v\d+)")
CHUNK: Final = 64 * 1024
CLOSED: Final = -1


class Segment:
    """A file with the records from number `base` on, up to where a later segment begins.

    Segments are ordered by `sequence`. What a later one holds takes the place of what an earlier one may hold
    under the same numbers: this is how a journal is cut, or written a second time, in a single step.
    """

    __slots__ = ("base", "file", "mark", "path", "sequence", "surveyed", "synced", "version", "written")

    def __init__(self, path: Path, sequence: int, base: int, mark: bytes, version: str = VERSION) -> None:
        self.path = path
        self.sequence = sequence
        self.base = base
        self.mark = mark
        self.version = version
        self.file = CLOSED
        self.written = 0
        self.synced = 0
        self.surveyed = False

    @classmethod
    def new(cls, folder: Path, sequence: int, base: int) -> "Segment":
        """Return a segment that is not on disk yet, with a mark of its own."""
        mark = os.urandom(MARK_SIZE)
        return cls(folder / f"{sequence:010d}-{base:020d}-{mark.hex()}.{VERSION}", sequence, base, mark)

    @classmethod
    def named(cls, path: Path) -> "Segment | None":
        """Return the segment that a file is by its name, or None if it is none."""
        parts = NAME.fullmatch(path.name)
        if parts is None:
            return None
        sequence, base, mark, version = parts.groups()
        return cls(path, int(sequence), int(base), bytes.fromhex(mark), version)

    @property
    def room(self) -> int:
        """How much of the disk it takes: its bytes, and the block that every file costs."""
        return self.written + BLOCK


class Walk:
    """Goes through a segment once, from its beginning to what is written so far, and counts what it has to skip.

    `skipped` are bytes that belong to no whole frame, `missing` the records that stood there, as far as the
    numbers of the frames around them tell. Numbers left out on purpose have no skipped bytes in their place.
    """

    def __init__(self, files: Files, segment: Segment) -> None:
        self.segment = segment
        self.skipped = 0
        self.missing = 0
        self.end = segment.base
        self._files = files
        self._file = files.open(segment.path)
        self._offset = 0
        self._chunk = b""
        self._chunk_at = 0
        self._hurt = False
        if segment.version != VERSION:
            self._skip_to(segment.written)

    def next(self) -> Frame | None:
        """Return the next whole frame, or None where what is written ends for now."""
        while self._offset < self.segment.written:
            found = self._frame()
            if found is not None:
                self.missing += found.first - self.end if self._hurt else 0
                self._hurt = False
                self.end = found.end
                return found
            self._skip_to(self._next_mark())
        return None

    def finish(self, following: Segment) -> None:
        """Take into account what is missing before the segment that follows: it begins where this one ended."""
        self.missing += max(0, following.base - self.end)

    def close(self) -> None:
        """Give the file back."""
        self._files.close(self._file)

    def _frame(self) -> Frame | None:
        """Return the frame that begins here and step over it, or None if none does."""
        header = self._peek(self._offset, HEADER_SIZE)
        length = body_length(header, self.segment.mark)
        if length is None or self._offset + HEADER_SIZE + length > self.segment.written:
            return None
        found = frame(header, self._peek(self._offset + HEADER_SIZE, length))
        if found is None or found.first < self.end:
            return None
        self._offset += HEADER_SIZE + length
        return found

    def _next_mark(self) -> int:
        """Return where the next mark stands behind this place, or the end of what is written."""
        mark, written = self.segment.mark, self.segment.written
        at = self._offset + 1
        while at + HEADER_SIZE <= written:
            window = self._files.read(self._file, min(CHUNK, written - at), at)
            found = window.find(mark)
            if found >= 0:
                return at + found
            if len(window) < MARK_SIZE:
                break
            at += len(window) - MARK_SIZE + 1
        return written

    def _skip_to(self, offset: int) -> None:
        self.skipped += offset - self._offset
        self._offset = offset
        self._hurt = True

    def _peek(self, offset: int, count: int) -> bytes:
        """Return `count` bytes, or fewer at the end, from the chunk in hand or the next one."""
        start = offset - self._chunk_at
        if start < 0 or start + count > len(self._chunk):
            left = self.segment.written - offset
            self._chunk = self._files.read(self._file, min(max(count, CHUNK), left), offset)
            self._chunk_at, start = offset, 0
        return self._chunk[start : start + count]
