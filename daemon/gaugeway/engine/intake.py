"""Where readings enter: a source is opened, read, and opened again after a failure; each reading is completed."""

import re
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from itertools import chain as chained
from itertools import islice
from typing import Final, cast

import msgspec

from gaugeway.contain import Contained, in_words
from gaugeway.contract import Source
from gaugeway.delivery.backoff import Backoff
from gaugeway.engine.joint import HaltedError
from gaugeway.engine.meter import Meter
from gaugeway.engine.pump import Item, ticking
from gaugeway.engine.status import Status
from gaugeway.engine.timekeeper import SET_AFTER, Timekeeper
from gaugeway.errors import DeviceError
from gaugeway.log import logger
from gaugeway.plan import SourceUse
from gaugeway.reading import Reading, Reject, Tick
from gaugeway.sensor import Sensor
from gaugeway.site import Site

log = logger(__name__)

BURST: Final = 256
WAIT: Final = 1.0
HIGHEST: Final = sys.float_info.max
LOWEST: Final = -HIGHEST
HEALTHY_AFTER: Final = 30.0
NAME: Final = re.compile(r"[^\s+#/\x00-\x1f]{1,128}")


class Burst(msgspec.Struct, gc=False):
    """What a source gave between two waits, at most 256 readings, and the stream's time when it came."""

    readings: list[Reading]
    now: float
    tick: bool = False
    full: bool = False


class SensorSeen(msgspec.Struct, gc=False):
    """One sensor that has sent something: its unit, its last reading and how many there were."""

    unit: str
    declared: Sensor | None
    last: Reading | None = None
    count: int = 0


class Intake:
    """Turns one source into bursts of completed readings, for as long as the gateway runs.

    A reading without a time gets the gateway's; one without a unit gets its sensor's. What is no finite number,
    has an impossible name, was not declared or comes from one sensor too many is counted and left out here, so
    that nothing behind this point has to grow.
    """

    def __init__(  # what a source needs around it
        self, use: SourceUse, source: Source, site: Site, meter: Meter, *, stopping: threading.Event, max_sensors: int
    ) -> None:
        self.use = use
        self.source = source
        self.site = site
        self.meter = meter
        self.status = Status()
        self.time = Timekeeper()
        self.sensors: dict[str, SensorSeen] = {}
        self.restarts = 0
        self._stopping = stopping
        self._max_sensors = max_sensors
        self._backoff = Backoff(use.retry)
        self._opened_at = 0.0
        self._commit: Callable[[], None] | None = getattr(source, "commit", None)

    def bursts(self) -> Generator[Burst]:
        """Yield burst after burst until the source ends or the gateway stops; wait and open again after a failure."""
        while not self._stopping.is_set():
            self._opened_at = self.time.now()
            with Contained() as fault:
                yield from self._one_opening()
                if not self._stopping.is_set():
                    self.status.become("ended")
                return
            if not isinstance(fault.error, DeviceError | OSError):
                self.status.become("failed", in_words(fault.error or RuntimeError("ended")))
                raise HaltedError(f"source '{self.use.id}' failed: {self.status.reason}") from fault.error
            yield from self._pause(fault.error)

    def commit(self) -> None:
        """Let the source acknowledge all that it yielded, if it is one that does."""
        if self._commit is not None:
            self._commit()

    @property
    def acknowledges(self) -> bool:
        """Whether the sender keeps what is not acknowledged."""
        return self._commit is not None

    def _one_opening(self) -> Generator[Burst]:
        stream = ticking(self.use.id, self.source)
        try:
            while not self._stopping.is_set():
                burst = self._collect(stream)
                if burst is None:
                    return
                yield burst
        finally:
            close: Callable[[], None] | None = getattr(stream, "close", None)
            if close is not None:
                close()

    def _collect(self, stream: Iterator[Item]) -> Burst | None:
        """Return what comes before the next tick, 256 readings at most; None at the end of the source."""
        first = next(stream, None)
        if first is None:
            return None
        readings: list[Reading] = []
        append, get = readings.append, self.sensors.get
        now, wall = self.time.now(), self.time.wall()
        tick: Tick | None = None
        for item in chained((first,), islice(stream, BURST - 1)):
            if type(item) is not Reading:
                if isinstance(item, Tick):
                    tick = item
                    break
                self._reject(cast("Reject", item))
                continue
            seen = get(item.sensor) or self._meet(item)
            if seen is None or not LOWEST <= item.value <= HIGHEST:
                self._leave_out(item, seen)
                continue
            if not item.time:
                item.time = wall
            if not item.unit:
                item.unit = seen.unit
            seen.count += 1
            seen.last = item
            append(item)
        if wall < SET_AFTER and readings:
            _mark_unsynced(readings, wall)
        return self._burst(readings, now, tick)

    def _burst(self, readings: list[Reading], now: float, tick: Tick | None) -> Burst:
        if self.status.state != "running":
            self._runs()
        if self._backoff.failures and now - self._opened_at > HEALTHY_AFTER:
            self._backoff.reset()
        if not self.site.clock.live:
            now = max(self.site.clock.now, readings[-1].time if readings else 0.0)
        return Burst(readings, now, tick is not None, tick is not None and tick.full)

    def _runs(self) -> None:
        if self.status.become("running") and self._backoff.failures:
            log.info("source is back", source=self.use.id)

    def _meet(self, reading: Reading) -> SensorSeen | None:
        """Take in a sensor that was not seen before, or say with its fate why not."""
        name = reading.sensor
        declared = self.site.sensors.find(name)
        if not NAME.fullmatch(name):
            reading.drop("bad name")
        elif declared is None and len(self.site.sensors):
            reading.drop("undeclared sensor")
        elif len(self.sensors) >= self._max_sensors:
            reading.drop("too many sensors")
        else:
            seen = self.sensors[name] = SensorSeen(declared.unit if declared else "", declared)
            return seen
        return None

    def _leave_out(self, reading: Reading, seen: SensorSeen | None) -> None:
        reason = "not finite" if seen is not None else reading.fate or "unknown"
        self._reject(Reject(reason, sensor=reading.sensor))

    def _reject(self, reject: Reject) -> None:
        self.meter.drop(reject.reason)
        count = self.meter.dropped[reject.reason]
        if count & (count - 1) == 0:  # the 1st, 2nd, 4th, 8th ...: a flood cannot fill the log
            facts = {"reason": reject.reason, "count": count, "sensor": reject.sensor, "raw": reject.raw[:80]}
            log.warning("input left out", source=self.use.id, **{name: fact for name, fact in facts.items() if fact})

    def _pause(self, error: BaseException) -> Generator[Burst]:
        """Wait before the source is opened again, ticking, so that alarms and stop requests are not kept waiting."""
        seconds = self._backoff.next()
        self.restarts += 1
        self.meter.fail(in_words(error))
        if self.status.become("waiting", str(error), retry_in=seconds):
            log.warning("source waits", source=self.use.id, reason=str(error), retry_in=seconds)
        until = self.time.now() + seconds
        while (left := until - self.time.now()) > 0 and not self._stopping.is_set():
            yield Burst([], self.time.now(), tick=True)
            self._stopping.wait(min(WAIT, left))


def _mark_unsynced(readings: list[Reading], wall: float) -> None:
    """Mark the readings whose time was taken from a clock that nobody has set yet."""
    for reading in readings:
        if reading.time == wall:
            reading.stamp = "unsynced"
