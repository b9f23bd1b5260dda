"""Remembers one position in a small file, written in place after every delivery."""

import struct
from pathlib import Path
from typing import Final
from zlib import crc32

from gaugeway.delivery.files import Files
from gaugeway.delivery.segment import CLOSED
from gaugeway.log import logger

log = logger(__name__)

POSITION: Final = struct.Struct("<Q")
CHECK: Final = struct.Struct("<I")
MARKER: Final = "delivered"
"""What the file is called, in the folder of what it is about."""
SLOT: Final = POSITION.size + CHECK.size


class Marker:
    """A position that outlasts the process and only grows. A power cut may bring back an older one.

    It is written to two places in turn, so that one of them is whole whatever happens to the other.
    """

    def __init__(self, path: Path, files: Files | None = None) -> None:
        self.path = path
        self._files = files or Files()
        self._file = CLOSED
        self._prepared = False
        self._turn, self.position = self._read()

    def put(self, position: int) -> bool:
        """Remember a position. A disk that does not take it costs no more than a repetition after a restart."""
        self.position = position
        packed = POSITION.pack(position)
        try:
            if self._file == CLOSED:
                self._file = self._files.edit(self.path)
            self._turn = 1 - self._turn
            self._files.write(self._file, (packed, CHECK.pack(crc32(packed))), self._turn * SLOT)
        except OSError as error:
            log.warning("could not note what was delivered", file=str(self.path), reason=str(error))
            return False
        return True

    def prepare(self) -> None:
        """Make the file while there is room for it: then a position can be noted on a full disk too."""
        if not self._prepared:
            self._prepared = self.put(self.position) and self.put(self.position)

    def close(self) -> None:
        """Give the file back."""
        file, self._file = self._file, CLOSED
        if file != CLOSED:
            self._files.close(file)

    def _read(self) -> tuple[int, int]:
        """Return which place was written last, and what stands there."""
        try:
            file = self._files.open(self.path)
        except OSError:
            return 1, 0
        try:
            data = self._files.read(file, 2 * SLOT, 0)
        finally:
            self._files.close(file)
        slots = [data[turn * SLOT : (turn + 1) * SLOT] for turn in (0, 1)]
        position, turn = max((_unpacked(slot), turn) for turn, slot in enumerate(slots))
        return turn, max(0, position)


def _unpacked(slot: bytes) -> int:
    packed, check = slot[: POSITION.size], slot[POSITION.size :]
    if len(slot) < SLOT or CHECK.unpack(check)[0] != crc32(packed):
        return -1
    return int(POSITION.unpack(packed)[0])
