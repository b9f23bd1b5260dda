"""The orders of people on disk, so that a replay after a crash carries them out once more, at the same moment."""

from pathlib import Path
from typing import Final

import msgspec

from gaugeway_sinks.alarms.papers.scroll import Scroll

MOST: Final = 500
"""More than people say between two checkpoints; no more is remembered."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One order: what number it has, in whose turn and at what time of that pipeline it was carried out."""

    number: int
    pipeline: str
    now: float
    key: str
    payload: bytes


class Book:
    """Has orders on disk before they are carried out, for what follows from them may be told at once."""

    def __init__(self, file: Path) -> None:
        self._scroll = Scroll(file, MOST)

    def enter(self, entries: list[Entry]) -> None:
        """Write orders down; they are on disk when this returns, if the disk takes anything."""
        if entries:
            self._scroll.add([msgspec.json.encode(entry) for entry in entries])
            self._scroll.sync()

    def since(self, number: int) -> list[Entry]:
        """Return the orders after this one; what is none is passed over."""
        found: list[Entry] = []
        for line in self._scroll.lines:
            try:
                entry = msgspec.json.decode(line, type=Entry)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            if entry.number > number:
                found.append(entry)
        return found
