"""The few calls to the operating system that make data last, each doing the whole of what its name says."""

import errno
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

BLOCK: Final = 4096
NO_FOLDER_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})


class Files:
    """Files as a journal needs them. A test puts a disk that can lose its power in the place of this."""

    def make_folder(self, folder: Path) -> None:
        """Make a folder that survives a power cut, and the folders above it."""
        if not folder.is_dir():
            self.make_folder(folder.parent)
            folder.mkdir(mode=0o750, exist_ok=True)
            self.sync_folder(folder.parent)

    def names(self, folder: Path) -> list[str]:
        """Return the names of the files in a folder."""
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]

    def create(self, path: Path) -> int:
        """Make a file that must not be there yet, open for reading and writing."""
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o640)

    def edit(self, path: Path) -> int:
        """Open a file for writing in place; it is made if it is not there."""
        return os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o640)

    def open(self, path: Path) -> int:
        """Open a file for reading."""
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def length(self, path: Path) -> int:
        """Return how many bytes a file holds."""
        return path.stat().st_size

    def read(self, file: int, count: int, offset: int) -> bytes:
        """Return up to `count` bytes; what the disk cannot read any more comes back as zeros, block by block."""
        try:
            return os.pread(file, count, offset)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            cuts = [offset, *range(offset - offset % BLOCK + BLOCK, offset + count, BLOCK), offset + count]
            return b"".join(_block(file, stop - start, start) for start, stop in pairwise(cuts))

    def write(self, file: int, parts: Sequence[bytes], offset: int) -> None:
        """Write all parts one after the other, or raise; how much of it stands there after an error is unknown."""
        done = os.pwritev(file, parts, offset)
        if done < sum(map(len, parts)):
            left = memoryview(b"".join(parts))[done:]
            while left:
                offset += done
                done = os.pwrite(file, left, offset)
                left = left[done:]

    def truncate(self, file: int, length: int) -> None:
        """Cut off what stands behind `length`."""
        os.ftruncate(file, length)

    def sync(self, file: int) -> None:
        """Wait until the contents and the length of a file are on the disk."""
        os.fdatasync(file)

    def sync_folder(self, folder: Path) -> None:
        """Wait until the names in a folder are on the disk; some file systems do that by themselves and refuse."""
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(file)
        except OSError as error:
            if error.errno not in NO_FOLDER_SYNC:
                raise
        finally:
            os.close(file)

    def rename(self, path: Path, to: Path) -> None:
        """Give a file another name, in one step."""
        path.rename(to)

    def remove(self, path: Path) -> None:
        """Take a file away; it may be gone already."""
        path.unlink(missing_ok=True)

    def close(self, file: int) -> None:
        """Give a descriptor back."""
        os.close(file)


def _block(file: int, count: int, offset: int) -> bytes:
    try:
        return os.pread(file, count, offset)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return bytes(count)
