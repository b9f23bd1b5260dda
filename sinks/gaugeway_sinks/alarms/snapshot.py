"""From an alarm to what is told of it."""

import msgspec
from msgspec import UNSET

from gaugeway import Reading
from gaugeway_sinks.alarms.alarm import Alarm
from gaugeway_sinks.alarms.crossing import Terms
from gaugeway_sinks.alarms.crossing.signs import Quality
from gaugeway_sinks.alarms.event import STAMPS, Event, Name
from gaugeway_sinks.alarms.line import iso
from gaugeway_sinks.alarms.standing import Standing
from gaugeway_sinks.alarms.track import Track
from gaugeway_sinks.alarms.wording import sentence


class Badge(msgspec.Struct, frozen=True):
    """What an alarm is, apart from its state: kept with it, so that it can still be named when its rule is gone."""

    rule: str
    sensor: str
    severity: str
    terms: Terms
    labels: dict[str, str]


def badge(alarm: Alarm) -> Badge:
    """Return what an alarm is."""
    return Badge(alarm.name, alarm.sensor, alarm.rule.severity, alarm.crossing.terms, alarm.rule.labels)


def describe(alarm: Alarm, node: str, event: Name | None, now: float, track: Track | None) -> Event:
    """Return the present state of an alarm, as an event or as a snapshot."""
    standing = alarm.standing
    attention, suppression = standing.attention, standing.suppression
    stream = alarm.line.stream
    card = badge(alarm)
    silenced = suppression.name is not None
    until = suppression.shelved_until
    described = Event(
        id=f"{node}:{alarm.key}:{standing.occurrence}:{standing.n}",
        node=node,
        rule=card.rule,
        sensor=card.sensor,
        event=event,
        occurrence=standing.occurrence,
        n=standing.n,
        seq=standing.seq,
        condition=standing.condition.state,
        active=alarm.active,
        isa=standing.isa,
        acked=attention.acked,
        acked_by=attention.by,
        suppressed=suppression.name,
        suppressed_by=suppression.by if silenced else UNSET,
        suppressed_until=iso(stream.wall(until)) if silenced and until is not None else UNSET,
        unknown=standing.unknown,
        severity=card.severity,
        value=_value(alarm, track.last if track else None),
        unit=card.terms.unit,
        quality=_quality(alarm, track),
        op=card.terms.op,
        threshold=card.terms.threshold,
        clear_at=card.terms.clear_at,
        peak=standing.peak,
        samples=standing.samples,
        first_crossed=iso(standing.first_crossed if standing.crossed_since is None else standing.crossed_since),
        raised=iso(standing.raised),
        cleared=iso(standing.cleared),
        emitted=iso(stream.wall(now)),
        time_quality=STAMPS[track.last.stamp] if track and track.last else "unsynced",
        historical=not stream.live,
        message="",
        labels=card.labels,
    )
    described.message = sentence(described, alarm.rule.message, alarm.rule.for_)
    return described


def _value(alarm: Alarm, last: Reading | None) -> float | None:
    """Return what was compared last; a calm alarm is not told of each value, so it is looked up."""
    if last is not None and alarm.crossing.terms.op in ("above", "below", "outside") and not alarm.rule.joint:
        return last.get(alarm.rule.of)
    measured = alarm.crossing.measured
    return alarm.standing.measured if measured is None else measured


def _quality(alarm: Alarm, track: Track | None) -> str:
    if isinstance(alarm.crossing, Quality) and alarm.active:
        return alarm.crossing.found
    if track is None or track.last is None:
        return "good"
    return "stale" if track.stale else track.last.quality


def farewell(key: str, card: Badge, standing: Standing, node: str, emitted: float) -> Event:
    """Return the last event of an alarm whose rule or sensor is no longer configured."""
    last = Event(
        id=f"{node}:{key}:{standing.occurrence}:{standing.n}",
        node=node,
        rule=card.rule,
        sensor=card.sensor,
        event="removed",
        occurrence=standing.occurrence,
        n=standing.n,
        seq=standing.seq,
        condition="normal",
        active=False,
        isa="NORM",
        acked=standing.attention.acked,
        acked_by=standing.attention.by,
        suppressed=None,
        unknown=True,
        severity=card.severity,
        value=None,
        unit=card.terms.unit,
        quality="stale",
        op=card.terms.op,
        threshold=card.terms.threshold,
        clear_at=card.terms.clear_at,
        peak=standing.peak,
        samples=standing.samples,
        first_crossed=iso(standing.first_crossed),
        raised=iso(standing.raised),
        cleared=iso(standing.cleared),
        emitted=iso(emitted),
        time_quality="synced",
        message="",
        labels=card.labels,
    )
    last.message = sentence(last, None, 0.0)
    return last
