"""What connects an alarm with what it looks at: one sensor, its quality, or its silence."""

from gaugeway import Reading
from gaugeway_sinks.alarms.alarm.alarm import Alarm
from gaugeway_sinks.alarms.crossing import INF, NOTHING, Crossing
from gaugeway_sinks.alarms.crossing.signs import RANKS


class Solo:
    """A rule on the values, or on another result, of one sensor."""

    def __init__(self, alarm: Alarm) -> None:
        self.key = alarm.key
        self.alarm = alarm
        self.crossing: Crossing = alarm.crossing
        self.of = None if alarm.rule.of == "value" else alarm.rule.of
        self.timed = self.crossing.calm() == NOTHING
        self.always = self.of is not None or self.timed

    def see(self, reading: Reading, now: float) -> None:
        """Compare a reading; one without the result that is asked for says nothing."""
        value = reading.value if self.of is None else reading.get(self.of)
        if value is None or not -INF < value < INF:
            return
        alarm = self.alarm
        time = alarm.line.at(now) if self.timed else now
        crossed = self.crossing.crossed(value, time, alarm.active)
        if crossed is not None:
            alarm.see(self.crossing.measured, now, reading.time, crossed=crossed)

    def gap(self, now: float) -> None:
        """Take in that nothing is known from here on."""
        self.crossing.forget()
        self.alarm.gap(now)

    def back(self, now: float) -> None:
        """Take in that something is known again."""
        self.alarm.back(now)

    def calm(self) -> tuple[float, float]:
        """Return what does not cross, while the alarm is normal."""
        return self.crossing.calm() if self.alarm.standing.condition.state == "normal" else NOTHING

    def save(self) -> list[float] | None:
        """Return what the comparison remembers."""
        return self.crossing.save()

    def restore(self, saved: list[float]) -> None:
        """Take it back."""
        self.crossing.restore(saved)


class Grader:
    """A rule on the quality of one sensor's readings: it sees the bad ones too."""

    always = False

    def __init__(self, alarm: Alarm) -> None:
        self.key = alarm.key
        self.alarm = alarm

    def see(self, reading: Reading, now: float) -> None:
        """Compare a reading's quality."""
        crossed = self.alarm.crossing.crossed(RANKS[reading.quality], now, self.alarm.active)
        self.alarm.see(reading.value, now, reading.time, crossed=bool(crossed))

    def gap(self, now: float) -> None:
        """Do nothing: silence has no quality."""

    def back(self, now: float) -> None:
        """Do nothing: silence had no quality."""

    def calm(self) -> tuple[float, float]:
        """Return all values while the alarm is normal: a good reading changes nothing."""
        return self.alarm.crossing.calm() if self.alarm.standing.condition.state == "normal" else NOTHING

    def save(self) -> list[float] | None:
        """Return nothing: nothing is remembered but in the alarm."""
        return None

    def restore(self, saved: list[float]) -> None:
        """Do nothing: nothing was remembered."""


class Hush:
    """A rule on the silence of one sensor."""

    def __init__(self, alarm: Alarm, after: float) -> None:
        self.alarm = alarm
        self.after = after

    def begins(self, now: float) -> None:
        """Take in that it has lasted."""
        self.alarm.crossing.crossed(self.after, now, self.alarm.active)
        self.alarm.see(self.after, now, self.alarm.line.wall(now), crossed=True)

    def ends(self, now: float, wall: float) -> None:
        """Take in that it is over."""
        self.alarm.crossing.crossed(0.0, now, self.alarm.active)
        self.alarm.see(0.0, now, wall, crossed=False)
