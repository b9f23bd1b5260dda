"""One sink in its place: it is handed batches, and what its failure does is decided here."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar, cast

from gaugeway.contain import Contained, contained, in_words
from gaugeway.contract import Sink
from gaugeway.delivery.backoff import Backoff
from gaugeway.engine.audience import Audience
from gaugeway.engine.joint import HaltedError
from gaugeway.engine.meter import Meter
from gaugeway.engine.postbag import Messages, Postbag
from gaugeway.engine.state import hand_on
from gaugeway.engine.status import Status
from gaugeway.engine.timekeeper import Timekeeper
from gaugeway.engine.waiting import Waiting
from gaugeway.errors import DeviceError
from gaugeway.log import logger
from gaugeway.plan import SinkUse
from gaugeway.reading import Reading, Tick
from gaugeway.site import Clock

T = TypeVar("T")

log = logger(__name__)

PATIENCE: Final = 5.0
"""So many seconds a stop waits for a sink that hangs."""


class Outlet:
    """A sink, its counters, its error strategy and the few batches that wait while it fails.

    Several pipelines may share it: they take turns. A failing sink holds up only who can wait, when its backlog grows.
    """

    def __init__(self, use: SinkUse, sink: Sink, outbox: Messages | None = None, clock: Clock | None = None) -> None:
        self.use = use
        self.sink = sink
        self._post = Postbag(outbox)
        self.clock = clock or Clock()
        self.meter = Meter()
        self.status = Status()
        self.lock = threading.RLock()
        self.guard: Callable[[], None] | None = None
        """Called before a batch is handed over; what it raises counts as the sink's own fault."""
        self.audience = Audience(use.select)
        self._tick: Callable[[Tick], Sequence[bytes] | None] | None = getattr(sink, "tick", None)
        self._flush: Callable[[], None] | None = getattr(sink, "flush", None)
        self._close: Callable[[], None] | None = getattr(sink, "close", None)
        self._time = Timekeeper()
        self._backoff = Backoff(use.retry)
        self._waiting = Waiting()
        self._try_at = 0.0
        self._bugs = 0
        self.works = False
        """Whether it has taken all that it was handed, and nothing waits."""
        self.hasty = hasattr(sink, "unsaved")
        """Whether it may have done something that should be saved soon (`unsaved`)."""

    @property
    def outbox(self) -> Messages | None:
        """What takes the messages that the sink has for the network."""
        return self._post.outbox

    @outbox.setter
    def outbox(self, outbox: Messages | None) -> None:
        self._post.outbox = outbox

    @property
    def pressed(self) -> bool:
        """Whether so many batches wait that a sender who can wait should."""
        return self._waiting.many

    @property
    def backlog(self) -> int:
        """How many readings wait for it."""
        return self._waiting.readings

    @property
    def behind(self) -> bool:
        """Whether it has not taken all that it was handed."""
        return bool(self._waiting or self._post.messages)

    @property
    def ticking(self) -> bool:
        """Whether the sink does something when time passes."""
        return self._tick is not None

    def take(self, batch: Sequence[Reading], clock: Clock | None = None) -> None:
        """Hand the sink a batch; what it cannot take now waits, as far as there is room."""
        with self.lock:
            if clock is not None:  # the sink is shown the time of the pipeline whose turn it is
                own = self.clock
                own.now, own.live, own.pipeline = clock.now, clock.live, clock.pipeline
            if self.audience.select:
                batch = self.audience.of(batch)
            if batch and self.works:
                error = contained(self._hand, batch)
                if error is None and not self._post.messages:
                    return  # all is well, as nearly always
                self._go_on_with(batch, error)
            elif batch:
                self._keep(batch)
            if not self.works:
                self.catch_up()

    def _go_on_with(self, batch: Sequence[Reading], error: BaseException | None) -> None:
        """Let a batch wait that the sink has not taken; also one that it halts on, for the restart."""
        done = False
        try:
            done = self._done_with(error, len(batch))
        finally:
            if not done:
                self._keep(batch)

    def tick(self, tick: Tick, clock: Clock | None = None) -> None:
        """Let time pass in the sink, and try again what waits."""
        with self.lock:
            if clock is not None:  # the sink is shown the time of the pipeline whose turn it is
                own = self.clock
                own.now, own.live, own.pipeline = clock.now, clock.live, clock.pipeline
            if not self.works:
                self.catch_up()
            if self._tick is not None and not self._waiting and (self.works or self._time.now() >= self._try_at):
                self._attempt(self._let_pass, tick)

    @property
    def predecessor(self) -> Sink | None:
        """The sink that has to be handed everything before this one, if there is any."""
        first: Sink | None = getattr(self.sink, "after", None)
        return first

    @property
    def unsaved(self) -> bool:
        """Whether the sink has done something that no replay would do again, such as what a person told it."""
        return bool(getattr(self.sink, "unsaved", False))

    def catch_up(self) -> None:
        """Hand over what waits, each batch at the time at which it came, unless it is too early to try again."""
        with self.lock:
            if self._post.messages and self._time.now() >= self._try_at and not self._posted():
                return
            present = self.clock.copy()
            try:
                while self._waiting and self._time.now() >= self._try_at:
                    came, batch = self._waiting.first
                    self.clock.show(came)
                    if not self._attempt(self._hand, batch, len(batch)):
                        break
                    self._waiting.leave()
            finally:
                self.clock.show(present)

    def flush(self) -> None:
        """Make what was taken last; a fault waits like that of a batch."""
        with self.lock:
            if self._flush is not None:
                self._attempt(_call, self._flush)

    def close(self) -> None:
        """Try once more what waits, make it last and close the sink; what fails on the way hinders nothing else.

        A sink that somebody is still in, because it does not come back, is left as it is.
        """
        if not self.lock.acquire(timeout=PATIENCE):
            log.error("sink does not come back, it is left as it is", sink=self.use.id)
            return
        try:
            self._unhindered(self.last_try)
            self._unhindered(self.flush)
            if self.outbox is not None:
                self._unhindered(self.outbox.close)
            if self._waiting:
                self.meter.drop("sink blocked", self._waiting.clear())
            if self._close is not None:
                self._unhindered(self._close)
            self.status.become("stopped")
        finally:
            self.lock.release()

    def position(self) -> object | None:
        """Return how far the sink has written, in its own words; None where it has none."""
        position: Callable[[], object] | None = getattr(self.sink, "position", None)
        with self.lock:
            return None if position is None else position()

    def go_back_to(self, position: object | None) -> None:
        """Let the sink take back what it wrote after a checkpoint."""
        rollback: Callable[[object], None] | None = getattr(self.sink, "rollback", None)
        if rollback is not None and position is not None:
            with self.lock:
                rollback(position)

    def last_try(self) -> None:
        """Hand over what waits, however early it is to try again."""
        with self.lock:
            self._try_at = 0.0
            self.catch_up()

    def give_way_to(self, other: "Outlet") -> None:
        """Close, and give the state to the sink that comes in the same place."""
        self._unhindered(self.last_try)
        if self.use.type == other.use.type:
            hand_on(self.sink, other.sink, self.use.id)
        self.close()

    def go_on_as(self, use: SinkUse, audience: Audience) -> None:
        """Take over what a reload changes around a sink that stays."""
        with self.lock:
            self.use = use
            self.audience = audience
            self._backoff.retry = use.retry

    def _keep(self, batch: Sequence[Reading]) -> None:
        """Let a batch wait for the sink to work again."""
        gone = self._waiting.add(batch, self.clock)
        if gone:
            self.meter.drop("sink blocked", gone)

    def _unhindered(self, step: Callable[[], None]) -> None:
        with Contained() as fault:
            step()
        if fault.error is not None:
            log.error("sink does not close well", sink=self.use.id, reason=in_words(fault.error))

    def _attempt(self, step: Callable[[T], None], handed: T, readings: int = 0) -> bool:
        """Call into the sink; tell whether what it was handed is done with (taken, or left out by its strategy)."""
        if self._post.messages and not self._posted():
            return False
        return self._done_with(contained(step, handed), readings)

    def _done_with(self, error: BaseException | None, readings: int) -> bool:
        """Go on after a call into the sink; tell whether what it was handed is done with."""
        if error is not None:
            return self._after(error, readings)
        posted = not self._post.messages or self._posted()
        if posted and not self.works and (readings or not self._waiting):  # what waits goes before all that comes
            self._begin_to_work()
        return True

    def _hand(self, batch: Sequence[Reading]) -> None:
        if self.guard is not None:
            self.guard()
        said = self.sink.consume(batch)
        if said:
            self._post.add(said)
        self.meter.timed += len(batch)

    def _let_pass(self, tick: Tick) -> None:
        said = self._tick(tick) if self._tick is not None else None
        if said:
            self._post.add(said)

    def _posted(self) -> bool:
        """Put what the sink has said into the outbox; while that cannot be, the sink is handed no more."""
        with Contained() as fault:
            self._post.empty()
            return True
        if fault.error is not None:
            self.meter.fail(in_words(fault.error))
            self.works = False
            self._wait(fault.error)
        return False

    def _begin_to_work(self) -> None:
        self.works = True
        if self.status.become("running") and self._backoff.failures:
            log.info("sink works again", sink=self.use.id)
        self._backoff.reset()
        self._bugs = 0
        self._try_at = 0.0

    def _after(self, error: BaseException, readings: int) -> bool:
        """Do what the sink's strategy says; tell whether the batch is done with."""
        self.works = False
        self.meter.fail(in_words(error))
        if self.use.on_error == "halt":
            raise HaltedError(f"sink '{self.use.id}' failed: {in_words(error)}") from error
        is_bug = not isinstance(error, DeviceError | OSError)
        self._bugs += is_bug
        if self.use.on_error == "skip" or self._bugs >= self.use.retry.attempts:
            return self._leave_out(error, readings)
        self._wait(error, trace=error if is_bug else None)
        return False

    def _wait(self, error: BaseException, trace: BaseException | None = None) -> None:
        seconds = self._backoff.next()
        self._try_at = self._time.now() + seconds
        if self.status.become("waiting", in_words(error), retry_in=seconds):
            say = log.warning if trace is None else partial(log.error, error=trace)
            say("sink waits", sink=self.use.id, reason=in_words(error), retry_in=round(seconds, 1))

    def _leave_out(self, error: BaseException, readings: int) -> bool:
        first = error if self.meter.failed == 1 else None
        log.error("sink failed, batch left out", sink=self.use.id, reason=in_words(error), size=readings, error=first)
        if readings:
            self.meter.drop("error", readings)
        self._bugs = 0
        return True


def _call(step: Callable[[], None]) -> None:
    step()


def as_sink(plugin: object) -> Sink:
    """Return a plugin that was held against the sink contract as one."""
    return cast("Sink", plugin)
