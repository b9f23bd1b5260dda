"""From a rule to what compares, its quantities turned into the unit of the sensor."""

from msgspec import structs

from gaugeway import Quantity, Rule
from gaugeway_sinks.alarms.crossing import Crossing
from gaugeway_sinks.alarms.crossing.limits import Above, Below, Outside
from gaugeway_sinks.alarms.crossing.rate import Rate
from gaugeway_sinks.alarms.crossing.signs import Quality, Silent
from gaugeway_sinks.alarms.crossing.stuck import Stuck


def crossing(rule: Rule, unit: str) -> Crossing:
    """Return how the rule compares; ValueError where a quantity cannot be turned into the unit."""
    if rule.above is not None or rule.below is not None or rule.outside is not None:
        return _limits(rule, unit)
    if rule.rate is not None:
        return Rate(rule.rate.amount.span(unit), rule.rate.per, _band(rule, unit), unit)
    if rule.stuck is not None:
        return Stuck(rule.stuck, _band(rule, unit))
    if rule.quality is not None:
        return Quality(rule.quality, unit)
    return Silent(rule.stale or 0.0)


def difference(rule: Rule, unit: str) -> Crossing:
    """Return how a rule on the difference of two sensors compares: its limits are distances, not points on a scale."""
    keys = ("above", "below", "clear_below", "clear_above")
    limits = {key: _span(quantity, unit) for key in keys if isinstance(quantity := getattr(rule, key), Quantity)}
    outside = rule.outside and (_span(rule.outside[0], unit), _span(rule.outside[1], unit))
    return crossing(structs.replace(rule, outside=outside, **limits), unit)


def _limits(rule: Rule, unit: str) -> Crossing:
    band = _band(rule, unit)
    low = rule.outside[0].to(unit) if rule.outside else rule.below.to(unit) if rule.below else 0.0
    high = rule.outside[1].to(unit) if rule.outside else rule.above.to(unit) if rule.above else 0.0
    clear_low = rule.clear_above.to(unit) if rule.clear_above else low + band
    clear_high = rule.clear_below.to(unit) if rule.clear_below else high - band
    if rule.outside is not None:
        return Outside((float(low), float(high)), (clear_low, clear_high), unit)
    return Above(float(high), clear_high, unit) if rule.above is not None else Below(float(low), clear_low, unit)


def _span(quantity: Quantity, unit: str) -> Quantity:
    return Quantity(quantity.span(unit), unit)


def _band(rule: Rule, unit: str) -> float:
    return rule.hysteresis.span(unit) if rule.hysteresis is not None else 0.0
