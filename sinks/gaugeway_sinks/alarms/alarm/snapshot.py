"""From an alarm to what is told of it."""

import msgspec
from msgspec import UNSET

from gaugeway import Reading
from gaugeway_sinks.alarms.alarm.alarm import Alarm
from gaugeway_sinks.alarms.alarm.event import STAMPS, Event, Name
from gaugeway_sinks.alarms.alarm.standing import Standing
from gaugeway_sinks.alarms.alarm.wording import sentence
from gaugeway_sinks.alarms.crossing import Terms
from gaugeway_sinks.alarms.crossing.signs import Quality
from gaugeway_sinks.alarms.tracks.line import iso
from gaugeway_sinks.alarms.tracks.track import Track


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
    suppression, stream = alarm.standing.suppression, alarm.line.stream
    described = _drawn(alarm.key, badge(alarm), alarm.standing, node)
    described.event = event
    if suppression.name is not None and suppression.shelved_until is not None:
        described.suppressed_until = iso(stream.wall(suppression.shelved_until))
    described.value = _value(alarm, track.last if track else None)
    described.quality = _quality(alarm, track)
    described.emitted = iso(stream.wall(now))
    described.time_quality = STAMPS[track.last.stamp] if track and track.last else "unsynced"
    described.historical = not stream.live
    described.message = sentence(described, alarm.rule.message, alarm.rule.for_)
    return described


def farewell(key: str, card: Badge, standing: Standing, node: str, emitted: float) -> Event:
    """Return the last event of an alarm whose rule or sensor is no longer configured."""
    last = _drawn(key, card, standing, node)
    last.event = "removed"
    last.condition, last.active, last.isa, last.unknown = "normal", False, "NORM", True
    last.suppressed, last.suppressed_by = None, UNSET
    last.first_crossed = iso(standing.first_crossed)
    last.emitted = iso(emitted)
    last.message = sentence(last, None, 0.0)
    return last


def _drawn(key: str, card: Badge, standing: Standing, node: str) -> Event:
    """Return what follows from what an alarm is and where it stands, as of one whose sensor is not heard."""
    suppression, condition = standing.suppression, standing.condition
    return Event(
        id=f"{node}:{key}:{standing.occurrence}:{standing.n}",
        node=node,
        rule=card.rule,
        sensor=card.sensor,
        event=None,
        occurrence=standing.occurrence,
        n=standing.n,
        seq=standing.seq,
        condition=condition.state,
        active=condition.raised,
        isa=standing.isa,
        acked=standing.attention.acked,
        acked_by=standing.attention.by,
        suppressed=suppression.name,
        suppressed_by=UNSET if suppression.name is None else suppression.by,
        unknown=standing.unknown,
        severity=card.severity,
        value=None,
        unit=card.terms.unit,
        quality="stale",
        op=card.terms.op,
        threshold=card.terms.threshold,
        clear_at=card.terms.clear_at,
        peak=standing.peak,
        samples=standing.samples,
        first_crossed=iso(standing.first_crossed if standing.crossed_since is None else standing.crossed_since),
        raised=iso(standing.raised),
        cleared=iso(standing.cleared),
        emitted=None,
        time_quality="synced",
        message="",
        labels=card.labels,
    )


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
