"""A small disk of its own that can be filled to the last byte, and emptied again. It needs root."""

import os
import subprocess
from pathlib import Path
from typing import Final, Self

SIZE: Final = 48 * 1024 * 1024
PIECES: Final = (1024 * 1024, 4096, 1)


class SmallDisk:
    """An ext4 file system in a file, mounted at `folder`."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "small"
        self._image = place / "small.image"
        self._ballast = self.folder / "ballast"

    def fill(self) -> None:
        """Leave no room, not even what is kept for root."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for piece in PIECES:
                try:
                    while True:
                        ballast.write(bytes(piece))
                except OSError:
                    continue

    def make_room(self) -> None:
        """Give the room back."""
        self._ballast.unlink()

    def __enter__(self) -> Self:
        self.folder.mkdir()
        with self._image.open("wb") as image:
            os.truncate(image.fileno(), SIZE)
        subprocess.run(["mkfs.ext4", "-q", "-F", self._image], check=True)
        subprocess.run(["mount", "-o", "loop", self._image, self.folder], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "-l", self.folder], check=True)
