"""One pipeline: a source, its stages and the sinks, driven on one thread."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import chain as chained
from itertools import islice
from time import monotonic
from typing import Final, Never, cast

from msgspec.structs import replace

from gaugeway.contain import Signal
from gaugeway.engine.burst import Burst
from gaugeway.engine.chain import Chain, Stage, take_over
from gaugeway.engine.intake import Intake
from gaugeway.engine.joint import HaltedError, Item
from gaugeway.engine.outlet import Outlet
from gaugeway.engine.recorder import Recorder, Unrecorded
from gaugeway.engine.status import Status
from gaugeway.engine.turn import Turn
from gaugeway.engine.wheel import Wheel
from gaugeway.plan import Use
from gaugeway.reading import Reading, Tick

BATCH: Final = 256
OFTEN: Final = 0.1
"""Sinks that are handed readings, and see the time by them, need not be told more often that it passes."""


class Recompose(Signal):
    """Ends the composed generators between two bursts, without their stages seeing an end of the stream."""


class Pipeline:
    """Drives one source through its stages into the sinks, burst by burst.

    A burst is what the source gave between two waits. It is recorded, goes through the composed stages, and what
    comes out is handed to the sinks in batches before the source is asked for more; so between two bursts every
    generator waits, and that is when time passes, stages are exchanged, a stop is honoured and, under `turn`,
    a checkpoint can be taken.
    """

    def __init__(
        self, name: str, intake: Intake, chain: Chain, outlets: Sequence[Outlet], stopping: threading.Event
    ) -> None:
        self.name = name
        self.intake = intake
        self.chain = chain
        self.outlets = outlets
        self.status = Status()
        self.turn = Turn()
        self.recorder: Recorder = Unrecorded(intake)
        self.stopping = stopping
        self.save_soon: Callable[[], None] = lambda: None
        self.moved_at = monotonic()
        self.wheel = Wheel()
        self._batch: deque[Reading] = deque()
        self._stale = False
        self._held: list[Burst] = []
        self._torn = False
        self._troubled = False
        self._halted: HaltedError | None = None
        self._replayed = False
        self._ticked_at = 0.0

    def run(self) -> None:
        """Run until the source ends or the gateway stops."""
        self.wheel.take()
        self.moved_at = monotonic()
        self.status.become("running")
        self._batch = deque(item for item in self._batch if type(item) is Reading)  # what a failure left behind
        with closing(self._all_bursts()) as bursts:
            while True:
                try:
                    self._drive(bursts)
                except Recompose:
                    if self._held or not self.stopping.is_set():
                        continue
                break
            self.recorder.make_last()
        self.status.become("stopped" if self.stopping.is_set() else "ended")

    @property
    def minds_ticks(self) -> bool:
        """Whether anything in it does something when only time passes, so that a replay needs the ticks too."""
        return self.chain.wants_ticks or any(outlet.ticking for outlet in self.outlets)

    @property
    def midway(self) -> bool:
        """Whether it stands in the middle of a burst, which a restart after a failure will finish."""
        return self.status.state != "failed" and bool(self._torn or self._batch)

    def exchange(
        self,
        stages: Sequence[Stage],
        outlets: Sequence[Outlet],
        same: Callable[[Use, Use], bool] = Use.makes_the_same,
    ) -> None:
        """Go on with these stages and sinks from the next burst; called while `turn` is paused.

        A stage that has not changed keeps its object, a changed one its state where that fits.
        """
        self.chain.stages = take_over(self.chain.stages, stages, same)
        self.outlets = outlets
        self._stale = True

    def recompose(self) -> None:
        """Join the stages again before the next burst, because a flag was switched."""
        self._stale = True

    def _all_bursts(self) -> Generator[Burst]:
        if not self._replayed:
            for burst in self.recorder.replay():
                yield burst
                if self.intake.may_stop:
                    return
            self._replayed = True
        yield from self.intake.bursts()

    def _drive(self, bursts: Generator[Burst]) -> None:
        waiting = self._batch
        with ExitStack() as ending, closing(self._feed(bursts, ending)) as feed:  # a failure gives the turn back too
            stream = cast("Generator[Reading]", self.chain.compose(feed))  # and ticks, which no sink is handed
            for item in stream:
                waiting.append(item)
                waiting.extend(islice(stream, BATCH - 1))  # at the end of a burst the feed empties it meanwhile
                if len(waiting) >= BATCH:
                    self._hand_over()
            self._hand_over()
            if self._halted is not None:
                self._halt(self._halted)

    def _feed(self, bursts: Generator[Burst], ending: ExitStack) -> Generator[Sequence[Item]]:
        """Hand bursts to the chain, and do between two of them what has to be done there.

        At the end of the source the turn is kept in `ending`, while the stages give out what they have left.
        """
        clock, meter, can_wait = self.chain.site.clock, self.chain.intake, self.intake.can_wait
        coming = chained(self._released(), bursts)
        while (burst := self._next(coming)) is not None:
            if not self.recorder.keep(burst):
                self._wait_to_keep(burst)
            if self.turn.wanted:
                self.turn.step_aside()
            with self.turn.inside:
                if self._stale:
                    self._held.append(burst)
                    self._stale = False
                    raise Recompose
                self._torn = False
                clock.now = burst.now
                meter.timed += len(burst.readings)
                self.chain.watch.between_bursts()
                try:
                    yield (
                        [*burst.readings, Tick(now=burst.now)]
                        if burst.tick and self.chain.wants_ticks
                        else burst.readings
                    )
                except GeneratorExit:  # a stage halts: what was not begun waits for the restart
                    self._held.append(replace(burst, readings=self.chain.not_begun(burst.readings)))
                    self._torn = True
                    raise
                self._settle(burst)
            if can_wait and self._troubled:
                self._hold_back()
        if self.stopping.is_set():
            raise Recompose
        ending.enter_context(self.turn.inside)

    def _next(self, bursts: Iterator[Burst]) -> Burst | None:
        """Wait for the source; what it brings, its end and its errors count only while this thread drives."""
        self.wheel.waits = True
        try:
            return next(bursts, None)
        finally:
            self.wheel.go_on()
            self.moved_at = monotonic()  # a burst comes at least every second: silence means that it hangs

    def _wait_to_keep(self, burst: Burst) -> None:
        """Try again to record a burst; meanwhile only time passes, and a stop leaves the burst to the sender."""
        while True:
            self.let_time_pass()
            if self.stopping.wait(1.0):
                raise Recompose
            if self.recorder.keep(burst):
                return

    def _settle(self, burst: Burst) -> None:
        """Hand over what came of a burst, and do what is due now that it went through."""
        self._hand_over()
        if self._halted is not None:
            self._halt(self._halted)
        if burst.tick and (not burst.readings or not 0 <= burst.now - self._ticked_at < OFTEN):
            self._tick(Tick(now=burst.now))
        self._troubled = False
        for outlet in self.outlets:
            if not outlet.works:
                self._troubled = True
            if outlet.hasty and outlet.unsaved:
                self.save_soon()
        self.recorder.settle(burst)

    def _released(self) -> Generator[Burst]:
        """Yield the burst that came just when the stages were exchanged."""
        while self._held:
            yield self._held.pop()

    def _hand_over(self) -> None:
        """Give each sink what has come out, in a list of its own: one that fails keeps it, another may empty it."""
        waiting = self._batch
        if not waiting:
            return
        readings = [item for item in waiting if type(item) is Reading] if self.chain.wants_ticks else list(waiting)
        waiting.clear()
        clock = self.chain.site.clock
        for start in range(0, len(readings), BATCH):
            batch = readings[start : start + BATCH]
            for outlet in self.outlets:
                try:
                    outlet.take(batch.copy(), clock)
                except HaltedError as error:  # the other sinks get theirs all the same, and stages finish the burst
                    self._halted = error

    def _halt(self, error: HaltedError) -> Never:
        self._halted = None
        raise error

    def _tick(self, tick: Tick) -> None:
        self._ticked_at = tick.now
        for outlet in self.outlets:
            outlet.tick(tick, self.chain.site.clock)

    def _hold_back(self) -> None:
        """While a sink can hardly take more, take no more from a sender that would rather wait than lose.

        A reload may put other sinks in the place of those that are waited for.
        """
        while any(outlet.pressed for outlet in self.outlets) and not self.stopping.wait(0.2):
            self.let_time_pass()

    def let_time_pass(self) -> None:
        """Tell the sinks that time has passed, while nothing else does."""
        self.moved_at = monotonic()
        clock = self.chain.site.clock
        with self.turn.inside:
            self._tick(Tick(now=self.intake.time.now() if clock.live else clock.now))
