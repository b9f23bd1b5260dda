"""A disk with a cache that forgets, for tests: a process can die, and the power can fail, at any call.

It is stricter than real disks are: of what was not synced, a power cut keeps any part of any write and any of the new
names, and takes back any of the last removals; a failed sync loses what it was to write, and the next one succeeds.
Only one thing does not happen here: that a process dies between a failed sync and its next call.
"""

import errno
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from gaugeway.delivery.files import Files

SECTOR = 16


class CrashError(Exception):
    """The process dies here."""


class Content:
    """One file: what the process sees, what the disk holds, and the writes that only the first has seen."""

    def __init__(self) -> None:
        self.seen = bytearray()
        self.held = bytearray()
        self.waiting: list[tuple[int, bytes | None]] = []

    def change(self, offset: int, data: bytes | None) -> None:
        """Write at an offset, or cut off there."""
        _apply(self.seen, offset, data)
        self.waiting.append((offset, data))

    def sync(self) -> None:
        """Bring to the disk what waits."""
        for offset, data in self.waiting:
            _apply(self.held, offset, data)
        self.waiting = []

    def lose_power(self, chance: Random) -> None:
        """Keep what the disk holds, and any part of what waited."""
        for offset, data in self.waiting:
            if data is None:
                if chance.random() < 0.5:
                    _apply(self.held, offset, None)
            else:
                for at in range(0, len(data), SECTOR):
                    if chance.random() < 0.5:
                        _apply(self.held, offset + at, data[at : at + SECTOR])
        self.waiting = []
        self.seen = bytearray(self.held)


def _apply(target: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del target[offset:]
        return
    if len(target) < offset:
        target.extend(bytes(offset - len(target)))
    target[offset : offset + len(data)] = data


class VolatileFiles(Files):
    """A disk with a cache that forgets, on which a process can die at any call."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.names_seen: dict[Path, Content] = {}
        self.names_held: dict[Path, Content] = {}
        self.names_waiting: list[tuple[Path, bool, Callable[[dict[Path, Content]], object]]] = []
        self.opened: dict[int, Content] = {}
        self.last_opened = 0
        self.calls_left: int | None = None
        self.dead = False
        self.space: int | None = None
        self.failing_syncs = 0
        self.just_failed = False

    def restart(self, *, power_cut: bool) -> None:
        """Begin a new life with what the last one left."""
        self.opened.clear()
        self.calls_left, self.dead, self.space, self.failing_syncs = None, False, None, 0
        if power_cut:
            removals = self.chance.randint(0, sum(removes for _, removes, _ in self.names_waiting))
            for _, removes, step in self.names_waiting:
                if removals > 0 if removes else self.chance.random() < 0.5:
                    step(self.names_held)
                removals -= removes
            self.names_waiting = []
            self.names_seen = dict(self.names_held)
            for content in self.names_held.values():
                content.lose_power(self.chance)

    def _call(self) -> bool:
        """Count one call that changes something; tell whether it is the one that is cut short."""
        if self.dead:
            raise CrashError
        if self.calls_left is None or self.just_failed:
            self.just_failed = False
            return False
        self.calls_left -= 1
        self.dead = self.calls_left < 0
        return self.dead

    def _fatal_call(self) -> None:
        if self._call() and self.chance.random() < 0.5:
            raise CrashError

    def _after(self) -> None:
        if self.dead:
            raise CrashError

    def _name(self, path: Path, step: Callable[[dict[Path, Content]], object], *, removes: bool = False) -> None:
        self._fatal_call()
        step(self.names_seen)
        self.names_waiting.append((path.parent, removes, step))
        self._after()

    def make_folder(self, folder: Path) -> None: ...

    def names(self, folder: Path) -> list[str]:
        return [path.name for path in self.names_seen if path.parent == folder]

    def create(self, path: Path) -> int:
        if self.space is not None and self.space <= 0:
            raise OSError(errno.ENOSPC, "disk full")
        content = Content()
        self._name(path, lambda names: names.__setitem__(path, content))
        return self._open(content)

    def edit(self, path: Path) -> int:
        content = self.names_seen.get(path)
        return self.create(path) if content is None else self._open(content)

    def open(self, path: Path) -> int:
        content = self.names_seen.get(path)
        if content is None:
            raise FileNotFoundError(path)
        return self._open(content)

    def _open(self, content: Content) -> int:
        self.last_opened += 1
        self.opened[self.last_opened] = content
        return self.last_opened

    def length(self, path: Path) -> int:
        return len(self.names_seen[path].seen)

    def read(self, file: int, count: int, offset: int) -> bytes:
        return bytes(self.opened[file].seen[offset : offset + count])

    def write(self, file: int, parts: Sequence[bytes], offset: int) -> None:
        data = b"".join(parts)
        cut = self.chance.randint(0, len(data)) if self._call() else len(data)
        if self.space is not None:  # it takes space only where the file becomes longer
            there = max(0, len(self.opened[file].seen) - offset)
            cut = min(cut, there + self.space)
            self.space -= max(0, cut - there)
        self.opened[file].change(offset, data[:cut])
        self._after()
        if cut < len(data):
            raise OSError(errno.ENOSPC, "disk full")

    def truncate(self, file: int, length: int) -> None:
        self._fatal_call()
        if self.chance.random() < 0.5:
            self._after()
            raise OSError(errno.EIO, "no")
        self.opened[file].change(length, None)
        self._after()

    def sync(self, file: int) -> None:
        self._fatal_call()
        if self._fails():
            self.opened[file].waiting = []
            raise OSError(errno.EIO, "no")
        self.opened[file].sync()
        self._after()

    def sync_folder(self, folder: Path) -> None:
        self._fatal_call()
        if self._fails():
            raise OSError(errno.EIO, "no")
        for _, _, step in [waiting for waiting in self.names_waiting if waiting[0] == folder]:
            step(self.names_held)
        self.names_waiting = [waiting for waiting in self.names_waiting if waiting[0] != folder]
        self._after()

    def _fails(self) -> bool:
        self.failing_syncs -= 1
        if self.failing_syncs >= 0:
            self._after()
            self.just_failed = True
        return self.failing_syncs >= 0

    def rename(self, path: Path, to: Path) -> None:
        def step(names: dict[Path, Content]) -> None:
            content = names.pop(path, None) or moved
            names[to] = content

        moved = self.names_seen[path]
        self._name(path, step)

    def remove(self, path: Path) -> None:
        self._name(path, lambda names: names.pop(path, None), removes=True)

    def close(self, file: int) -> None:
        self.opened.pop(file, None)
