"""The file that is written and the rotated ones before it, as one long text that can be taken back to any mark."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from gzip import BadGzipFile
from pathlib import Path

from gaugeway import Reading, logger
from gaugeway_sinks.file.begun import Begun
from gaugeway_sinks.file.page import Page, sealed
from gaugeway_sinks.file.position import Mark, Position
from gaugeway_sinks.file.rotation import Rotate
from gaugeway_sinks.file.shelf import Shelf
from gaugeway_sinks.lines import Lines

log = logger(__name__)


class Book:
    """Writes batches, each wholly or not at all, and turns pages.

    Where a page ends follows from the readings alone, one after the other, not from how they were batched: written
    again after a crash they fill the same files. Only the page at the end is ever written; `number` is its number.
    """

    def __init__(self, path: Path, lines: Lines, rotate: Rotate) -> None:
        self.shelf = Shelf(path)
        self.number = 0
        self.begun = Begun()
        self._path = path
        self._lines = lines
        self._limit = sys.maxsize if rotate.size is None else rotate.size
        self._every = rotate.every
        self._page: Page | None = None
        self._owed: Mark | None = None

    def add(self, batch: Sequence[Reading]) -> None:
        """Write a batch. After an `OSError` nothing of it was written."""
        page = self._opened()
        before = Mark(self.number, page.size, self.begun)
        lines = self._lines.encode(batch)
        try:
            if 0 < page.size <= self._limit - len(lines) and (self._every is None or self._within(self._every, batch)):
                page.append(lines)
            else:
                self._add_each(page, batch, lines.splitlines(keepends=True))
        except OSError:
            # What cannot be mended now is owed: it comes before anything else is done.
            with suppress(OSError):
                self._go_back(before)
            raise

    def position(self) -> Position:
        """Make everything written last, and return where that is."""
        page = self._opened()
        page.sync()
        return Position(str(self._path), Mark(self.number, page.size, self.begun), page.seal())

    def rollback(self, position: Position) -> None:
        """Take back all that was written after a position, or nothing at all if these are not the files it means."""
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        mark = position.mark
        if position.path == str(self._path) and self._holds(position):
            self._go_back(mark)
            return
        log.warning(
            "the files are not those of the last checkpoint: nothing is taken back, readings may stand there twice",
            file=self._path,
            number=mark.number,
            size=mark.size,
        )
        self._open()

    def look(self) -> None:
        """Notice if somebody has moved, removed or changed the file, and go on with what is at the path now."""
        page = self._page
        if page is None or self._owed is not None or page.in_place():
            return
        log.warning("the file was moved, removed or changed by somebody else: opening it anew", file=self._path)
        self._page = None
        try:
            page.sync()
        finally:
            page.close()
        self._open()

    def sync(self) -> None:
        """Make everything written so far last."""
        if self._owed is not None:
            self._go_back(self._owed)
        if self._page is not None:
            self._page.sync()

    def close(self) -> None:
        """Close the file as it is."""
        page, self._page = self._page, None
        if page is not None:
            page.close()

    def _opened(self) -> Page:
        if self._owed is not None:
            return self._go_back(self._owed)
        return self._page or self._open()

    def _open(self) -> Page:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.number = max(self.number, self.shelf.next_number())
        page = self._page = Page(self._path)
        if page.size == 0:
            return page
        if not self._lines.fits(page.start(len(self._lines.head) or 1)):
            log.warning("the file holds something else: it is put away and a new one begun", file=self._path)
            return self._turn(page)
        torn = page.cut(page.whole())
        if torn:
            log.warning("the last line was torn and is cut off", file=self._path, bytes=torn)
        return page

    def _within(self, every: float, batch: Sequence[Reading]) -> bool:
        """Tell whether all of a batch belongs to the period in which the page began."""
        low, high = self.begun.span(every)
        return not [reading for reading in batch if not low <= reading.time < high]

    def _add_each(self, page: Page, batch: Sequence[Reading], lines: list[bytes]) -> None:
        waiting: list[bytes] = []
        size = page.size
        for reading, line in zip(batch, lines, strict=True):
            if size and (size + len(line) > self._limit or self._begins_period(reading)):
                page.append(b"".join(waiting))
                page, size, waiting = self._turn(page), 0, []
            if size == 0:
                self.begun = self.begun.after(reading)
                waiting.append(self._lines.head)
                size = len(self._lines.head)
            waiting.append(line)
            size += len(line)
        page.append(b"".join(waiting))

    def _begins_period(self, reading: Reading) -> bool:
        if self._every is None:
            return False
        low, high = self.begun.span(self._every)
        if low <= reading.time < high:
            return False
        later = self.begun.after(reading)
        if self.begun.time is None:
            self.begun = later
            return False
        return later.span(self._every) != (low, high)

    def _turn(self, page: Page) -> Page:
        page.sync()
        self.shelf.put(self.number, self.begun.time)
        self.number += 1
        self._page = None
        page.close()
        self._page = Page(self._path)
        return self._page

    def _holds(self, position: Position) -> bool:
        """Tell whether the file that a position means is here; make `number` tell whether it was rotated since."""
        mark = position.mark
        rotated = self.shelf.find(mark.number)
        if rotated is None:
            self.number = mark.number
            return self.shelf.next_number() <= mark.number and sealed(self._path, mark.size) == position.seal
        if rotated.packed:
            try:
                self.shelf.unpack(rotated)
            except BadGzipFile as error:
                log.warning("cannot read a rotated file", file=rotated.path, error=error)
                return False
        self.number = mark.number + 1
        return sealed(rotated.plain, mark.size) == position.seal

    def _go_back(self, mark: Mark) -> Page:
        self._owed = mark
        if self.number != mark.number:
            self.close()
            self.shelf.take_back(mark.number, mark.size)
        page = self._page = self._page or Page(self._path)
        page.cut(mark.size)
        self.number, self.begun, self._owed = mark.number, mark.begun, None
        return page
