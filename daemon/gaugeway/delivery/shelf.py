"""The segment files of one journal: which there are, in what order, and how they come and go."""

import threading
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path

from gaugeway.delivery.files import Files
from gaugeway.delivery.frame import prefix
from gaugeway.delivery.segment import CLOSED, UNFINISHED, VERSION, Segment, Walk
from gaugeway.log import logger

log = logger(__name__)


class Shelf:
    """The segments in a folder, oldest first. What changes the row is done under `lock`; looking needs none."""

    def __init__(self, folder: Path, files: Files) -> None:
        self.folder = folder
        self.files = files
        self.start = 0
        self.used = 0
        self.bytes_written = 0
        self.syncs = 0
        self.lost_bytes = 0
        self.lost_records = 0
        self.lock = threading.RLock()
        self._sequence = 0
        self._names = 1
        self._names_synced = 0
        self.unfinished: list[Path] = []
        self._void: list[Segment] = []
        files.make_folder(folder)
        self.segments = self._found()
        self.used = sum(segment.room for segment in self.segments)

    def place(self, position: int) -> tuple[Segment, Segment | None] | None:
        """Return the segment that holds the first record at or behind `position`, and the one that follows it."""
        segments = self.segments
        if not segments:
            return None
        index = max(0, bisect_right(segments, position, key=lambda segment: segment.base) - 1)
        return segments[index], segments[index + 1] if index + 1 < len(segments) else None

    def surveyed(self, walk: Walk) -> None:
        """Count what a complete walk through a segment had to skip; only the first walk counts."""
        segment = walk.segment
        with self.lock:
            if segment.surveyed or segment not in self.segments:
                return
            segment.surveyed = True
            self.lost_bytes += walk.skipped
            self.lost_records += walk.missing
        if walk.skipped or walk.missing:
            why = "damaged" if segment.version == VERSION else "written by a newer version"
            facts = {"why": why, "bytes": walk.skipped, "records": walk.missing}
            log.warning("skipped a part of a journal", file=str(segment.path), **facts)

    def has(self, segment: Segment) -> bool:
        """Tell whether the file of a segment is in the folder still."""
        try:
            self.files.length(segment.path)
        except FileNotFoundError:
            return False
        return True

    def new(self, base: int, *, finished: bool = True) -> Segment:
        """Make the file of a segment, and the folder again should somebody have taken it away."""
        self.files.make_folder(self.folder)
        segment = Segment.new(self.folder, self._sequence + 1, base)
        segment.file = self.files.create(segment.path if finished else _unfinished(segment))
        self._sequence += 1
        self._names += 1
        self.used += segment.room
        return segment

    def add(self, segment: Segment) -> None:
        """Put a new segment behind the others."""
        if self.segments and self.segments[-1].synced == self.segments[-1].written:
            self.seal(self.segments[-1])
        self.segments = (*self.segments, segment)

    def replace(self, fresh: Segment) -> None:
        """Let a new segment stand in for all that was there from its base on."""
        old = self.segments
        self._void += [segment for segment in old if segment.base >= fresh.base]
        self.segments = (*(segment for segment in old if segment.base < fresh.base), fresh)
        for segment in old:
            self.seal(segment)

    def remove_first(self, count: int) -> None:
        """Take the oldest segments away."""
        gone, self.segments = self.segments[:count], self.segments[count:]
        self.remove(gone)

    def remove(self, gone: Iterable[Segment]) -> None:
        """Delete the files of segments that are in the row no more."""
        for segment in gone:
            self.used -= segment.room
            self.seal(segment)
            self.files.remove(segment.path)

    def give_up(self, fresh: Segment) -> None:
        """Empty the file of a segment that could not be finished; it stays, for whoever comes after a crash to see."""
        self.used -= fresh.room
        self.unfinished.append(_unfinished(fresh))
        try:
            self.files.truncate(fresh.file, 0)
        finally:
            self.seal(fresh)

    def name(self, fresh: Segment) -> None:
        """Give a segment that is complete and on disk the name by which it counts."""
        self.files.rename(_unfinished(fresh), fresh.path)

    def forget_unfinished(self) -> None:
        """Remove what could not be finished, now that something else was."""
        unfinished, self.unfinished = self.unfinished, []
        for path in unfinished:
            self.files.remove(path)

    def seal(self, segment: Segment) -> None:
        """Close the file of a segment that is not written to any more."""
        file, segment.file = segment.file, CLOSED
        if file != CLOSED:
            self.files.close(file)

    def write(self, segment: Segment, covered: bytes) -> None:
        """Write one frame. What an error leaves behind is cut off, or else overwritten by the next frame."""
        start = prefix(segment.mark, covered)
        try:
            self.files.write(segment.file, (start, covered), segment.written)
        except OSError as error:
            error.filename = str(segment.path)
            self._undo(segment)
            raise
        length = len(start) + len(covered)
        segment.written += length
        self.used += length
        self.bytes_written += length

    def sync(self, segment: Segment) -> None:
        """Sync one file; one that was there before is opened for it."""
        self.syncs += 1
        if segment.file != CLOSED:
            self.files.sync(segment.file)
            if segment in self.segments[:-1]:
                self.seal(segment)
            return
        try:
            file = self.files.open(segment.path)
        except (FileNotFoundError, PermissionError):
            return
        try:
            self.files.sync(file)
        finally:
            self.files.close(file)

    def sync_names(self) -> None:
        """Make the names of the files last. What was replaced is removed only then, and for good."""
        while self._names_synced < self._names:
            names = self._names
            self.syncs += 1
            self.files.sync_folder(self.folder)
            self._names_synced = names
            with self.lock:
                void, self._void = self._void, []
                self._names += bool(void)
                self.remove(void)

    def close(self) -> None:
        """Close all files."""
        for segment in self.segments:
            self.seal(segment)

    def _found(self) -> Sequence[Segment]:
        """Return the segments on disk in order, without those that later ones have replaced."""
        names = self.files.names(self.folder)
        found = [segment for name in names if (segment := Segment.named(self.folder / name))]
        live: list[Segment] = []
        for segment in sorted(found, key=lambda segment: segment.sequence, reverse=True):
            segment.written = self.files.length(segment.path)
            self._sequence = max(self._sequence, segment.sequence)
            (self._void if live and segment.base >= live[-1].base else live).append(segment)
        self.unfinished = [self.folder / name for name in names if name.endswith(UNFINISHED)]
        if self._void:
            self.sync_names()
        return tuple(reversed(live))

    def _undo(self, segment: Segment) -> None:
        try:
            self.files.truncate(segment.file, segment.written)
        except OSError as error:
            log.warning("could not take back a part of a record", file=str(segment.path), reason=str(error))


def _unfinished(segment: Segment) -> Path:
    return segment.path.with_name(segment.path.name + UNFINISHED)
