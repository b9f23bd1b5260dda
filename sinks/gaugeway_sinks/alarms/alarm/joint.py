"""One alarm on several sensors: when so many of them cross, or when two are too far apart."""

from gaugeway import Reading, convert
from gaugeway_sinks.alarms.alarm.alarm import Alarm
from gaugeway_sinks.alarms.crossing import INF, NOTHING, Crossing
from gaugeway_sinks.alarms.tracks.track import Track


class Vote:
    """Counts which of its members cross. A silent member has no vote: while it could decide, nothing is known."""

    def __init__(self, alarm: Alarm) -> None:
        self.alarm = alarm
        self.members: list[Member] = []

    @property
    def needed(self) -> int:
        """How many have to cross."""
        rule = self.alarm.rule
        return rule.at_least or (1 if rule.combine == "any" else len(self.members))

    def count(self, measured: float | None, now: float, wall: float | None) -> None:
        """Come to a verdict, if there is one."""
        alarm, now = self.alarm, max(now, self.alarm.line.stream.now)
        crossing = sum(member.crossing_now for member in self.members if member.track.online)
        silent = sum(not member.track.online for member in self.members)
        if crossing < self.needed <= crossing + silent:
            if any(member.track.stale for member in self.members):
                alarm.line.stop(now)
                alarm.gap(now)
            return
        if alarm.standing.unknown:
            alarm.line.go_on(now)
            alarm.back(now)
        alarm.see(measured, now, wall, crossed=crossing >= self.needed)


class Member:
    """One sensor of several: whether it crosses by itself, with its own hysteresis."""

    def __init__(self, vote: Vote, track: Track, crossing: Crossing) -> None:
        self.key = vote.alarm.key
        self.vote = vote
        self.track = track
        self.crossing = crossing
        self.crossing_now = False
        self.of = vote.alarm.rule.of
        self.always = self.of != "value" or crossing.calm() == NOTHING
        vote.members.append(self)

    def see(self, reading: Reading, now: float) -> None:
        """Compare a reading and count anew."""
        value = reading.get(self.of)
        if value is None or not -INF < value < INF:
            return
        crossed = self.crossing.crossed(value, self.track.at(now), self.crossing_now)
        if crossed is None:
            return
        if crossed and not self.crossing_now:
            self.vote.alarm.sensor = self.track.name
        self.crossing_now = crossed
        self.vote.count(self.crossing.measured, now, reading.time)

    def gap(self, now: float) -> None:
        """Take its vote away."""
        self.crossing.forget()
        self.vote.count(None, now, None)

    def back(self, now: float) -> None:
        """Do nothing: it votes again with the reading that comes now."""

    def calm(self) -> tuple[float, float]:
        """Return what does not cross, while the alarm is normal and so is this sensor."""
        standing = self.vote.alarm.standing
        calm = not self.crossing_now and not standing.unknown and standing.condition.state == "normal"
        return self.crossing.calm() if calm else NOTHING

    def save(self) -> list[float] | None:
        """Return whether it crosses, and what the comparison remembers."""
        return [float(self.crossing_now), *(self.crossing.save() or ())]

    def restore(self, saved: list[float]) -> None:
        """Take it back."""
        self.crossing_now = bool(saved[0])
        if len(saved) > 1:
            self.crossing.restore(saved[1:])


class Gauge:
    """The difference of two sensors, taken whenever one of them speaks and the other is not silent."""

    def __init__(self, alarm: Alarm, unit: str) -> None:
        self.alarm = alarm
        self.unit = unit
        self.legs: list[Leg] = []

    def measure(self, now: float, wall: float) -> None:
        """Compare the difference."""
        alarm = self.alarm
        values = [leg.value for leg in self.legs if leg.track.online]
        if len(values) < 2 or values[0] is None or values[1] is None:
            return
        now = max(now, alarm.line.stream.now)
        if alarm.standing.unknown:
            alarm.line.go_on(now)
            alarm.back(now)
        difference = float(f"{values[0] - values[1]:.12g}")
        crossed = alarm.crossing.crossed(difference, alarm.line.at(now), alarm.active)
        if crossed is not None:
            alarm.see(alarm.crossing.measured, now, wall, crossed=crossed)

    def gap(self, now: float) -> None:
        """Take in that one of them is silent: nothing is known of the difference."""
        now = max(now, self.alarm.line.stream.now)
        self.alarm.crossing.forget()
        self.alarm.line.stop(now)
        self.alarm.gap(now)


class Leg:
    """One of the two sensors of a difference."""

    always = True

    def __init__(self, gauge: Gauge, track: Track, unit: str) -> None:
        self.key = gauge.alarm.key
        self.unit = unit
        self.gauge = gauge
        self._in_common(0.0)  # so that units without a common measure are found now and not with a reading
        self.track = track
        self.value: float | None = None
        gauge.legs.append(self)

    def see(self, reading: Reading, now: float) -> None:
        """Take the value in and compare."""
        value = reading.get(self.gauge.alarm.rule.of)
        if value is not None and -INF < value < INF:
            self.value = self._in_common(value)
            self.gauge.measure(now, reading.time)

    def _in_common(self, value: float) -> float:
        """Return a value in the unit of both; ValueError where there is none."""
        unit, common = self.unit, self.gauge.unit
        return convert(value, unit, common) if unit and common else value

    def gap(self, now: float) -> None:
        """Take in that it is silent."""
        self.gauge.gap(now)

    def back(self, now: float) -> None:
        """Do nothing: the reading that comes now is what counts."""

    def calm(self) -> tuple[float, float]:
        """Return nothing: each value has to be seen."""
        return NOTHING

    def save(self) -> list[float] | None:
        """Return the value, and once for both sensors what the comparison remembers."""
        memory = self.gauge.alarm.crossing.save() if self is self.gauge.legs[0] else None
        return None if self.value is None else [self.value, *(memory or ())]

    def restore(self, saved: list[float]) -> None:
        """Take it back."""
        self.value = saved[0]
        if len(saved) > 1:
            self.gauge.alarm.crossing.restore(saved[1:])
