"""Where readings enter: a source is opened, read, and opened again after a failure; each reading is completed."""

import math
import re
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from itertools import chain as chained
from itertools import islice
from typing import Final

from gaugeway.contain import Contained, in_words
from gaugeway.contract import Source
from gaugeway.delivery.backoff import Backoff
from gaugeway.engine.burst import Burst
from gaugeway.engine.joint import HaltedError
from gaugeway.engine.meter import Meter
from gaugeway.engine.pump import Item, let_go, ticking, ticks
from gaugeway.engine.seen import SensorSeen
from gaugeway.engine.status import Status
from gaugeway.engine.timekeeper import Timekeeper
from gaugeway.engine.wallclock import WallClock
from gaugeway.errors import ConfigError, DeviceError, PluginError
from gaugeway.log import logger
from gaugeway.plan import SourceUse
from gaugeway.reading import Reading, Reject, Tick
from gaugeway.site import Site

log = logger(__name__)

BURST: Final = 256
WAIT: Final = 1.0
DRAINED: Final = 1.0
"""So many seconds a stop waits for what a source has read from its device and not given yet."""
HIGHEST: Final = sys.float_info.max
LOWEST: Final = -HIGHEST
HEALTHY_AFTER: Final = 30.0
SETTLED_AFTER: Final = 10.0
"""A source that failed and has said nothing yet is not taken for well before that: it may still be connecting."""
NAME: Final = re.compile(r"[^\s+#/]{1,128}")
SHOWN: Final = 80
END: Final = Tick()
NO_BURST: Final[tuple[list[Reading], float, float]] = ([], 0.0, 0.0)


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
        self.wall = WallClock(wall=self.time.wall())
        self.sensors: dict[str, SensorSeen] = {}
        self.restarts = 0
        self._stopping = stopping
        self._max_sensors = max_sensors
        self._backoff = Backoff(use.retry)
        self.skip = 0  # how much of a recording was worked through
        self._opened_at = 0.0
        self._left_out = 0
        self.refused = b""
        """The beginning of an input that was no reading, to be shown to people."""
        self._commit: Callable[[], None] | None = getattr(source, "commit", None)
        self._pass_over: Callable[[int], None] | None = getattr(source, "pass_over", None)
        self._commit_fault: BaseException | None = None
        self._ticks = ticks(source)
        self._sends_once = site.clock.live and not self.can_wait
        self._unfinished = NO_BURST
        self._holds = False
        self._drained_by = math.inf

    def bursts(self) -> Generator[Burst]:
        """Yield burst after burst until the source ends or the gateway stops; wait and open again after a failure."""
        while not self._stopping.is_set():
            self._opened_at = self.time.now()
            with Contained() as fault:
                yield from self._one_opening()
                if not self._stopping.is_set():
                    self.status.become("ended")
                return
            if self._unfinished is not NO_BURST:  # what came before the failure is as good as any other
                yield self._burst(*self._unfinished, None)
            self._holds = False
            if self._stopping.is_set():
                return
            yield from self._after(fault.error or RuntimeError("ended in an unknown way"))

    def _after(self, error: BaseException) -> Generator[Burst]:
        """Wait where waiting can help; otherwise end the pipeline."""
        words = in_words(error)
        self.meter.fail(words)
        if isinstance(error, DeviceError | OSError):
            yield from self._pause(words)
            return
        self.status.become("failed", words)
        if isinstance(error, ConfigError):
            raise error
        raise HaltedError(f"source '{self.use.id}' failed: {words}") from error

    def commit(self) -> None:
        """Let the source acknowledge all that it yielded, if it is one that does; a failure is one of its stream."""
        if self._commit is not None:
            with Contained() as fault:
                self._commit()
            self._commit_fault = fault.error

    @property
    def may_stop(self) -> bool:
        """Whether a stop is wanted and costs nothing that was read from a device; that is not waited for long."""
        if not self._stopping.is_set():
            return False
        now = self.time.now()
        self._drained_by = min(self._drained_by, now + DRAINED)
        return not self._holds or now >= self._drained_by

    @property
    def can_wait(self) -> bool:
        """Whether nothing is lost while it is not read: what is not acknowledged is kept for it, or it is recorded."""
        return self._commit is not None or not self.site.clock.live

    def _one_opening(self) -> Generator[Burst]:
        self._unfinished, self._commit_fault = NO_BURST, None
        if self._pass_over is not None:
            self._pass_over(self.skip)
        stream = ticking(self.use.id, self.source, self._stopping)
        try:
            self._skip(stream)
            while not self.may_stop:
                burst = self._collect(stream)
                if burst is None:
                    return
                yield burst
                if self._commit_fault is not None:
                    raise self._commit_fault
        finally:
            let_go(stream, self.use.id)

    def again(self, readings: list[Reading], now: float, *, tick: bool) -> Burst:
        """Return a burst that was recorded before a restart; its sensors are made known, and time goes on from it."""
        self.time.continue_from(now)
        self.wall.mend(readings)
        for reading in readings:
            seen = self.sensors.get(reading.sensor) or self._meet(reading)
            if seen is not None:
                seen.count += 1
                seen.last = reading
        return Burst(readings, now, tick)

    def _skip(self, stream: Iterator[Item]) -> None:
        """Pass over what a recording gave before it was opened again; ticks do not count, they are never the same."""
        left = self.skip
        while left and not self._stopping.is_set() and (item := next(stream, END)) is not END:
            if not isinstance(item, Tick):
                left -= 1
        if left and not self._stopping.is_set():
            log.warning("it is shorter than what was read of it before: is it another file?", source=self.use.id)

    def _collect(self, stream: Iterator[Item]) -> Burst | None:
        """Return what comes before the next tick, 256 readings at most; None at the end of the source."""
        first = next(stream, END)
        if first is END:
            self._holds = False
            return None
        readings: list[Reading] = []
        append, known, low, high = readings.append, self.sensors, LOWEST, HIGHEST
        now, wall, recorded = self.time.now(), self.time.wall(), not self.site.clock.live
        self._unfinished = readings, now, wall
        self._left_out = 0
        tick: Tick | None = None
        seen: SensorSeen | None
        for item in chained((first,), islice(stream, BURST - 1)):
            if type(item) is not Reading:
                if isinstance(item, Tick):
                    tick = item
                    break
                self._reject(_as_reject(item))
                continue
            try:
                seen = known[item.sensor]
            except KeyError:
                seen = self._meet(item)
            if seen is None or not low <= item.value <= high:
                self._leave_out(item, seen)
                continue
            if not item.time and not (recorded and item.stamp == "device"):  # a recording may begin at 0
                item.time = wall
            elif not low <= item.time <= high:
                self._reject(Reject("not a time", sensor=item.sensor))
                continue
            if not item.unit:
                item.unit = seen.unit
            seen.count += 1
            seen.last = item
            seen.at = now
            append(item)
        return self._burst(readings, now, wall, tick)

    def _burst(self, readings: list[Reading], now: float, wall: float, tick: Tick | None) -> Burst:
        self._unfinished = NO_BURST
        self._holds = self._sends_once and not (self._ticks and tick is not None)
        if self.wall.unset and readings:
            self.wall.mark(readings, wall, now)
        if self.status.state != "running" or self._backoff.failures:
            self._goes_well(now - self._opened_at, came=bool(readings))
        items = len(readings) + self._left_out
        if not self.site.clock.live:
            now = max(self.site.clock.now, readings[-1].time if readings else 0.0)
            self.skip += items
        return Burst(readings, now, tick is not None, tick is not None and tick.full, items)

    def _goes_well(self, open_for: float, *, came: bool) -> None:
        """Note that the source can be read (again), and after a while that its failures are over."""
        failed = self._backoff.failures
        if (came or not failed or open_for > SETTLED_AFTER) and self.status.become("running") and failed:
            log.info("source is back", source=self.use.id)
        if open_for > HEALTHY_AFTER:
            self._backoff.reset()

    def _meet(self, reading: Reading) -> SensorSeen | None:
        """Take in a sensor that was not seen before, or say with its fate why not."""
        _hold_against_contract(reading.sensor, reading.value)
        name = reading.sensor
        if not (NAME.fullmatch(name) and name.isprintable()):
            reading.drop("bad name")
        elif (declared := self.site.sensors.find(name)) is None and len(self.site.sensors):
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
        self._left_out += 1
        count = self.meter.drop(reject.reason)
        if count & (count - 1) == 0:  # the 1st, 2nd, 4th, 8th ...: a flood cannot fill the log
            sensor, raw = reject.sensor[:SHOWN], reject.raw[:SHOWN]
            self.refused = raw or self.refused
            facts = {"reason": reject.reason, "count": count, "sensor": sensor, "raw": raw}
            log.warning("input left out", source=self.use.id, **{name: fact for name, fact in facts.items() if fact})

    def _pause(self, words: str) -> Generator[Burst]:
        """Wait before the source is opened again, ticking, so that alarms and stop requests are not kept waiting."""
        seconds = self._backoff.next()
        self.restarts += 1
        if self.status.become("waiting", words, retry_in=seconds):
            log.warning("source waits", source=self.use.id, reason=words, retry_in=round(seconds, 1))
        until = self.time.now() + seconds
        while (left := until - self.time.now()) > 0 and not self._stopping.is_set():
            yield Burst([], self.time.now() if self.site.clock.live else self.site.clock.now, tick=True)
            self._stopping.wait(min(WAIT, left))


def _as_reject(item: object) -> Reject:
    if isinstance(item, Reject):
        return item
    raise PluginError(f"it yields a {type(item).__name__} where a Reading, Reject or Tick belongs")


def _hold_against_contract(name: object, value: object) -> None:
    """Refuse what is no name and no number, when a sensor is first seen; the struct itself does not look."""
    if not isinstance(name, str):
        raise PluginError(f"it yields a reading of {name!r}, which is no name but a {type(name).__name__}")
    if isinstance(value, bool) or not isinstance(value, float | int):
        raise PluginError(f"it yields {value!r} for '{name}', which is no number but a {type(value).__name__}")
