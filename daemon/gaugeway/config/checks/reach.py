"""What a rule waits for, and whether its sensors can ever say it."""

from gaugeway.config.checks.subject import Subject
from gaugeway.config.sections.rules import Written
from gaugeway.config.text.review import Review
from gaugeway.rule import IN_SENSORS_UNIT, Rule
from gaugeway.sensor import Sensor


def never_clears(rule: Rule, sensor: Sensor) -> bool:
    """Tell whether what clears the alarm is a value that the sensor cannot have."""
    reach = sensor.range
    if reach is None or rule.of not in IN_SENSORS_UNIT or rule.difference is not None or rule.rate is not None:
        return False
    try:
        below = None if rule.clear_below is None else rule.clear_below.to(sensor.unit)
        above = None if rule.clear_above is None else rule.clear_above.to(sensor.unit)
    except ValueError:
        return False
    return (below is not None and below <= reach[0]) or (above is not None and above >= reach[1])


def check_difference(written: Written, subject: Subject, review: Review) -> None:
    """Find a limit that two sensors cannot lie apart by, if both are within their ranges."""
    rule = written.rule
    found = [subject.census.find(name) for name in rule.difference or ()]
    sensors = [declared.sensor for declared in found if declared is not None and declared.sensor is not None]
    if len(sensors) != 2 or sensors[0].unit != sensors[1].unit or rule.of not in IN_SENSORS_UNIT:
        return
    one, other = sensors[0].range, sensors[1].range
    if one is None or other is None:
        return
    least, most = one[0] - other[1], one[1] - other[0]
    for key, limit in (("above", rule.above), ("below", rule.below)):
        if limit is not None and not least <= limit.span(sensors[0].unit) <= most:
            review.error(written.at(key), f"'{key}': the difference of the two lies between {least:g} and {most:g}")


def check_pace(written: Written, subject: Subject, review: Review) -> None:
    """Warn of times that are shorter than what passes between two readings."""
    rule = written.rule
    for source in subject.whole.sources:
        every = source.given.options.get("every")
        if not isinstance(every, float) or not any(rule.watches(name, None) for name in source.sensors.names()):
            continue
        for key, time in (("for", rule.for_), ("stale", rule.stale or 0.0), ("clear_for", rule.clear_for)):
            if 0 < time < every:
                review.warn(
                    written.at(key),
                    f"'{key}' is shorter than the {every:g} s between two readings of '{source.given.id}'",
                    "make it longer, or let the source ask more often",
                )
