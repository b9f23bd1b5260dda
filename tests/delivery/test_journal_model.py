"""The journal against a simple model, with the process killed or the power cut at any call to the file system.

The disk here is a model too (`volatile.py`). What a real kernel, disk and process do is shown in tests/system.
"""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.delivery.volatile import CrashError, VolatileFiles

from gaugeway.delivery.journal import Journal, JournalFullError
from gaugeway.delivery.reader import Reader

FOLDER = Path("/journal")

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
        self.end = position
        self.files.space = None
        self.guarded(lambda: self.journal.cut(position), crash, power_cut, perhaps=gone, again=True)
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
        self.recover(power_cut, {}, crash)

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
        *,
        again: bool = False,
    ) -> None:
        """Do something, and if the process dies over it, recover; `perhaps` may then be there or not."""
        self.files.calls_left = crash
        try:
            act()
        except CrashError:
            self.recover(power_cut, perhaps or {}, None)
            if again:  # a cut that was interrupted is repeated: without that it could still be undone by a power cut
                self.journal.cut(self.end)
        self.files.calls_left = None

    def recover(self, power_cut: bool, perhaps: dict[int, bytes], crash: int | None) -> None:
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
