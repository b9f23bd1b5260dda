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


class Marker:
    """A position that outlasts the process. A power cut may bring back an older one: then something is repeated."""

    def __init__(self, path: Path, files: Files | None = None) -> None:
        self.path = path
        self._files = files or Files()
        self._file = CLOSED
        self.position = self._read()

    def put(self, position: int) -> None:
        """Remember a position. A disk that takes nothing costs no more than a repetition after a restart."""
        self.position = position
        packed = POSITION.pack(position)
        try:
            if self._file == CLOSED:
                self._files.remove(self.path)
                self._file = self._files.create(self.path)
            self._files.write(self._file, (packed, CHECK.pack(crc32(packed))), 0)
        except OSError as error:
            log.warning("could not note what was delivered", file=str(self.path), reason=str(error))

    def close(self) -> None:
        """Give the file back."""
        file, self._file = self._file, CLOSED
        if file != CLOSED:
            self._files.close(file)

    def _read(self) -> int:
        try:
            file = self._files.open(self.path)
        except OSError:
            return 0
        try:
            data = self._files.read(file, POSITION.size + CHECK.size, 0)
        finally:
            self._files.close(file)
        packed, check = data[: POSITION.size], data[POSITION.size :]
        intact = len(data) == POSITION.size + CHECK.size and CHECK.unpack(check)[0] == crc32(packed)
        return int(POSITION.unpack(packed)[0]) if intact else 0
