"""A piece of disk set aside for the moment when there is none left."""

import errno
import os
import threading
from pathlib import Path
from typing import Final

from gaugeway.delivery.files import Files
from gaugeway.log import logger

log = logger(__name__)

SIZE: Final = 256 * 1024


class Reserve:
    """A file that is given up on a full disk, so that the state and the alarms can still be written.

    While it is `spent` ordinary data has to wait: who finds it so tries to `refill` it and takes nothing before.
    Any thread may do either; they take turns, so that `spent` always says what became of the file.
    """

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self.path = path
        self.size = size
        self.spent = not self.held
        self._lock = threading.Lock()

    @property
    def held(self) -> bool:
        """Whether the space is set aside."""
        try:
            found = self.path.stat()
        except OSError:
            return False
        return found.st_size >= self.size and found.st_blocks * 512 >= self.size

    def release(self) -> bool:
        """Give the space up; return whether there was any."""
        with self._lock:
            if not self.held:
                return False
            self.spent = True
            try:
                self.path.unlink(missing_ok=True)
                Files().sync_folder(self.path.parent)  # some file systems free the blocks only then
            except OSError:
                return False
        log.warning("disk is full, the reserve is given up", file=str(self.path), bytes=self.size)
        return True

    def refill(self) -> bool:
        """Set the space aside if there is enough, again where somebody took it away; return whether it is."""
        with self._lock:
            if self.spent or not self.held:
                if not self._set_aside():
                    return False
                self.spent = False
            return True

    def keep_out(self, path: Path) -> None:
        """Raise an `OSError` about `path` where only the space is left that was given up: it is not for everybody."""
        if self.spent and not self.refill():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    def _set_aside(self) -> bool:
        try:
            file = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
        except OSError:
            return False
        try:
            os.posix_fallocate(file, 0, self.size)
        except OSError:
            self._give_back()
            return False
        finally:
            os.close(file)
        return True

    def _give_back(self) -> None:
        """Leave no half of it behind."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("could not remove a part of the reserve", file=str(self.path), reason=str(error))
