"""Alarm rules against themselves, each other and the sensors."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from gaugeway.config.checks.inhibition import entanglements
from gaugeway.config.checks.reach import check_difference, check_pace, never_clears
from gaugeway.config.checks.subject import Subject
from gaugeway.config.sections.census import Census, Declared
from gaugeway.config.sections.rules import Written
from gaugeway.config.text.nearest import did_you_mean
from gaugeway.config.text.nodes import Mapping, Node, Scalar, Sequence
from gaugeway.config.text.review import Review
from gaugeway.sensor import GLOB_CHARACTERS

MOST_GUESSES: Final = 100
"""After so many mistakes no more is guessed: with thousands of sensors a guess takes its time."""


def check_rules(subject: Subject, review: Review) -> bool:
    """Find what is wrong with each rule, and between them; tell whether rules and sensors are all well."""
    alerts, before = subject.whole.alerts, len(review.problems)
    for written in alerts.values():
        if written is not None:
            _check_rule(written, subject, review)
    spoilt = [name for name, written in alerts.items() if written is None]
    for name, (key, complaint) in entanglements(subject.whole.rules):
        written = alerts[name]
        if written is not None and not any(f"'{other}'" in complaint for other in spoilt):
            at = _naming(written.at(key), complaint)
            hint = _meant(at, [other for other in alerts if other != name]) if "no rule" in complaint else ""
            review.error(at, f"'{key}': {complaint}", hint)
    if (
        subject.whole.rules
        and not review.problems
        and not any(sink.given.plugin.wants_site for sink in subject.whole.sinks)
    ):
        hint = "add one under `sinks`, such as phone: {type: alert, broker: mqtt://localhost}"
        review.warn(subject.place("alerts"), "nobody is told of these alarms: there is no sink for them", hint)
    sensors_are_well = all(declared.sensor is not None for declared in subject.census.declared.values())
    return len(review.problems) == before and not spoilt and sensors_are_well and subject.census.complete


def _check_rule(written: Written, subject: Subject, review: Review) -> None:
    complaints = written.rule.problems()
    for key, complaint in complaints:
        review.error(written.at(key), f"'{key}' {complaint}" if key else f"'{written.entry.key.value}': {complaint}")
    if any(not key for key, _ in complaints):
        return
    unknown = [node for node in _sensor_nodes(written) if not _known(node, subject, review)]
    if unknown:
        return
    told = {key for key, _ in complaints}
    for name, declared in _watched(written, subject.census):
        if declared.sensor is None:
            continue
        for key, complaint in written.rule.misfits(name, declared.sensor):
            if key not in told:
                told.add(key)
                review.error(written.at(key), f"'{key}': {complaint}")
        if never_clears(written.rule, declared.sensor) and "clear" not in told:
            told.add("clear")
            key = "clear_below" if written.rule.clear_below is not None else "clear_above"
            review.error(written.at(key), f"'{key}' lies outside the range of '{name}': the alarm would never clear")
    if not told:
        check_difference(written, subject, review)
    check_pace(written, subject, review)


def _sensor_nodes(written: Written) -> list[Scalar]:
    if not isinstance(written.entry.value, Mapping):
        return []
    nodes = [written.entry.value.get(key) for key in ("sensor", "sensors", "difference")]
    flat = [item for node in nodes for item in (node.items if isinstance(node, Sequence) else [node])]
    return [node for node in flat if isinstance(node, Scalar) and not node.empty]


def _known(node: Scalar, subject: Subject, review: Review) -> bool:
    """Tell whether a sensor that a rule names can be there."""
    name, census = node.value, subject.census
    if name in census.names or not census.complete:
        return True
    if GLOB_CHARACTERS.intersection(name):
        return _met(node, subject, review)
    names = list(census.names) if len(review.problems) < MOST_GUESSES else []
    guess = did_you_mean(name, names, listing=False)
    if census.find(name) is not None:
        if guess:
            review.warn(node, f"the sensor '{node.echo}' is not written out", guess)
        return True
    where = "write it under the 'sensors' of its source"
    if subject.open_ended and not guess:
        review.warn(node, f"the sensor '{node.echo}' is not declared", where)
        return True
    review.error(node, f"unknown sensor '{node.echo}'", guess or where + _those(names))
    return False


def _met(node: Scalar, subject: Subject, review: Review) -> bool:
    """Tell whether some sensor fits a glob, or may when it comes."""
    glob, census = node.value, subject.census
    fits = any(fnmatchcase(name, glob) or _may_meet(glob, name) for name in census.declared)
    if not fits and not subject.open_ended:
        review.error(node, f"no sensor fits '{node.echo}'", did_you_mean(glob, census.names))
    return fits or subject.open_ended


def _may_meet(glob: str, declared: str) -> bool:
    """Tell whether a sensor may come that fits both globs, as far as their beginnings tell."""
    mine, theirs = (re.split(r"[*?[]", one, maxsplit=1)[0] for one in (glob, declared))
    return bool(GLOB_CHARACTERS.intersection(declared)) and (mine.startswith(theirs) or theirs.startswith(mine))


def _those(names: list[str]) -> str:
    return f"; there is {', '.join(names)}" if 0 < len(names) <= 12 else ""


def _watched(written: Written, census: Census) -> Iterable[tuple[str, Declared]]:
    """Return the sensors and globs that a rule is about."""
    rule = written.rule
    named = [rule.sensor] if rule.sensor is not None else list(rule.difference or ())
    if named:
        return [(name, declared) for name in named if (declared := census.find(name)) is not None]
    return [(name, one) for name, one in census.declared.items() if rule.watches(name, one.sensor)]


def _naming(node: Node, complaint: str) -> Node:
    """Return the item of a list that a complaint names, or the node itself."""
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Scalar) and f"'{item.value}'" in complaint:
            return item
    return node


def _meant(node: Node, names: list[str]) -> str:
    return did_you_mean(node.value, names) if isinstance(node, Scalar) else ""
