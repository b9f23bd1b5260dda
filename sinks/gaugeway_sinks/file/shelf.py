"""The rotated files beside the one that is being written."""

import gzip
import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from gaugeway_sinks.file.begun import stamp, unstamp
from gaugeway_sinks.file.page import sync_folder

PACKED: Final = ".gz"
PART: Final = ".part"
BLOCK: Final = 16 * 1024
"""So much is compressed at a time: large blocks that come and go leave holes in memory."""


class Rotated(msgspec.Struct, frozen=True):
    """One rotated file: its number, when it began, and whether only its compressed form is there."""

    number: int
    begun: float | None
    plain: Path
    packed: bool

    @property
    def path(self) -> Path:
        """The file as it is on the disk."""
        return packed(self.plain) if self.packed else self.plain


class Shelf:
    """Puts finished files away under `NAME-NUMBER-BEGUN.SUFFIX` and brings them back.

    Numbers only grow, so the names sort in the order of writing and none is used twice. Each step can be
    interrupted: what is left half done has the suffix `.part` or stands there in both forms. The plain form is the
    one that counts then, and `tidy` removes the rest.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        name, suffix = re.escape(path.stem), re.escape(path.suffix)
        self._name = re.compile(rf"({name}-(\d{{6,}})-(undated|\d{{8}}T\d{{6}}Z){suffix})({re.escape(PACKED)})?")

    def files(self) -> list[Rotated]:
        """Return all rotated files in the order of writing."""
        found: dict[int, Rotated] = {}
        for name in os.listdir(self.path.parent):
            rotated = self._read(name)
            if rotated and (rotated.number not in found or not rotated.packed):
                found[rotated.number] = rotated
        return [found[number] for number in sorted(found)]

    def find(self, number: int) -> Rotated | None:
        """Return the rotated file with this number."""
        return next((rotated for rotated in self.files() if rotated.number == number), None)

    def next_number(self) -> int:
        """Return the number after the last."""
        files = self.files()
        return files[-1].number + 1 if files else 1

    def put(self, number: int, begun: float | None) -> None:
        """Put the written file away. What has this number already is never written over."""
        there = self.find(number)
        if there is not None:
            raise FileExistsError(f"{there.path} stands where {self.path} has to go: move it somewhere else")
        name = f"{self.path.stem}-{number:06d}-{stamp(begun)}{self.path.suffix}"
        self.path.rename(self.path.with_name(name))

    def take_back(self, number: int, size: int) -> None:
        """Make a rotated file in plain form, cut to `size`, the written one again; all that came after it goes.

        The rename comes last. Until then the file can be found under its number, and all this can be done again.
        """
        rotated = self.find(number)
        if rotated is None:
            return
        for later in self.files():
            if later.number > number:
                self.remove(later)
        packed(rotated.plain).unlink(missing_ok=True)
        os.truncate(rotated.plain, size)
        rotated.plain.replace(self.path)
        sync_folder(self.path.parent)

    def remove(self, rotated: Rotated) -> None:
        """Delete a rotated file in all its forms."""
        packed(rotated.plain).unlink(missing_ok=True)
        rotated.plain.unlink(missing_ok=True)

    def pack(self, rotated: Rotated, stopped: Callable[[], bool]) -> None:
        """Compress a rotated file; leave it as it is if `stopped` says so on the way."""
        part = Path(f"{packed(rotated.plain)}{PART}")
        with rotated.plain.open("rb") as source, part.open("wb") as target:
            # Neither name nor time inside: the same readings give the same bytes.
            with gzip.GzipFile(filename="", mode="wb", fileobj=target, mtime=0) as zipped:
                while block := source.read(BLOCK):
                    if stopped():
                        return
                    zipped.write(block)
            target.flush()
            os.fsync(target.fileno())
        part.rename(packed(rotated.plain))
        sync_folder(part.parent)
        rotated.plain.unlink()

    def unpack(self, rotated: Rotated) -> None:
        """Write the plain form of a compressed file beside it. `OSError` if it is damaged."""
        import shutil  # noqa: PLC0415  (which loads all compressors that there are)

        part = Path(f"{rotated.plain}{PART}")
        try:
            with gzip.open(packed(rotated.plain), "rb") as source, part.open("wb") as target:
                shutil.copyfileobj(source, target, BLOCK)
                target.flush()
                os.fsync(target.fileno())
        except (EOFError, zlib.error) as damage:
            raise gzip.BadGzipFile(f"{packed(rotated.plain)} is damaged: {damage}") from damage
        part.rename(rotated.plain)

    def tidy(self) -> None:
        """Remove what an interruption left half done."""
        for name in os.listdir(self.path.parent):
            whole = self._read(name.removesuffix(PART))
            if whole is None:
                continue
            if name.endswith(PART) or (whole.packed and whole.plain.exists()):
                self.path.with_name(name).unlink(missing_ok=True)

    def _read(self, name: str) -> Rotated | None:
        match = self._name.fullmatch(name)
        if match is None:
            return None
        try:
            begun = unstamp(match[3])
        except ValueError:
            return None
        return Rotated(int(match[2]), begun, self.path.with_name(match[1]), match[4] is not None)


def packed(plain: Path) -> Path:
    """Return the name of a file in its compressed form."""
    return Path(f"{plain}{PACKED}")
