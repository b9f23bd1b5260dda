"""Checkpoints: what a restart needs to go on as if nothing had happened, taken between two readings."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from gaugeway.contain import Contained, in_words
from gaugeway.delivery.outbox import Outbox
from gaugeway.engine.outlet import Outlet
from gaugeway.engine.pipeline import Pipeline
from gaugeway.engine.state import restore, saved
from gaugeway.engine.status import Status
from gaugeway.engine.turn import all_paused
from gaugeway.errors import DeviceError
from gaugeway.log import logger
from gaugeway.service.storage import Storage

log = logger(__name__)
S = TypeVar("S", "PipelineState", "SinkState")


class PipelineState(msgspec.Struct, frozen=True, kw_only=True):
    """Where one pipeline stands."""

    position: int
    now: float
    stages: bytes
    receipts: list[tuple[int, int, int]] = []


class SinkState(msgspec.Struct, frozen=True, kw_only=True):
    """Where one sink stands."""

    state: object = None
    position: object = None
    outbox: tuple[int, int] | None = None


State = PipelineState | SinkState


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
        self._parts = parts
        self._last = storage.store.load()
        self._left_at: dict[str, bytes | None] = {}
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep_taking, name="checkpoints", daemon=True)

    def start(self) -> None:
        """Take the first one, which is where a crash leads back to, and go on taking them."""
        self.take()
        self._thread.start()

    def open_pipeline(self, pipeline: Pipeline) -> None:
        """Give a pipeline its recorder and bring back what the last checkpoint says of it."""
        state = self._state(f"pipeline {pipeline.name}", PipelineState)
        recorder = self.storage.recorder(pipeline, state.position if state else 0)
        pipeline.recorder = recorder
        if state is None:
            return
        pipeline.chain.restore(state.stages)
        pipeline.chain.site.clock.now = state.now
        pipeline.intake.time.continue_from(state.now)
        recorder.resume(state.position, state.receipts)

    def open_outlet(self, outlet: Outlet) -> None:
        """Give a sink its outbox, bring back its state, and take back what it wrote after the last checkpoint."""
        outbox = outlet.outbox = self.storage.outbox(outlet)
        state = self._state(f"sink {outlet.use.id}", SinkState)
        if state is not None:
            restore(outlet.sink, state.state, outlet.use.id)
            if self.storage.plan.journal:
                outlet.go_back_to(state.position)
            if outbox is not None and state.outbox is not None and self.storage.plan.journal:
                outbox.resume(state.outbox)
        if outbox is not None:
            outbox.start()

    def open_outbox(self, outlet: Outlet) -> None:
        """Give a sink that came with a reload its outbox; it goes on where the one before it ended."""
        outbox = outlet.outbox = self.storage.outbox(outlet)
        if outbox is not None:
            outbox.start()

    def take(self) -> bool:
        """Take one checkpoint now; tell whether it is safe on disk."""
        pipelines, outlets = self._parts()
        with Contained() as fault:
            with all_paused(pipeline.turn for pipeline in pipelines):
                if any(outlet.behind for outlet in outlets) or any(pipeline.midway for pipeline in pipelines):
                    return False
                states = self._collect(pipelines, outlets)
            self.storage.store.save(self._packed(states))
            self._settle(pipelines, outlets, states)
        return self._well(fault.error)

    def let_go(self, pipelines: Iterable[Pipeline]) -> None:
        """Close what was open for pipelines that have ended.

        Who takes their place goes on from where they are, not from the last checkpoint: a sink that is behind may
        have put that off for long.
        """
        for pipeline in pipelines:
            name = f"pipeline {pipeline.name}"
            self._left_at[name] = None
            if pipeline.status.state != "ended":
                with Contained() as fault:
                    self._left_at[name] = msgspec.msgpack.encode(_state_of(pipeline))
                if fault.error is not None:
                    log.error("state is lost", source=pipeline.name, reason=in_words(fault.error), error=fault.error)
            pipeline.recorder.close()

    def end(self, *, last: bool) -> None:
        """Take no more of them, after a last one if every pipeline has ended."""
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

    def _keep_taking(self) -> None:
        while not self._ending.is_set():
            self._wake.wait(self.storage.plan.checkpoint_every)
            self._wake.clear()
            if not self._ending.is_set():
                self.take()
                self.storage.reserve.refill()

    def _collect(self, pipelines: Sequence[Pipeline], outlets: Sequence[Outlet]) -> dict[str, State]:
        states: dict[str, State] = {}
        for outlet in outlets:
            outlet.flush()
            box = outlet.outbox if isinstance(outlet.outbox, Outbox) else None
            if box is not None:
                box.sync()
            states[f"sink {outlet.use.id}"] = SinkState(
                state=saved(outlet.sink), position=outlet.position(), outbox=box.position if box else None
            )
        for pipeline in pipelines:
            if pipeline.status.state == "ended":  # it is over; the next run begins anew
                continue
            pipeline.recorder.sync()
            states[f"pipeline {pipeline.name}"] = _state_of(pipeline)
        return states

    def _packed(self, states: Mapping[str, State]) -> dict[str, bytes | None]:
        """Return the parts as bytes; those of pipelines and sinks that are no more are None, to be forgotten."""
        gone = dict.fromkeys(self._last.keys() - states.keys())
        self._last = {name: msgspec.msgpack.encode(state) for name, state in states.items()}
        return {**self._last, **gone}

    def _settle(
        self,
        pipelines: Sequence[Pipeline],
        outlets: Sequence[Outlet],
        states: dict[str, State],
    ) -> None:
        for pipeline in pipelines:
            state = states.get(f"pipeline {pipeline.name}")
            if isinstance(state, PipelineState):
                pipeline.recorder.trim(state.position)
        for outlet in outlets:
            state = states[f"sink {outlet.use.id}"]
            if isinstance(outlet.outbox, Outbox) and isinstance(state, SinkState) and state.outbox is not None:
                outlet.outbox.settle(state.outbox)

    def _well(self, error: BaseException | None) -> bool:
        if error is None:
            self.taken += 1
            if self.status.become("running") and self.taken > 1:
                log.info("checkpoints are taken again")
            return True
        if isinstance(error, DeviceError | OSError):
            if self.status.become("waiting", in_words(error)):
                log.warning("no checkpoint could be taken", reason=in_words(error))
        elif self.status.become("failed", in_words(error)):
            log.error("no checkpoint can be taken", reason=in_words(error), error=error)
        return False

    def _state(self, name: str, kind: type[S]) -> S | None:
        """Return what the last checkpoint says of one part, None where it says nothing that can be understood."""
        packed = self._left_at.get(name, self._last.get(name))
        if packed is None:
            return None
        try:
            return msgspec.msgpack.decode(packed, type=kind)
        except msgspec.DecodeError as error:
            log.warning("a part of the checkpoint cannot be understood and is left out", part=name, reason=str(error))
            return None


def _state_of(pipeline: Pipeline) -> PipelineState:
    return PipelineState(
        position=pipeline.recorder.position,
        now=pipeline.chain.site.clock.now,
        stages=pipeline.chain.save(),
        receipts=pipeline.recorder.remembered(),
    )
