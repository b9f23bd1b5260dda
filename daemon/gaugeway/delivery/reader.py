"""Reads a journal in order, also while another thread appends to it."""

from types import TracebackType

from gaugeway.delivery.frame import Frame
from gaugeway.delivery.segment import Segment, Walk
from gaugeway.delivery.shelf import Shelf


class Reader:
    """Takes records from a journal, each with its position; what is not there any more is left out."""

    def __init__(self, shelf: Shelf, position: int) -> None:
        self.position = position
        self._shelf = shelf
        self._next = position
        self._walk: Walk | None = None
        self._pending: list[tuple[int, bytes]] = []

    def take(self, limit: int) -> list[tuple[int, bytes]]:
        """Return up to `limit` records and step over them; an empty list where there is no more for now.

        After an `OSError` the same records are taken by the next call.
        """
        if self.position < self._shelf.start:
            self.seek(self._shelf.start)
        taken: list[tuple[int, bytes]] = []
        try:
            while len(taken) < limit and (self._pending or self._load()):
                part = self._pending[: limit - len(taken)]
                del self._pending[: len(part)]
                taken += part
        except OSError:
            self.seek(self.position)
            raise
        self.position = taken[-1][0] + 1 if taken else self._next
        return taken

    def seek(self, position: int) -> None:
        """Go on reading at another place."""
        self.close()
        self.position = self._next = position
        self._pending = []

    def close(self) -> None:
        """Give the open file back."""
        if self._walk is not None:
            self._walk.close()
            self._walk = None

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _load(self) -> bool:
        """Get the next frame that has something at or behind this place; False where there is none yet."""
        while (place := self._shelf.place(self._next)) is not None:
            segment, following = place
            walk = self._on(segment)
            found = walk.next() if walk else None
            if found is not None:
                if self._picks(found, following):
                    return True
            elif following is None:
                return False
            else:
                self._next = max(self._next, following.base)
        return False

    def _on(self, segment: Segment) -> Walk | None:
        """Return the walk through this segment; None where the file has been taken away."""
        walk = self._walk
        if walk is None or walk.segment is not segment:
            if walk is not None:
                walk.finish(segment)
                self._shelf.surveyed(walk)
            self.close()
            try:
                self._walk = Walk(self._shelf.files, segment)
            except (FileNotFoundError, PermissionError):
                return None
        return self._walk

    def _picks(self, found: Frame, following: Segment | None) -> bool:
        """Keep what of this frame is wanted and has not been replaced by the segment that follows."""
        stop = found.end if following is None else min(found.end, following.base)
        if stop <= self._next:
            return False
        pairs = found.records()
        whole = found.first >= self._next and stop == found.end
        self._pending = pairs if whole else [pair for pair in pairs if self._next <= pair[0] < stop]
        self._next = stop
        return bool(self._pending)
