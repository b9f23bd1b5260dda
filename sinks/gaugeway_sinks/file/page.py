"""The file that is being written."""

import errno
import os
import stat
import zlib
from pathlib import Path
from types import TracebackType
from typing import Final

from gaugeway import DeviceError

SEALED: Final = 4096
BLOCK: Final = 64 * 1024


class Named:
    """Names a file in the errors of a block: of what is done with a descriptor, the system does not know the name."""

    def __init__(self, path: Path) -> None:
        self._name = str(path)

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            error.filename = self._name


class Page:
    """An open file: bytes are added at its end, or taken back from there. `size` is what is known to be whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self._named = Named(path)
        self._entered = False
        self._synced = False
        found = os.fstat(self._fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(self._fd)
            raise DeviceError(f"{path} is no ordinary file, from which something could be taken back after a crash")
        self._identity = found.st_dev, found.st_ino
        self.size = found.st_size

    def append(self, data: bytes) -> None:
        """Write all of `data`. After an `OSError` a part of it may stand behind `size`; `cut` takes it away."""
        with self._named:
            written = os.write(self._fd, data)
            while written < len(data):
                written += os.write(self._fd, data[written:])
        self.size += written
        self._synced = False

    def cut(self, size: int) -> int:
        """Take back all that stands behind `size`; return how many bytes that were."""
        there = os.fstat(self._fd).st_size
        if there > size:
            with self._named:
                os.ftruncate(self._fd, size)
            self._synced = False
        self.size = min(there, size)
        return there - self.size

    def start(self, count: int) -> bytes:
        """Return the first bytes."""
        return os.pread(self._fd, count, 0)

    def whole(self) -> int:
        """Return where the last whole line ends."""
        end = self.size
        while end:
            begin = max(0, end - BLOCK)
            newline = os.pread(self._fd, end - begin, begin).rfind(b"\n")
            if newline >= 0:
                return begin + newline + 1
            end = begin
        return 0

    def seal(self) -> int:
        """Return a checksum of the end of the file, by which it is known again."""
        return _checksum(self._fd, self.size)

    def in_place(self) -> bool:
        """Tell whether the path still leads here and nobody else has written or cut this file."""
        try:
            there = os.stat(self.path)
        except FileNotFoundError:
            return False
        return (there.st_dev, there.st_ino) == self._identity and there.st_size == self.size

    def sync(self) -> None:
        """Make everything written so far last, and the file's name too."""
        if not self._synced:
            with self._named:
                os.fsync(self._fd)
            self._synced = True
        if not self._entered:
            sync_folder(self.path.parent)
            self._entered = True

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


def sealed(path: Path, size: int) -> int | None:
    """Return the seal that this file had at `size`; None if it is shorter now."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None if size else zlib.crc32(b"")
    try:
        return _checksum(fd, size) if os.fstat(fd).st_size >= size else None
    finally:
        os.close(fd)


def _checksum(fd: int, size: int) -> int:
    begin = max(0, size - SEALED)
    return zlib.crc32(os.pread(fd, size - begin, begin))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        # Some network file systems know no such thing for folders; there is nothing more to be had from them.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(fd)
