"""The journal: records in order, on disk, that outlast a crash, a power cut, a full disk and a damaged file.

Positions are record numbers. They only grow: the number of a record is never given out again after it was trimmed,
and what was lost to damage leaves a hole, so that it is known how many records are missing. Only `cut` goes back, on
purpose.

What lasts when:

* `append` returns: the records outlast the death of the process, but not yet a power cut.
* `sync` returns: everything appended before the call outlasts a power cut. It is the only call that waits for the
  disk (besides `cut`, which is rare): one fdatasync for each file that has something new, and one fsync of the folder
  if a file was added.
* a `sync` that fails is repeated in new blocks. After a failed fsync Linux marks the pages as clean, and the next
  fsync of the same file succeeds without having written them; therefore what was not yet on disk is read back,
  checked, written to a new segment and synced there. Only if that fails too does the caller get the `OSError`; the
  next call tries again in yet another file. A process that dies over this leaves the unfinished file behind, and the
  next one goes on from there.
* `append` that fails leaves nothing behind: the records are not in the journal.

Opening never fails because of what the files contain. What cannot be read is skipped, counted and logged, and its
segment goes the way of all others when it is trimmed. A segment that was there before is never written to again.
"""

import threading
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from types import TracebackType
from typing import Final

from gaugeway.delivery.files import BLOCK, Files
from gaugeway.delivery.frame import HEADER_SIZE, LENGTH_SIZE, PREFIX, content
from gaugeway.delivery.reader import Reader
from gaugeway.delivery.segment import CLOSED, Segment, Walk
from gaugeway.delivery.shelf import Shelf
from gaugeway.errors import DeviceError
from gaugeway.log import logger

log = logger(__name__)

LARGEST_SEGMENT: Final = 4 * 1024 * 1024
SEGMENTS: Final = 16
BATCH: Final = 256


class JournalFullError(DeviceError):
    """A journal has reached its size; what is to be done about it is its owner's decision."""


class Journal:
    """The records in one folder, from `start` up to `end`, on disk for certain up to `synced`.

    One thread appends; others may read, sync and trim meanwhile. `floor` is the position that the owner remembers
    from elsewhere: numbering goes on from there even if the files were lost.
    """

    def __init__(
        self, folder: Path, *, size: int, segment_size: int = 0, floor: int = 0, files: Files | None = None
    ) -> None:
        self.size = size
        self.segment_size = segment_size or min(LARGEST_SEGMENT, size // SEGMENTS)
        self.failed_syncs = 0
        self._shelf = Shelf(folder, files or Files())
        self._in_doubt = bool(self._shelf.unfinished)
        self._lock = self._shelf.lock
        self._syncing = threading.RLock()
        segments = self._shelf.segments
        self._shelf.start = segments[0].base if segments else floor
        self._filled = self._survey(segments[-1]) if segments else floor
        self.end = max(floor, self._filled)
        self.synced = self.start

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._shelf.folder

    @property
    def start(self) -> int:
        """The first position that is kept."""
        return self._shelf.start

    @property
    def used(self) -> int:
        """How many bytes of the disk are in use, of `size` at most."""
        return self._shelf.used

    @property
    def bytes_written(self) -> int:
        """How many bytes went to the disk since the start."""
        return self._shelf.bytes_written

    @property
    def syncs(self) -> int:
        """How many times the disk was waited for."""
        return self._shelf.syncs

    @property
    def lost(self) -> tuple[int, int]:
        """How many bytes were found damaged, and how many records were in them as far as it can be known."""
        return self._shelf.lost_bytes, self._shelf.lost_records

    def append(self, records: Sequence[bytes]) -> int:
        """Add records in one write, all or none, and return the new `end`; JournalFullError where there is no room."""
        with self._lock:
            if records:
                covered = content(self.end, records)
                self._shelf.write(self._tail(PREFIX.size + len(covered)), covered)
                self._filled = self.end = self.end + len(records)
            return self.end

    def fits(self, records: Sequence[bytes]) -> bool:
        """Tell whether an empty journal of this size could take these records at once."""
        return HEADER_SIZE + sum(map(len, records)) + LENGTH_SIZE * len(records) + BLOCK <= self.size

    def sync(self) -> int:
        """Make all that was appended outlast a power cut; return the position up to which that is so now."""
        with self._syncing:
            with self._lock:
                end = self.end
                work = [(part, part.written, its_end) for part, its_end in self._parts() if part.synced < part.written]
            try:
                self._sync(work)
            except OSError as error:
                self.failed_syncs += 1
                self._in_doubt = True
                log.warning("sync failed, writing again", journal=str(self._shelf.folder), reason=str(error))
            if self._in_doubt:
                self._rewrite()
                self._in_doubt = False
            self.synced = max(self.synced, end)
            return self.synced

    def read(self, position: int) -> Iterator[tuple[int, bytes]]:
        """Yield each record from `position` on, with its own position, up to where the journal ends now."""
        end = self.end
        with self.reader(position) as reader:
            while reader.position < end and (batch := reader.take(BATCH)):
                yield from batch if batch[-1][0] < end else (pair for pair in batch if pair[0] < end)

    def reader(self, position: int) -> Reader:
        """Return a reader that stands at `position` and can follow what is appended; its user closes it."""
        return Reader(self._shelf, position)

    def trim(self, position: int) -> None:
        """Forget what stands before `position`: whole segments are removed once nothing in them is wanted."""
        with self._syncing, self._lock:
            start = self._shelf.start = max(self.start, min(position, self.end))
            self.synced = max(self.synced, start)
            gone = sum(following.base <= start for _, following in pairwise(self._shelf.segments))
            self._shelf.remove_first(gone)
            self._leave_what_is_gone()

    def cut(self, position: int) -> None:
        """Make the next record get the number `position`: what stands there or behind it is gone for ever."""
        with self._syncing, self._lock:
            if position < self.end:
                self._filled = min(self._filled, position)
                self._shelf.replace(self._shelf.new(self._filled))
                self._shelf.start = min(self.start, position)
                self.synced = min(self.synced, position)
            self.end = position
            self._shelf.sync_names()

    def oldest(self) -> int:
        """Return where the part ends that `drop_oldest(1)` would drop."""
        segments = self._shelf.segments
        return segments[1].base if len(segments) > 1 else self._filled

    def drop_oldest(self, count: int) -> int:
        """Free at least `count` bytes if there are so many, in whole segments; return how many records that cost."""
        shelf = self._shelf
        with self._syncing, self._lock:
            before, goal = self.start, self.used - count
            while self.used > goal and any(part.written or part is not shelf.segments[-1] for part in shelf.segments):
                if len(shelf.segments) == 1:
                    shelf.add(shelf.new(self._filled))
                shelf.remove_first(1)
                shelf.start = max(self.start, shelf.segments[0].base)
            self.synced = max(self.synced, self.start)
            return self.start - before

    def close(self) -> None:
        """Give the open files back. What is to last has been synced before."""
        with self._syncing, self._lock:
            self._shelf.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _survey(self, last: Segment) -> int:
        """Return where the records on disk end."""
        try:
            walk = Walk(self._shelf.files, last)
        except (FileNotFoundError, PermissionError):
            return last.base
        try:
            while walk.next():
                pass
        finally:
            walk.close()
        self._shelf.surveyed(walk)
        return walk.end

    def _tail(self, length: int) -> Segment:
        """Return the segment that the next `length` bytes go to."""
        shelf = self._shelf
        tail = shelf.segments[-1] if shelf.segments else None
        if tail is not None and (tail.file == CLOSED or tail.written > max(0, self.segment_size - length)):
            tail = None
        if shelf.used + length + (BLOCK if tail is None else 0) > self.size:
            raise JournalFullError(f"{shelf.folder} is full: {shelf.used} of {self.size} bytes are in use")
        if tail is None:
            tail = shelf.new(self._filled)
            shelf.add(tail)
        return tail

    def _leave_what_is_gone(self) -> None:
        """Go on in a new file if somebody has taken away the one that is written to: nothing in it would last."""
        segments = self._shelf.segments
        if segments and segments[-1].file != CLOSED and not self._shelf.has(segments[-1]):
            log.warning("removed by somebody else: going on in a new file", file=str(segments[-1].path))
            self._shelf.add(self._shelf.new(self._filled))

    def _parts(self) -> Iterator[tuple[Segment, int]]:
        """Yield each segment and the position where its records end."""
        segments = self._shelf.segments
        return zip(segments, [*(segment.base for segment in segments[1:]), self.end], strict=False)

    def _sync(self, work: Sequence[tuple[Segment, int, int]]) -> None:
        self._shelf.sync_names()
        if not self._in_doubt:
            for segment, written, end in work:
                self._shelf.sync(segment)
                segment.synced = written
                self.synced = max(self.synced, end)

    def _rewrite(self) -> None:
        """Write once more, to a new segment, what a failed sync left in doubt; it counts once it is complete."""
        shelf = self._shelf
        with self._lock:
            fresh = shelf.new(self.synced, finished=False)
            named = False
            try:
                self._copy(fresh)
                shelf.sync(fresh)
                shelf.name(fresh)
                named = True
            finally:
                if not named:
                    shelf.give_up(fresh)
            shelf.replace(fresh)
            for segment in shelf.segments:
                segment.synced = segment.written
            shelf.sync_names()
            shelf.forget_unfinished()

    def _copy(self, fresh: Segment) -> None:
        with self.reader(fresh.base) as reader:
            while batch := reader.take(BATCH):
                for _, run in groupby(enumerate(batch), key=lambda pair: pair[1][0] - pair[0]):
                    pairs = [pair for _, pair in run]
                    self._shelf.write(fresh, content(pairs[0][0], [record for _, record in pairs]))
