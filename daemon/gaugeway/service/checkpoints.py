"""Checkpoints: what a restart needs to go on as if nothing had happened, taken between two readings."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress

import msgspec

from gaugeway.contain import Contained, in_words
from gaugeway.delivery.outbox import Outbox
from gaugeway.engine.outlet import Outlet
from gaugeway.engine.pipeline import Pipeline
from gaugeway.engine.recorder import Journaled
from gaugeway.engine.state import packed, restore
from gaugeway.engine.status import Status
from gaugeway.engine.turn import all_paused
from gaugeway.errors import DeviceError
from gaugeway.log import logger
from gaugeway.plan import CHECKPOINT_LEAST
from gaugeway.service.positions import PART, Positions, Reached, Written
from gaugeway.service.storage import Storage

log = logger(__name__)

Standing = tuple[Reached, bytes]
"""How far a pipeline has come, and the state of its stages."""


class Checkpoints:
    """Takes a checkpoint now and then, and brings back the last one at the start.

    All pipelines are held between two bursts while it is taken, so that their positions, the state of stages and
    sinks, and how far files and outboxes were written belong together. It is one transaction; only when that is
    safe are the journals trimmed.
    """

    def __init__(self, storage: Storage, parts: Callable[[], tuple[Sequence[Pipeline], Sequence[Outlet]]]) -> None:
        self.storage = storage
        self.status = Status()
        self.taken = 0
        self.taken_at: float | None = None
        """When the last one was taken, on the clock that never steps."""
        self._parts = parts
        self._last = storage.store.load()
        self._positions = Positions.decoded(self._last.get(PART))
        self._left_at: dict[str, Standing | None] = {}
        self._alone = threading.RLock()
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._given_up = False
        self._thread = threading.Thread(target=self._keep_taking, name="checkpoints", daemon=True)

    def start(self) -> None:
        """Take the first one, which is where a crash leads back to, and go on taking them."""
        self._tell_of_the_gone()
        self.take()
        self._thread.start()

    def open_pipeline(self, pipeline: Pipeline) -> None:
        """Give a pipeline its recorder and bring back what the last checkpoint says of it."""
        name = pipeline.name
        last = self._positions.pipelines.get(name)
        standing = self._left_at.get(name, (last, self._last.get(f"pipeline {name}", b"")) if last else None)
        pipeline.save_soon = self._wake.set
        pipeline.recorder = recorder = self.storage.recorder(pipeline, standing[0].position if standing else 0)
        if standing is None:
            return
        reached, stages = standing
        if stages:
            pipeline.chain.restore(stages)
        pipeline.chain.site.clock.now = reached.now
        pipeline.intake.time.continue_from(reached.now)
        if reached.measure == recorder.measure:
            recorder.resume(reached.position, reached.receipts)

    def open_outlet(self, outlet: Outlet) -> None:
        """Give a sink its outbox, bring back its state, and take back what it wrote after the last checkpoint."""
        outbox = outlet.outbox = self.storage.outbox(outlet, self._sync_journals)
        outlet.guard = self.storage.guard(outlet)
        state = self._last.get(f"sink {outlet.use.id}")
        if state is not None:
            restore(outlet.sink, msgspec.msgpack.decode(state), outlet.use.id)
        written = self._positions.sinks.get(outlet.use.id)
        if written is not None and self._positions.journal and self.storage.plan.journal:
            outlet.go_back_to(written.position)
            if outbox is not None and written.outbox is not None:
                outbox.resume(written.outbox)
        if outbox is not None:
            outbox.start()

    def open_outbox(self, outlet: Outlet) -> None:
        """Give a sink that came with a reload its outbox; it goes on where the one before it ended."""
        outbox = outlet.outbox = self.storage.outbox(outlet, self._sync_journals)
        outlet.guard = self.storage.guard(outlet)
        if outbox is not None:
            outbox.start()

    @contextmanager
    def put_off(self) -> Generator[None]:
        """Take none on another thread while the block changes what there is; it may itself."""
        with self._alone:
            yield

    def take(self) -> bool:
        """Take one checkpoint now; tell whether it is safe on disk."""
        with self._alone, Contained() as fault:
            pipelines, outlets = self._parts()
            with all_paused(pipeline.turn for pipeline in pipelines):
                behind = any(outlet.behind for outlet in outlets) or any(pipeline.midway for pipeline in pipelines)
                if behind or self._given_up:
                    return False
                positions, parts = self._collect(pipelines, outlets)
            self._save(positions, parts)
            self._settle(pipelines, outlets)
        return self._well(fault.error)

    @property
    def due(self) -> bool:
        """Whether it is time for one, as much as has come since the last."""
        if self.taken_at is None or self.status.state != "running":
            return True
        passed = max(time.monotonic() - self.taken_at, 0.001)
        return passed >= self.storage.plan.apart(self.moved / passed)

    @property
    def moved(self) -> int:
        """How many records of the journals have been worked through since the last one."""
        known = self._positions.pipelines
        reached = {pipeline.name: pipeline.recorder.position for pipeline in self._parts()[0]}
        return sum(position - known[name].position for name, position in reached.items() if name in known)

    def let_go(self, pipelines: Iterable[Pipeline]) -> None:
        """Close what was open for pipelines that have ended.

        Who takes their place goes on from where they are, not from the last checkpoint: a sink that is behind may
        have put that off for long.
        """
        for pipeline in pipelines:
            self._left_at[pipeline.name] = None
            if pipeline.status.state != "ended":
                with Contained() as fault:
                    self._left_at[pipeline.name] = Reached.by(pipeline), pipeline.chain.save()
                if fault.error is not None:
                    log.error("state is lost", source=pipeline.name, reason=in_words(fault.error), error=fault.error)
            pipeline.recorder.close()

    def end(self, *, last: bool) -> None:
        """Take no more of them, after a last one if every pipeline has ended.

        Otherwise one may be under way that still waits for a pipeline. It must not find sinks that were closed in the
        meantime and have let go of what they could not take: that is to come again after the restart.
        """
        self._given_up = not last
        self._ending.set()
        self._wake.set()
        if self._thread.is_alive() and last:
            self._thread.join()
        if last:
            self.take()

    def close(self, pipelines: Iterable[Pipeline]) -> None:
        """Close the state folder; everything has been stopped before."""
        for pipeline in pipelines:
            pipeline.recorder.close()
        self.storage.close()

    def _tell_of_the_gone(self) -> None:
        """Say what was taken back and does not come again, because its source is gone or is called otherwise now."""
        here = {pipeline.name for pipeline in self._parts()[0]}
        gone = {name: reached for name, reached in self._positions.pipelines.items() if name not in here}
        for name, reached in gone.items():
            count = self.storage.left_over(name, reached.position) if reached.measure == Journaled.measure else 0
            if count:
                log.warning("source is gone, what it gave before the crash is in its journal", source=name, count=count)

    def _sync_journals(self) -> None:
        """Bring all that was read to disk, as far as the disk takes it."""
        for pipeline in self._parts()[0]:
            with suppress(OSError, DeviceError):
                pipeline.recorder.sync()

    def _keep_taking(self) -> None:
        while not self._ending.is_set():
            asked = self._wake.wait(self.storage.plan.checkpoint_every or CHECKPOINT_LEAST)
            self._wake.clear()
            if not self._ending.is_set():
                if asked or self.due:
                    self.take()
                self.storage.reserve.refill()

    def _collect(
        self, pipelines: Sequence[Pipeline], outlets: Sequence[Outlet]
    ) -> tuple[Positions, dict[str, bytes | None]]:
        positions = Positions(journal=self.storage.plan.journal)
        parts: dict[str, bytes | None] = {}
        for outlet in outlets:
            outlet.flush()
            box = outlet.outbox if isinstance(outlet.outbox, Outbox) else None
            if box is not None:
                box.sync()
            state = packed(outlet.sink)
            if state is not None:
                parts[f"sink {outlet.use.id}"] = bytes(state)
            positions.sinks[outlet.use.id] = Written(position=outlet.position(), outbox=box.position if box else None)
        for pipeline in () if all(pipeline.status.state == "ended" for pipeline in pipelines) else pipelines:
            pipeline.recorder.sync()
            parts[f"pipeline {pipeline.name}"] = pipeline.chain.save()
            positions.pipelines[pipeline.name] = Reached.by(pipeline)
        return positions, parts

    def _save(self, positions: Positions, parts: dict[str, bytes | None]) -> None:
        """Save the parts, and forget those of pipelines and sinks that are no more."""
        parts[PART] = msgspec.msgpack.encode(positions)
        self.storage.store.save({**dict.fromkeys(self._last), **parts})
        self._last = {name: part for name, part in parts.items() if part is not None}
        self._positions = positions

    def _settle(self, pipelines: Sequence[Pipeline], outlets: Sequence[Outlet]) -> None:
        for pipeline in pipelines:
            reached = self._positions.pipelines.get(pipeline.name)
            if reached is not None:
                pipeline.recorder.trim(reached.position)
        for outlet in outlets:
            position = self._positions.sinks[outlet.use.id].outbox
            if isinstance(outlet.outbox, Outbox) and position is not None:
                outlet.outbox.settle(position)

    def _well(self, error: BaseException | None) -> bool:
        if error is None:
            self.taken += 1
            self.taken_at = time.monotonic()
            if self.status.become("running") and self.taken > 1:
                log.info("checkpoints are taken again")
            return True
        if isinstance(error, DeviceError | OSError):
            if self.status.become("waiting", in_words(error)):
                log.warning("no checkpoint could be taken", reason=in_words(error))
        elif self.status.become("failed", in_words(error)):
            log.error("no checkpoint can be taken", reason=in_words(error), error=error)
        return False
