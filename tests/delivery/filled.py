"""A journal with something in it."""

from pathlib import Path

from gaugeway.delivery.files import Files
from gaugeway.delivery.frame import HEADER_SIZE, LENGTH_SIZE
from gaugeway.delivery.journal import Journal

SIZE = 1024 * 1024


FRAME = HEADER_SIZE + 2 * LENGTH_SIZE + 2 * len(b"record 00")


def small(folder: Path, *, files: Files | None = None) -> Journal:
    """A journal of a few small segments."""
    return Journal(folder, size=SIZE, segment_size=160, files=files)


def fill(folder: Path, frames: int = 6) -> list[bytes]:
    """Write frames of two records each, in several segments; return all records."""
    records = [b"record %02d" % number for number in range(2 * frames)]
    with small(folder) as journal:
        for start in range(0, len(records), 2):
            journal.append(records[start : start + 2])
    return records


def segments(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())
