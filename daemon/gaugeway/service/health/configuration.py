"""Whether the files of the configuration, the main one and all it takes in, still say what was taken over."""

import os
import time
from glob import glob
from pathlib import Path
from typing import Final
from zlib import crc32

from gaugeway.plan import Plan

Stamp = tuple[int, int, int]
COARSE: Final = 3.0
"""A change so soon after another may have the same time: FAT counts in steps of two seconds."""


class Configuration:
    """The files of the plan in force. Each is read again only when it looks different from the last time."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.hash = _hash(plan)
        self._read: dict[Path, tuple[Stamp, int]] = {}

    def changed(self) -> tuple[str, ...]:
        """Return the files that have changed, come or gone since they were taken over, as seen from the main one."""
        plan = self.plan
        now = {Path(path) for pattern in plan.globs for path in glob(pattern)}
        different = {path for path, checksum in plan.files.items() if self._checksum(path) != checksum}
        return tuple(os.path.relpath(path, plan.file.parent) for path in sorted(different | now - plan.files.keys()))

    def _checksum(self, path: Path) -> int | None:
        try:
            about = path.stat()
            stamp = about.st_mtime_ns, about.st_size, about.st_ino
            before, checksum = self._read.get(path, (None, 0))
            if stamp != before or time.time() - about.st_mtime < COARSE:
                checksum = crc32(path.read_bytes())
                self._read[path] = stamp, checksum
        except OSError:
            return None  # it is gone, or nobody may read it any more
        return checksum


def _hash(plan: Plan) -> str:
    """Return a checksum of all files together as they were taken over, in the order of their paths."""
    checksums = (checksum.to_bytes(4, "big") for _, checksum in sorted(plan.files.items()))
    return f"{crc32(b''.join(checksums)):08x}"
