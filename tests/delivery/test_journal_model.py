"""The journal against a simple model, with the process killed or the power cut at any call to the file system.

The disk here is a model too, and a stricter one than real disks are: of what was not synced, a power cut keeps any part
of any write, and any of the names that came and went, in any order; a failed sync loses what it was to write and the
next one succeeds. What a real kernel, disk and process do is shown in tests/system.
"""

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gaugeway.delivery.files import Files
from gaugeway.delivery.journal import Journal, JournalFullError
from gaugeway.delivery.reader import Reader

FOLDER = Path("/journal")
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
        self.names_waiting: list[Callable[[dict[Path, Content]], object]] = []
        self.opened: dict[int, Content] = {}
        self.last_opened = 0
        self.calls_left: int | None = None
        self.dead = False
        self.space: int | None = None
        self.failing_syncs = 0

    def restart(self, *, power_cut: bool) -> None:
        """Begin a new life with what the last one left."""
        self.opened.clear()
        self.calls_left, self.dead, self.space, self.failing_syncs = None, False, None, 0
        if power_cut:
            for step in self.names_waiting:
                if self.chance.random() < 0.5:
                    step(self.names_held)
            self.names_waiting = []
            self.names_seen = dict(self.names_held)
            for content in self.names_held.values():
                content.lose_power(self.chance)

    def _call(self) -> bool:
        """Count one call that changes something; tell whether it is the one that is cut short."""
        if self.dead:
            raise CrashError
        if self.calls_left is None:
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

    def _name(self, step: Callable[[dict[Path, Content]], object]) -> None:
        self._fatal_call()
        step(self.names_seen)
        self.names_waiting.append(step)
        self._after()

    def make_folder(self, folder: Path) -> None: ...

    def names(self, folder: Path) -> list[str]:
        return [path.name for path in self.names_seen]

    def create(self, path: Path) -> int:
        if self.space is not None and self.space <= 0:
            raise OSError(errno.ENOSPC, "disk full")
        content = Content()
        self._name(lambda names: names.__setitem__(path, content))
        return self._open(content)

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
        if self.space is not None:
            cut = min(cut, self.space)
            self.space -= cut
        self.opened[file].change(offset, data[:cut])
        self._after()
        if cut < len(data):
            raise OSError(errno.ENOSPC, "disk full")

    def truncate(self, file: int, length: int) -> None:
        self._fatal_call()
        if self.chance.random() < 0.5:
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
        for step in self.names_waiting:
            step(self.names_held)
        self.names_waiting = []
        self._after()

    def _fails(self) -> bool:
        self.failing_syncs -= 1
        return self.failing_syncs >= 0

    def rename(self, path: Path, to: Path) -> None:
        def step(names: dict[Path, Content]) -> None:
            content = names.pop(path, None) or moved
            names[to] = content

        moved = self.names_seen[path]
        self._name(step)

    def remove(self, path: Path) -> None:
        self._name(lambda names: names.pop(path, None))

    def close(self, file: int) -> None:
        self.opened.pop(file, None)


crashes = st.none() | st.integers(0, 7)
batches = st.lists(st.binary(max_size=60), min_size=1, max_size=5)


class JournalMachine(RuleBasedStateMachine):
    """The model is a dictionary of what was appended, where it begins, and up to where it is on disk for certain.

    `before` is what was trimmed and may still be there; nothing else may ever be read.
    """

    @initialize(chance=st.randoms(use_true_random=False))
    def begin(self, chance: Random) -> None:
        self.files = VolatileFiles(chance)
        self.kept: dict[int, bytes] = {}
        self.before: dict[int, bytes] = {}
        self.start = self.end = self.synced = 0
        self.serial = 0
        self.open()

    def open(self) -> None:
        self.journal = Journal(FOLDER, size=60_000, segment_size=300, files=self.files)
        self.follower: Reader = self.journal.reader(0)

    @rule(batch=batches, crash=crashes, power_cut=st.booleans())
    def append(self, batch: list[bytes], crash: int | None, power_cut: bool) -> None:
        records = [b"%d:" % (self.serial + index) + record for index, record in enumerate(batch)]
        self.serial += len(batch)
        new = dict(enumerate(records, self.end))

        def act() -> None:
            try:
                self.journal.append(records)
            except JournalFullError:
                self.forget(self.journal.drop_oldest(1))
            except OSError:
                assert self.files.space is not None
            else:
                self.kept |= new
                self.end += len(records)

        self.guarded(act, crash, power_cut, perhaps=new)

    @rule(crash=crashes, power_cut=st.booleans(), failing=st.integers(0, 2))
    def sync(self, crash: int | None, power_cut: bool, failing: int) -> None:
        def act() -> None:
            self.files.failing_syncs = failing
            self.files.space = None
            try:
                assert self.journal.sync() == self.end
            except OSError:
                assert failing
            else:
                self.synced = self.end

        self.guarded(act, crash, power_cut)
        self.files.failing_syncs = 0

    @rule(share=st.floats(0, 1), crash=crashes, power_cut=st.booleans())
    def trim(self, share: float, crash: int | None, power_cut: bool) -> None:
        position = self.start + round(share * (self.end - self.start))
        self.forget(position - self.start)
        self.guarded(lambda: self.journal.trim(position), crash, power_cut)

    @rule(share=st.floats(0, 1), crash=crashes, power_cut=st.booleans())
    def cut(self, share: float, crash: int | None, power_cut: bool) -> None:
        position = self.start + round(share * (self.end - self.start))
        gone = {number: self.kept.pop(number) for number in list(self.kept) if number >= position}
        self.synced = min(self.synced, position)
        old_end, self.end = self.end, position
        self.files.space = None
        self.guarded(lambda: self.journal.cut(position), crash, power_cut, perhaps=gone, perhaps_end=old_end)
        self.follow_anew()

    @rule(count=st.integers(1, 9000), power_cut=st.booleans())
    def drop_oldest(self, count: int, power_cut: bool) -> None:
        self.files.space = None
        self.forget(self.journal.drop_oldest(count))

    @rule(space=st.integers(0, 200))
    def fill_disk(self, space: int) -> None:
        self.files.space = space

    @rule(power_cut=st.booleans(), crash=crashes)
    def die(self, power_cut: bool, crash: int | None) -> None:
        self.recover(power_cut, {}, self.end, crash)

    @rule(limit=st.integers(1, 7))
    def follow(self, limit: int) -> None:
        at = max(self.follower.position, self.start)
        wanted = [(number, self.kept[number]) for number in sorted(self.kept) if number >= at]
        assert self.follower.take(limit) == wanted[:limit]

    @invariant()
    def what_was_appended_is_read(self) -> None:
        assert list(self.journal.read(0)) == sorted(self.kept.items())
        assert (self.journal.start, self.journal.end) == (self.start, self.end)
        assert self.journal.used <= self.journal.size + 10_000

    def forget(self, count: int) -> None:
        """Take what is trimmed or dropped out of the model."""
        self.start += count
        self.synced = max(self.synced, self.start)
        self.before |= {number: self.kept.pop(number) for number in list(self.kept) if number < self.start}

    def guarded(
        self,
        act: Callable[[], None],
        crash: int | None,
        power_cut: bool,
        perhaps: dict[int, bytes] | None = None,
        perhaps_end: int = 0,
    ) -> None:
        """Do something, and if the process dies over it, recover; `perhaps` may then be there or not."""
        self.files.calls_left = crash
        try:
            act()
        except CrashError:
            self.recover(power_cut, perhaps or {}, max(self.end, perhaps_end), None)
        self.files.calls_left = None

    def recover(self, power_cut: bool, perhaps: dict[int, bytes], end: int, crash: int | None) -> None:
        self.files.restart(power_cut=power_cut)
        self.files.calls_left = crash
        try:
            self.open()
        except CrashError:
            self.files.restart(power_cut=power_cut)
            self.open()
        self.files.calls_left = None
        found = dict(self.journal.read(0))
        certain = range(self.start, self.synced if power_cut else self.end)
        assert not [number for number in certain if number in self.kept and number not in found]
        allowed = self.before | perhaps | self.kept
        assert not {n: record for n, record in found.items() if record not in {allowed.get(n), self.kept.get(n)}}
        if not power_cut:
            extra = found.keys() - self.before.keys() - self.kept.keys()
            assert not extra or extra == perhaps.keys() - self.before.keys(), "all of an append or nothing"
        self.adopt(found)

    def adopt(self, found: dict[int, bytes]) -> None:
        """Go on from what was found; what was forgotten may have come back and is forgotten again."""
        assert self.journal.end >= max(found, default=0)
        self.end = self.journal.end
        self.kept = {number: record for number, record in found.items() if number >= self.start}
        self.synced = min(self.synced, self.end)
        self.start = min(self.start, self.end)
        self.before = {number: record for number, record in self.before.items() if number < self.start}
        self.journal.trim(self.start)
        self.start = self.journal.start
        self.follow_anew()

    def follow_anew(self) -> None:
        self.follower.close()
        self.follower = self.journal.reader(self.start)

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.follower.close()
            self.journal.close()


TestJournalModel = JournalMachine.TestCase
TestJournalModel.settings = settings(
    max_examples=int(os.environ.get("GAUGEWAY_MODEL_RUNS", "60")),
    stateful_step_count=40,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow],
)
