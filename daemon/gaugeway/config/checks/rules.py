"""Alarm rules against themselves, each other and the sensors."""

import re

from gaugeway.config.checks.subject import Subject
from gaugeway.config.nearest import did_you_mean, nearest
from gaugeway.config.nodes import Mapping, Node, Scalar, Sequence
from gaugeway.config.review import Review
from gaugeway.config.rules import Written
from gaugeway.rule import IN_SENSORS_UNIT, entanglements
from gaugeway.sensor import GLOB_CHARACTERS, Sensor, chosen


def check_rules(subject: Subject, review: Review) -> None:
    """Find what is wrong with each rule, and between them."""
    for written in subject.whole.alerts.values():
        if written is not None:
            _check_rule(written, subject, review)
    for name, (key, complaint) in entanglements(subject.whole.rules):
        written = subject.whole.alerts[name]
        for other in subject.whole.alerts:
            if f"'{other}'" in complaint and subject.whole.alerts[other] is None:
                break
        else:
            if written is not None:
                at = _naming(written.at(key), complaint)
                hint = _meant(at, [rule for rule in subject.whole.alerts if rule != name])
                review.error(at, f"'{key}': {complaint}", hint if "no rule" in complaint else "")


def _check_rule(written: Written, subject: Subject, review: Review) -> None:
    complaints = written.rule.problems()
    for key, complaint in complaints:
        review.error(written.at(key), f"'{key or written.entry.key.value}' {complaint}")
    if any(not key for key, _ in complaints):
        return
    unknown = [node for node in _sensor_nodes(written) if not _known(node, subject, review)]
    if unknown:
        return
    told = {key for key, _ in complaints}
    for name, declared in subject.census.declared.items():
        if declared.sensor is None or not _watched(written, name, subject):
            continue
        for key, complaint in written.rule.misfits(name, declared.sensor):
            if key not in told:
                told.add(key)
                review.error(written.at(key), f"'{key}': {complaint}")
        if _never_clears(written, declared.sensor) and "clear" not in told:
            told.add("clear")
            key = "clear_below" if written.rule.clear_below is not None else "clear_above"
            review.error(written.at(key), f"'{key}' lies outside the range of '{name}': the alarm would never clear")
    _check_pace(written, subject, review)


def _never_clears(written: Written, sensor: Sensor) -> bool:
    rule, reach = written.rule, sensor.range
    if reach is None or rule.of not in IN_SENSORS_UNIT or rule.difference is not None or rule.rate is not None:
        return False
    try:
        below = None if rule.clear_below is None else rule.clear_below.to(sensor.unit)
        above = None if rule.clear_above is None else rule.clear_above.to(sensor.unit)
    except ValueError:
        return False
    return (below is not None and below <= reach[0]) or (above is not None and above >= reach[1])


def _sensor_nodes(written: Written) -> list[Scalar]:
    if not isinstance(written.entry.value, Mapping):
        return []
    nodes = [written.entry.value.get(key) for key in ("sensor", "sensors", "difference")]
    flat = [item for node in nodes for item in (node.items if isinstance(node, Sequence) else [node])]
    return [node for node in flat if isinstance(node, Scalar) and not node.empty]


def _known(node: Scalar, subject: Subject, review: Review) -> bool:
    name, names = node.value, subject.census.names()
    guess = None if name in names else nearest(name, names)
    if GLOB_CHARACTERS.intersection(name):
        if (
            any(chosen((name,), declared, None) or _may_meet(name, declared) for declared in subject.census.declared)
            or subject.open_ended
            or not subject.census.complete
        ):
            return True
        review.error(node, f"no sensor fits '{node.echo}'", did_you_mean(name, names))
        return False
    if subject.census.find(name) is not None:
        if guess:
            review.warn(node, f"the sensor '{node.echo}' is not written out", f"did you mean '{guess}'?")
        return True
    if not subject.census.complete:
        return True
    if subject.open_ended and guess is None:
        review.warn(node, f"the sensor '{node.echo}' is not declared", "write it under the 'sensors' of its source")
        return True
    hint = did_you_mean(name, names) if guess else "write it under the 'sensors' of its source" + _those(names)
    review.error(node, f"unknown sensor '{node.echo}'", hint)
    return False


def _may_meet(glob: str, declared: str) -> bool:
    """Tell whether a sensor may come that fits both globs, as far as their beginnings tell."""
    mine, theirs = (re.split(r"[*?[]", one, maxsplit=1)[0] for one in (glob, declared))
    return bool(GLOB_CHARACTERS.intersection(declared)) and (mine.startswith(theirs) or theirs.startswith(mine))


def _those(names: list[str]) -> str:
    return f"; there is {', '.join(names)}" if 0 < len(names) <= 12 else ""


def _watched(written: Written, name: str, subject: Subject) -> bool:
    rule = written.rule
    if rule.sensor is not None:
        return subject.census.find(rule.sensor) is subject.census.declared[name]
    return rule.watches(name, subject.census.declared[name].sensor)


def _check_pace(written: Written, subject: Subject, review: Review) -> None:
    """Warn of times that are shorter than what passes between two readings."""
    rule = written.rule
    for source in subject.whole.sources:
        every = source.given.options.get("every")
        if not isinstance(every, float) or not any(rule.watches(name, None) for name in source.given.sensors.names()):
            continue
        for key, time in (("for", rule.for_), ("stale", rule.stale or 0.0), ("clear_for", rule.clear_for)):
            if 0 < time < every:
                review.warn(
                    written.at(key),
                    f"'{key}' is shorter than the {every:g} s between two readings of '{source.given.id}'",
                    "make it longer, or let the source ask more often",
                )


def _naming(node: Node, complaint: str) -> Node:
    """Return the item of a list that a complaint names, or the node itself."""
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar) and f"'{item.value}'" in complaint:
            return item
    return node


def _meant(node: Node, names: list[str]) -> str:
    return did_you_mean(node.value, names) if isinstance(node, Scalar) else ""
