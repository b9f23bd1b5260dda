"""Keeps a second daemon out of a state folder."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from gaugeway.errors import ConfigError


class Lock:
    """Holds a state folder for one process: `with Lock(folder): ...`. It is free again when the process is gone."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lock"
        self._file = -1

    def __enter__(self) -> "Lock":
        """Take the folder; `ConfigError` where another process has it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(file, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(file)
            if not isinstance(error, BlockingIOError):
                raise
            advice = "stop that one, or give this one a storage folder of its own"
            raise ConfigError(f"{self.path.parent} is in use by process {owner}: {advice}") from None
        with suppress(OSError):  # a full disk is no reason not to start: the number is for people only
            os.ftruncate(file, 0)
            os.pwrite(file, b"%d\n" % os.getpid(), 0)
        self._file = file
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._file)
