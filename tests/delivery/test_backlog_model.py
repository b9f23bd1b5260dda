"""What waits for a sink, through crashes at any call to the file system: nothing is lost, little is sent twice.

The pipeline before the outbox is played as it is: from a checkpoint on it produces the same messages again. After a
power cut it may have lost some of its input; then what it produces from there on is different.
"""

import os
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.delivery.volatile import CrashError, VolatileFiles

from gaugeway.delivery.backlog import Backlog, Position
from gaugeway.plan import Buffer

crashes = st.none() | st.integers(0, 9)


def is_urgent(message: bytes) -> bool:
    return message.startswith(b"alarm")


def once(messages: list[bytes], *, urgent: bool) -> list[bytes]:
    """The messages of one kind in the order in which they came for the first time."""
    return [message for message in dict.fromkeys(messages) if is_urgent(message) == urgent]


class BacklogMachine(RuleBasedStateMachine):
    """Produces numbered messages, delivers, takes checkpoints and dies. `story` is what has to arrive in the end."""

    @initialize(chance=st.randoms(use_true_random=False))
    def begin(self, chance: Random) -> None:
        self.chance = chance
        self.files = VolatileFiles(chance)
        self.story: list[bytes] = []
        self.life = 0
        self.checkpoint: tuple[Position, int] = ((0, 0), 0)
        self.arrived: list[bytes] = []
        self.in_flight: list[bytes] = []
        self.may_repeat: set[bytes] = set()
        self.shaken = False  # by a power cut, until the first checkpoint after all was put again
        self.caught_up = 0
        self.open()

    def open(self) -> None:
        self.backlog = Backlog(Path("/outbox"), Buffer(size=1 << 20), self.files)
        position, self.produced = self.checkpoint
        self.backlog.resume(position)

    @rule(count=st.integers(1, 6), crash=crashes, power_cut=st.booleans())
    def produce(self, count: int, crash: int | None, power_cut: bool) -> None:
        self.guarded(lambda: self.do_produce(count), crash, power_cut)

    def do_produce(self, count: int) -> None:
        """Put the next messages; what is refused is put again another time."""
        while len(self.story) < self.produced + count:
            kind = b"alarm" if self.chance.random() < 0.2 else b"reading"
            self.story.append(b"%s %d of life %d" % (kind, len(self.story), self.life))
        for urgent, group in groupby(self.story[self.produced : self.produced + count], key=is_urgent):
            run = list(group)
            try:
                (self.backlog.put_urgent if urgent else self.backlog.put)(run)
            except OSError:
                return
            self.produced += len(run)

    @rule(limit=st.integers(1, 5), crash=crashes, power_cut=st.booleans())
    def deliver(self, limit: int, crash: int | None, power_cut: bool) -> None:
        self.guarded(lambda: self.do_deliver(limit), crash, power_cut)

    def do_deliver(self, limit: int) -> None:
        try:
            work = self.backlog.take(limit)
        except OSError:
            return
        if work is not None:
            lane, self.in_flight = work
            self.arrived += self.in_flight
            self.may_repeat.update(self.in_flight if self.shaken else ())
            lane.acknowledge(len(self.in_flight))
            self.in_flight = []

    @rule(crash=crashes, power_cut=st.booleans(), failing=st.integers(0, 2))
    def take_checkpoint(self, crash: int | None, power_cut: bool, failing: int) -> None:
        self.guarded(lambda: self.do_take_checkpoint(failing), crash, power_cut)

    def do_take_checkpoint(self, failing: int) -> None:
        self.files.failing_syncs = failing if self.files.space is None else 0
        try:
            self.backlog.sync()
        except OSError:
            return
        finally:
            self.files.failing_syncs = 0
        self.checkpoint = self.backlog.position, self.produced
        self.backlog.settle(self.checkpoint[0])
        self.shaken = self.shaken and self.produced < self.caught_up

    @rule(space=st.none() | st.integers(0, 300))
    def fill_disk(self, space: int | None) -> None:
        self.files.space = space

    @rule(power_cut=st.booleans(), crash=crashes)
    def die(self, power_cut: bool, crash: int | None) -> None:
        self.recover(power_cut, crash)

    def guarded(self, act: Callable[[], None], crash: int | None, power_cut: bool) -> None:
        self.files.calls_left = crash
        try:
            act()
        except CrashError:
            self.recover(power_cut, None)
        self.files.calls_left = None

    def recover(self, power_cut: bool, crash: int | None) -> None:
        """Begin the next life; a power cut may take the end of the story with it."""
        self.may_repeat.update(self.arrived if power_cut else self.in_flight)
        self.in_flight = []
        if power_cut:
            self.life += 1
            self.shaken = True
            del self.story[self.chance.randint(self.checkpoint[1], len(self.story)) :]
            self.caught_up = len(self.story)
        self.files.restart(power_cut=power_cut)
        self.files.calls_left = crash
        try:
            self.open()
        except CrashError:
            self.files.restart(power_cut=power_cut)
            self.open()
        self.files.calls_left = None

    def teardown(self) -> None:
        """Come to the end of the story in peace, and look at what arrived."""
        if not hasattr(self, "backlog"):
            return
        self.files.space = None
        while self.produced < len(self.story):
            self.do_produce(min(5, len(self.story) - self.produced))
        while self.backlog.take(1):
            self.do_deliver(100)
        self.backlog.close()
        assert set(self.story) <= set(self.arrived), "lost"
        repeated = {message for message in self.arrived if self.arrived.count(message) > 1}
        assert repeated <= self.may_repeat, "sent twice"
        if not self.life:
            for urgent in (False, True):
                assert once(self.arrived, urgent=urgent) == once(self.story, urgent=urgent), "out of order"


TestBacklogModel = BacklogMachine.TestCase
TestBacklogModel.settings = settings(
    max_examples=int(os.environ.get("GAUGEWAY_MODEL_RUNS", "60")),
    stateful_step_count=40,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow],
)
