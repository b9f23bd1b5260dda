"""Which alarms there are: rules meet sensors here, at the start or when a sensor is first heard of."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from gaugeway import Rule, Sensor, logger
from gaugeway_sinks.alarms.alarm.alarm import Alarm, Voice
from gaugeway_sinks.alarms.alarm.joint import Gauge, Leg, Member, Vote
from gaugeway_sinks.alarms.alarm.watch import Grader, Hush, Solo
from gaugeway_sinks.alarms.crossing import Crossing
from gaugeway_sinks.alarms.crossing.compile import crossing, difference
from gaugeway_sinks.alarms.tracks.line import Line
from gaugeway_sinks.alarms.tracks.track import Track

log = logger(__name__)

GLOB: Final = frozenset("*?[")
STALE: Final = "stale@"
"""The implicit rule on the silence of a sensor is called this and the sensor's name."""


class Roster:
    """All alarms by their key and by their rule, and what connects them with the sensors."""

    def __init__(self, rules: Mapping[str, Rule], stale_after: float, voice: Voice) -> None:
        self.rules = rules
        self.alarms: dict[str, Alarm] = {}
        self.of_rule: dict[str, list[Alarm]] = {}
        self.stale_after = stale_after
        self._voice = voice
        self._votes: dict[str, Vote] = {}
        self._gauges: dict[str, Gauge] = {}
        self._silences = self._who_silences_whom()

    def timeout(self, name: str, sensor: Sensor | None) -> float:
        """Return how long a sensor may be silent before it counts as dead."""
        if sensor is not None and sensor.stale_after is not None:
            return sensor.stale_after
        stated = [rule.stale for rule in self.rules.values() if rule.stale is not None and rule.watches(name, sensor)]
        return min(stated, default=self.stale_after)

    def named(self) -> Iterator[str]:
        """Yield the sensors that rules name, not the globs: those are expected to speak."""
        for rule in self.rules.values():
            yield from (name for name in rule.named() if not GLOB.intersection(name))

    def enlist(self, track: Track, unit: str | None) -> list[Alarm]:
        """Connect a sensor with the rules that watch it; return the alarms that are new.

        While the sensor's unit is not known, rules that state units have to wait: until its first reading.
        """
        known = len(self.alarms)
        watching = [(name, rule) for name, rule in self.rules.items() if rule.watches(track.name, track.sensor)]
        for name, rule in watching:
            if name not in track.rules and (unit is not None or not _states_units(rule)):
                track.rules.add(name)
                self._connect_if_fit(name, rule, track, unit or "")
        track.complete = len(track.rules) == len(watching)
        if not track.silences:
            self._mind_silence(STALE + track.name, Rule(sensor=track.name, stale=track.reach), track, track.reach)
        return list(islice(self.alarms.values(), known, None))

    def inhibitors(self, alarm: Alarm) -> Iterator[Alarm]:
        """Yield the alarms that silence this one while they stand."""
        for name in alarm.rule.inhibited_by:
            for other in self._called(name):
                if self._concerns(other, alarm):
                    yield other

    def inhibited(self, alarm: Alarm) -> Iterator[Alarm]:
        """Yield the alarms that this one silences while it stands."""
        for name in {alarm.name, alarm.key}:
            for rule in self._silences.get(name, ()):
                for other in self.of_rule.get(rule, ()):
                    if self._concerns(alarm, other):
                        yield other

    def _connect_if_fit(self, name: str, rule: Rule, track: Track, unit: str) -> None:
        try:
            self._connect(name, rule, track, unit)
        except ValueError as error:
            log.warning("rule does not fit sensor", rule=name, sensor=track.name, reason=str(error))

    def _connect(self, name: str, rule: Rule, track: Track, unit: str) -> None:
        key = name if rule.sensor is not None else f"{name}@{track.name}"
        if rule.stale is not None:
            self._mind_silence(key, rule, track, rule.stale, name)
        elif rule.quality is not None:
            alarm = self._enter(
                key, name, rule, sensor=track.name, compared=crossing(rule, unit), line=Line(track.stream)
            )
            track.graders.append(Grader(alarm))
        elif rule.difference is not None:
            self._compare(name, rule, track, unit)
        elif rule.joint:
            self._vote(name, rule, track, unit)
        else:
            track.watch(
                Solo(self._enter(key, name, rule, sensor=track.name, compared=crossing(rule, unit), line=track))
            )

    def _mind_silence(self, key: str, rule: Rule, track: Track, after: float, name: str | None = None) -> None:
        compared, line = crossing(rule, "s"), Line(track.stream)
        alarm = self._enter(key, name or key, rule, sensor=track.name, compared=compared, line=line)
        track.silences.append(Hush(alarm, after))

    def _compare(self, name: str, rule: Rule, track: Track, unit: str) -> None:
        gauge = self._gauges.get(name)
        if gauge is None:
            sensor = " - ".join(rule.difference or ())
            compared, line = difference(rule, unit), Line(track.stream)
            alarm = self._enter(name, name, rule, sensor=sensor, compared=compared, line=line)
            gauge = self._gauges[name] = Gauge(alarm, unit)
        leg = Leg(gauge, track, unit)
        if rule.difference and track.name == rule.difference[0]:
            gauge.legs.sort(key=lambda other: other is not leg)
        track.watch(leg)

    def _vote(self, name: str, rule: Rule, track: Track, unit: str) -> None:
        compared = crossing(rule, unit)
        vote = self._votes.get(name)
        if vote is None:
            line = Line(track.stream)
            vote = Vote(self._enter(name, name, rule, sensor=track.name, compared=compared, line=line))
            self._votes[name] = vote
        track.watch(Member(vote, track, compared))

    def _enter(self, key: str, name: str, rule: Rule, *, sensor: str, compared: Crossing, line: Line) -> Alarm:
        alarm = Alarm(key, name, rule, sensor=sensor, crossing=compared, line=line)
        alarm.voice = self._voice
        self.alarms[key] = alarm
        self.of_rule.setdefault(name, []).append(alarm)
        return alarm

    def _called(self, name: str) -> list[Alarm]:
        by_key = self.alarms.get(name)
        return self.of_rule.get(name) or ([by_key] if by_key is not None else [])

    def _concerns(self, inhibitor: Alarm, other: Alarm) -> bool:
        """Tell whether an alarm of a rule on several sensors speaks for the sensor of the other alarm."""
        if inhibitor.key == inhibitor.name or inhibitor.sensor == other.sensor:
            return True
        return all(sibling.sensor != other.sensor for sibling in self.of_rule[inhibitor.name])

    def _who_silences_whom(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, rule in self.rules.items():
            for inhibitor in rule.inhibited_by:
                found.setdefault(inhibitor, []).append(name)
        return found


def _states_units(rule: Rule) -> bool:
    quantities = [rule.above, rule.below, *(rule.outside or ()), rule.clear_below, rule.clear_above, rule.hysteresis]
    if rule.rate is not None:
        quantities.append(rule.rate.amount)
    return any(quantity is not None and quantity.unit for quantity in quantities)
