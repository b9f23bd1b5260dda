"""One alarm: where it stands on its three axes, how each input moves it, and what it says of that."""

from typing import Protocol

from gaugeway import Rule, Sensor
from gaugeway_sinks.alarms.alarm.bursts import Bursts
from gaugeway_sinks.alarms.alarm.condition import Delays, Step
from gaugeway_sinks.alarms.alarm.event import Name
from gaugeway_sinks.alarms.alarm.standing import Standing
from gaugeway_sinks.alarms.crossing import Crossing
from gaugeway_sinks.alarms.tracks.line import Line


class Voice(Protocol):
    """What an alarm speaks through."""

    def say(self, alarm: "Alarm", event: Name, now: float) -> None:
        """Announce an event."""
        ...

    def changed(self, alarm: "Alarm") -> None:
        """Take note that its snapshot is another."""
        ...

    def turned(self, alarm: "Alarm", now: float) -> None:
        """Take note that it was raised or cleared, which may silence others."""
        ...


class Alarm:
    """A rule on one sensor, or on several together.

    It is pure: what it does follows from the inputs and their moments alone. `crossing` is how its rule compares,
    `line` the time that its delays run on; reminders and shelving run on the stream's.
    """

    def __init__(self, key: str, name: str, rule: Rule, *, sensor: str, crossing: Crossing, line: Line) -> None:
        self.key = key
        self.name = name
        self.rule = rule
        self.sensor = sensor
        self.crossing = crossing
        self.line = line
        self.delays = Delays(rule.for_, rule.clear_for)
        self.wake: float | None = None
        self.standing = Standing()
        if rule.limit is not None:
            self.standing.chatter = Bursts(rule.limit.events, rule.limit.per)

    voice: Voice

    @property
    def active(self) -> bool:
        """Whether it stands raised."""
        return self.standing.condition.raised

    @property
    def latch(self) -> bool:
        """Whether it may not clear yet, because nobody has acknowledged it."""
        return self.rule.latch and not self.standing.attention.acked

    def see(self, measured: float | None, now: float, wall: float | None, *, crossed: bool) -> None:
        """Take in what one sample shows."""
        condition = self.standing.condition
        if condition.state == "normal" and not crossed:
            return
        if condition.state == "active" and crossed:
            self._measure(measured)
            return
        at = self.line.at(now)
        if condition.due is not None and condition.due < at:
            self._elapse(condition.due, now)
        due = condition.due
        fresh = condition.state == "normal"
        step = condition.see(at, self.delays, crossed=crossed, latch=self.latch)
        if fresh and step:
            self.standing.begin(wall)
        self._measure(measured)
        if step:
            self._take(step, now, wall if due is None or step not in ("raised", "cleared") else self.line.wall(due))
        else:
            self.line.stream.plan(self)  # with each sample its line of time reaches further

    def gap(self, now: float) -> None:
        """Take in that its sensor fell silent: what it knows is from before."""
        standing = self.standing
        if standing.unknown:
            return
        standing.unknown = True
        self._announce("stale", now)
        condition, wall = standing.condition, self.line.stream.wall(now)
        if self.rule.on_gap == "raise":
            if condition.state == "normal":
                standing.begin(wall)
            self._take(condition.raise_now(), now, wall)
        elif self.rule.on_gap == "clear":
            self._take(condition.clear_now(latch=self.latch), now, wall)
        self._moved()

    def back(self, now: float) -> None:
        """Take in that its sensor speaks again."""
        if self.standing.unknown:
            self.standing.unknown = False
            self._announce("recovered", now)
            self._moved()

    def acknowledge(self, by: str, now: float) -> bool:
        """Take in that somebody took notice; tell whether that was news."""
        standing = self.standing
        if standing.attention.acked:
            return False
        standing.attention.give(by)
        self._say("acked", now)
        self._take(standing.condition.let_go(), now, self.line.stream.wall(now))
        self._moved()
        return True

    def shelve(self, by: str, until: float, now: float) -> None:
        """Be silent for a while."""
        self.standing.suppression.shelve(by, until)
        self._say("shelved", now)
        self._moved()

    def unshelve(self, now: float) -> bool:
        """End that; tell whether it was shelved."""
        if self.standing.suppression.shelved_by is None:
            return False
        self.standing.suppression.unshelve()
        self._released("unshelved", now)
        return True

    def take_out(self, by: str, now: float) -> bool:
        """Go out of service; tell whether it was in service."""
        if self.standing.suppression.out_of_service_by is not None:
            return False
        self.standing.suppression.out_of_service_by = by
        self._say("shelved", now)
        self._moved()
        return True

    def put_back(self, now: float) -> bool:
        """Go back into service; tell whether it was out of it."""
        if self.standing.suppression.out_of_service_by is None:
            return False
        self.standing.suppression.out_of_service_by = None
        self._released("unshelved", now)
        return True

    def inhibit(self, by: str, now: float) -> None:
        """Be silent while another alarm stands."""
        suppression = self.standing.suppression
        if by not in suppression.inhibitors:
            spoke = suppression.name is None
            suppression.inhibitors += (by,)
            if spoke and self.active:
                self._say("inhibited", now)
            self._moved()

    def release(self, by: str, now: float) -> None:
        """Speak again, because that other alarm has cleared."""
        suppression = self.standing.suppression
        if by in suppression.inhibitors:
            suppression.inhibitors = tuple(other for other in suppression.inhibitors if other != by)
            self.settle(now, "resumed" if self.active else None)
            self._moved()

    def settle(self, now: float, otherwise: Name | None = None) -> None:
        """Announce the present state, if that was not done while it was silent; or else say the other word."""
        standing = self.standing
        if standing.suppression.name is not None:
            return
        if self.active and standing.told != standing.occurrence:
            self._announce("raised", now)
        elif standing.told and not self.active:
            self._announce("cleared", now)
        elif otherwise is not None:
            self._say(otherwise, now)

    def next_wake(self) -> float | None:
        """Return when the next of its delays, reminders or silences ends."""
        standing = self.standing
        due = standing.condition.due
        moments = (
            None if due is None or standing.unknown else self.line.when(due),
            standing.suppression.shelved_until,
            standing.attention.remind_at,
            standing.chatter.ends if standing.chatter else None,
        )
        return min((moment for moment in moments if moment is not None), default=None)

    def ring(self, now: float) -> None:
        """Do what is due."""
        standing = self.standing
        due = standing.condition.due
        if due is not None and not standing.unknown and (when := self.line.when(due)) is not None and when <= now:
            self._elapse(due, now)
        until, remind_at = standing.suppression.shelved_until, standing.attention.remind_at
        if until is not None and until <= now:
            self.unshelve(now)
        if remind_at is not None and remind_at <= now:
            self._remind(now)
        if standing.chatter is not None and standing.chatter.ended(now):
            self.settle(now, "resumed")
            self._moved()

    def concerns(self, name: str, sensor: Sensor | None) -> bool:
        """Tell whether it is about this sensor."""
        return name == self.sensor or (self.rule.joint and self.rule.watches(name, sensor))

    def continue_from(self, occurrence: int, n: int) -> None:
        """Go on with these numbers, because an alarm of this name existed before."""
        self.standing.occurrence, self.standing.n = occurrence, n

    def save(self) -> Standing:
        """Return where it stands."""
        if self.crossing.measured is not None:
            self.standing.measured = self.crossing.measured
        self.standing.line = self.line.mark()
        return self.standing

    def restore(self, standing: Standing) -> None:
        """Take back where it stood; how much chatter is allowed is for the present rule to say."""
        limit = self.rule.limit
        recent = standing.chatter or Bursts(0, 0.0)
        standing.chatter = None if limit is None else Bursts(limit.events, limit.per, recent.bursting, recent.recent)
        standing.event = "resumed"
        self.standing = standing
        if standing.line is not None:
            self.line.go_to(standing.line)

    def _elapse(self, due: float, now: float) -> None:
        self._take(self.standing.condition.pass_to(due, latch=self.latch), now, self.line.wall(due))

    def _measure(self, measured: float | None) -> None:
        standing = self.standing
        standing.measured = measured
        standing.samples += 1
        if measured is not None and (standing.peak is None or self.crossing.worse(measured, standing.peak)):
            standing.peak = measured

    def _take(self, step: Step, now: float, wall: float | None) -> None:
        """Draw the consequences of a step of the condition."""
        standing = self.standing
        if step == "raised":
            standing.occur(wall)
            standing.attention.ask(now + self.rule.remind if self.rule.remind else None)
            self._announce("raised", now)
        elif step == "cleared":
            standing.cleared = wall
            standing.attention.remind_at = None
            self._announce("cleared", now)
        elif step not in ("", "pending"):
            standing.n += 1
            standing.crossed_since = None
        if step:
            self._moved()
        if step in ("raised", "cleared"):
            self.voice.turned(self, now)

    def _remind(self, now: float) -> None:
        standing = self.standing
        standing.attention.remind_at = now + self.rule.remind if self.rule.remind else None
        chattering = standing.chatter is not None and standing.chatter.bursting
        if standing.suppression.name is None and not chattering:
            self._say("reminded", now)
            self._moved()

    def _released(self, word: Name, now: float) -> None:
        self._say(word, now)
        self.settle(now)
        self._moved()

    def _announce(self, event: Name, now: float) -> None:
        """Say what the condition did, unless the alarm is to be silent or has said too much already."""
        standing = self.standing
        chatter = standing.chatter
        silent = standing.suppression.name is not None
        if not silent and chatter is not None:
            if chatter.count(now):
                self._say("chattering", now)
                return
            silent = chatter.bursting
        if silent:
            standing.n += 1
            return
        if event in ("raised", "cleared"):
            standing.told = standing.occurrence if event == "raised" else 0
        self._say(event, now)

    def _say(self, event: Name, now: float) -> None:
        self.standing.n += 1
        self.standing.event = event
        self.voice.say(self, event, now)

    def _moved(self) -> None:
        self.voice.changed(self)
        self.line.stream.plan(self)
