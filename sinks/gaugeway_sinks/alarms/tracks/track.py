"""One sensor as the alarms see it: its time, its last usable reading, and whether it has fallen silent."""

import math
from typing import Protocol

import msgspec

from gaugeway import Reading, Sensor, canonical, convert, logger
from gaugeway_sinks.alarms.crossing import NOTHING
from gaugeway_sinks.alarms.tracks.line import Line
from gaugeway_sinks.alarms.tracks.stream import Stream

log = logger(__name__)


class Watcher(Protocol):
    """A rule's interest in one sensor. `always` says that it has to be told of every value."""

    key: str
    always: bool

    def see(self, reading: Reading, now: float) -> None:
        """Take in a reading."""
        ...

    def gap(self, now: float) -> None:
        """Take in that the sensor has fallen silent."""
        ...

    def back(self, now: float) -> None:
        """Take in that the sensor speaks again."""
        ...

    def calm(self) -> tuple[float, float]:
        """Return the open interval of good values of which it need not be told, as things stand."""
        ...

    def save(self) -> list[float] | None:
        """Return what it has to remember of this sensor, if anything."""
        ...

    def restore(self, saved: list[float]) -> None:
        """Take it back."""
        ...


class Silence(Protocol):
    """An interest in the silence of a sensor: told when it has lasted for `after` seconds, and when it ends."""

    after: float

    def begins(self, now: float) -> None:
        """Take in that the sensor has said nothing usable for so long."""
        ...

    def ends(self, now: float, wall: float) -> None:
        """Take in that the sensor has said something."""
        ...


class Remembered(msgspec.Struct, omit_defaults=True):
    """What is kept of a sensor over a restart."""

    stream: str
    heard: float
    base: float
    told: float = 0.0
    declared: bool = False
    last: Reading | None = None
    memory: dict[str, list[float]] = {}


class Hearer(Protocol):
    """What a track tells of itself."""

    def availability(self, track: "Track") -> None:
        """Take note that it has become silent, or speaks again."""
        ...


class Track(Line):
    """Follows one sensor. Its line of time is that of its samples, and stops when it has been silent for too long.

    While all is calm, a good value between `low` and `high` changes nothing: whoever reads the batch then only sets
    `last` and `heard`. That is the way that nearly all readings go.
    """

    __slots__ = (
        "always", "complete", "graders", "hearer", "high", "key", "last", "low", "name", "rules", "sensor", "silences",
        "told", "unit", "unlike", "wake", "watchers",
    )  # fmt: skip

    def __init__(self, name: str, sensor: Sensor | None, timeout: float, stream: Stream, hearer: Hearer) -> None:
        super().__init__(stream)
        self.key = f"sensor {name}"
        self.name = name
        self.sensor = sensor
        self.unit = sensor.unit if sensor else ""
        self.unlike = ""
        self.reach = timeout
        self.hearer = hearer
        self.wake: float | None = None
        self.last: Reading | None = None
        self.told = 0.0
        self.watchers: list[Watcher] = []
        self.graders: list[Watcher] = []
        self.silences: list[Silence] = []
        self.rules: set[str] = set()
        self.complete = False
        self.always = False
        self.low, self.high = NOTHING

    @property
    def stale(self) -> bool:
        """Whether it has been silent for too long."""
        return self.told >= self.reach

    @property
    def online(self) -> bool:
        """Whether it has spoken, and not too long ago."""
        return self.last is not None and not self.stale

    def watch(self, watcher: Watcher) -> None:
        """Let a rule look at what is usable of this sensor."""
        self.watchers.append(watcher)
        self.always = self.always or watcher.always

    def measured(self, reading: Reading) -> Reading:
        """Return a reading as the sensor measures it, for its rules are written in that unit.

        A stage may have turned it into another. What cannot be turned back is compared as it stands.
        """
        unit = reading.unit
        if unit in (self.unit, self.unlike, "") or not self.unit:
            return reading
        try:
            value = self._back(reading.value, unit)
            average = None if reading.average is None else self._back(reading.average, unit)
        except ValueError:
            self.unlike = unit
            log.warning("alarms compare bare numbers", sensor=self.name, unit=unit, configured=self.unit)
            return reading
        return msgspec.structs.replace(reading, value=value, average=average, unit=self.unit)

    def _back(self, value: float, unit: str) -> float:
        """Return a value in the sensor's own unit, without what conversion adds in the last places: limits count."""
        return float(f"{convert(value, canonical(unit) or unit, self.unit):.12g}")

    def hear(self, reading: Reading, now: float) -> None:
        """Take in a usable reading, on the long way."""
        was_online, was_stale, was_told = self.online, self.stale, self.told
        self._arrive(reading, now)
        self.told = 0.0
        if was_stale:
            for watcher in self.watchers:
                watcher.back(now)
        if not was_online:
            self.hearer.availability(self)
        if was_told:
            for silence in self.silences:
                silence.ends(now, reading.time)
        for watcher in self.watchers:
            watcher.see(reading, now)
        self.grade(reading, now)
        self.stream.plan(self)

    def grade(self, reading: Reading, now: float) -> None:
        """Take in the quality of a reading, which need not be usable."""
        for grader in self.graders:
            grader.see(reading, now)
        if self.online and not self.always:
            self._retune()

    def _arrive(self, reading: Reading, now: float) -> None:
        """Bring the line to a sample: by the device's clock where it sends times, never back and never over a gap."""
        last, passed, reached = self.last, now - self.heard, self.at(now)
        if last is not None and reading.stamp == last.stamp == "device" and self.stream.live:
            passed = reading.time - last.time
        if 0 < passed < self.reach:
            reached = max(reached, self.base + passed)
        self.base, self.heard, self.last = reached, now, reading

    def wall(self, at: float) -> float | None:
        """Return the wall-clock time of a point of the line, by the last reading's time."""
        return super().wall(at) if self.last is None else self.last.time + (at - self.base)

    def _retune(self) -> None:
        """Find out anew which values need not be looked at."""
        low, high = -math.inf, math.inf
        for watcher in (*self.watchers, *self.graders):
            calm = watcher.calm()
            low, high = max(low, calm[0]), min(high, calm[1])
            if low >= high:
                break
        self.low, self.high = low, high

    def next_wake(self) -> float | None:
        """Return when the next one who minds the silence has to be told."""
        after = min((after for after in self._patience() if after > self.told), default=None)
        return None if after is None else self.heard + after

    def ring(self, now: float) -> None:
        """Tell of the silence, if it has lasted."""
        for after in sorted(set(self._patience())):
            if after > self.told and self.heard + after <= now:
                self.told = after
                self.low, self.high = NOTHING
                self._fall_silent(after, now)

    def _fall_silent(self, after: float, now: float) -> None:
        if after == self.reach:
            for watcher in self.watchers:
                watcher.gap(now)
            self.hearer.availability(self)
        for silence in self.silences:
            if silence.after == after:
                silence.begins(now)

    def _patience(self) -> list[float]:
        return [self.reach, *(silence.after for silence in self.silences)]

    def save(self) -> Remembered:
        """Return what has to be remembered."""
        memory = {watcher.key: saved for watcher in self.watchers if (saved := watcher.save()) is not None}
        last = self.last
        if last is not None and not math.isfinite(last.time):
            last = msgspec.structs.replace(last, time=0.0)
        return Remembered(self.stream.name, self.heard, self.base, self.told, self.sensor is not None, last, memory)

    def restore(self, past: Remembered) -> None:
        """Take it back."""
        self.heard, self.base, self.told, self.last = past.heard, past.base, past.told, past.last
        for watcher in self.watchers:
            if watcher.key in past.memory:
                watcher.restore(past.memory[watcher.key])
