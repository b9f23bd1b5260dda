"""The record that a running gateway keeps of itself, for everybody to find."""

import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

from gaugeway.errors import ConfigError
from gaugeway.log import logger
from gaugeway.service.presence import places
from gaugeway.service.presence.lock import locked
from gaugeway.service.presence.record import LONGEST, Record, decoded, look, name_of, records

log = logger(__name__)

FORGOTTEN_AFTER: Final = 7 * 86400.0
LONGEST_FAULT: Final = 8000


class Announcement:
    """A record that is locked for as long as this process lives, and touched as long as it answers."""

    def __init__(self, record: Record, file: int | None) -> None:
        self.record = record
        self._file = file
        self._write()

    def beat(self) -> None:
        """Give a sign of life."""
        if self._file is not None:
            os.utime(self._file)

    def say(self, words: str) -> None:
        """Keep what is to be known when it is too late to ask."""
        if words != self.record.words:
            self.record.words = words
            self._write()

    def end(self) -> None:
        """Note that this process has come to its end."""
        self.record.ended = time.time()
        self._write()

    def _write(self) -> None:
        if self._file is not None:
            content = self.record.encode()
            os.pwrite(self._file, content, 0)
            os.ftruncate(self._file, len(content))


@contextmanager
def announced(record: Record) -> Generator[Announcement]:
    """Announce a gateway while the block runs; one that cannot be announced runs all the same."""
    file = _opened(record)
    try:
        announcement = Announcement(record, file)
        try:
            yield announcement
        finally:
            announcement.end()
    finally:
        if file is not None:
            os.close(file)


def note_fault(config: str, fault: str) -> None:
    """Leave word of the fault that ended a gateway; what was known of it before stays, as far as that still holds."""
    with suppress(ConfigError):  # it runs, and what has failed is a second one
        file = _opened(Record(config))
        if file is not None:
            try:
                record = _left(file) or Record(config, node=os.path.basename(config))
                record.pid, record.ended, record.fault = os.getpid(), time.time(), fault[:LONGEST_FAULT]
                Announcement(record, file)
            finally:
                os.close(file)


def _left(file: int) -> Record | None:
    """Return the record that is in a file; None where it holds none."""
    try:
        return decoded(os.pread(file, LONGEST, 0))
    except ValueError:
        return None


def _opened(record: Record) -> int | None:
    """Return the record's file, open and locked, in the first folder that takes it."""
    troubles: list[str] = []
    for folder in places.own_folders():
        try:
            _prepare(folder)
            file = os.open(os.path.join(folder, name_of(record.config)), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            troubles.append(f"{folder}: {error.strerror or error}")
            continue
        os.fchmod(file, 0o644)
        if not locked(file):
            os.close(file)
            raise ConfigError(f"a gateway with {record.config} runs already: `gaugeway stop` stops it")
        return file
    log.warning("other commands cannot find this gateway", reason="; ".join(troubles))
    return None


def _prepare(folder: str) -> None:
    """Make a folder that is ours alone to write to, and clear it of gateways that ended long ago."""
    if not os.path.isdir(folder):
        os.mkdir(folder, mode=0o755)
        os.chmod(folder, 0o755)  # noqa: S103  (everybody may look; sockets and logs are elsewhere or closed)
    about = os.lstat(folder)
    if about.st_uid != os.geteuid():
        raise PermissionError(f"belongs to the user with the number {about.st_uid}")
    long_ago = time.time() - FORGOTTEN_AFTER
    for path in records(folder):
        with suppress(FileNotFoundError):  # another one that starts has cleared it away
            if os.lstat(path).st_mtime < long_ago and (seen := look(path)) is not None and not seen.alive:
                os.unlink(path)
