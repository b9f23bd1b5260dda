"""An alarm rule as it is written in the configuration, and what can be said against it before a sensor speaks."""

import re
import string
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from gaugeway.options import Duration
from gaugeway.sensor import Kind, Sensor, chosen
from gaugeway.units import Quantity

Severity = Literal["info", "warning", "critical"]
OnGap = Literal["hold", "raise", "clear"]
Combine = Literal["each", "any", "all"]
Complaint = tuple[str, str]
"""The key that is wrong (empty for the rule as a whole), and what to do about it in a sentence."""

CONDITIONS: Final = ("above", "below", "outside", "rate", "stuck", "stale", "quality")
SELECTORS: Final = ("sensor", "sensors", "kind", "difference")
HYSTERETIC: Final = frozenset({"above", "below", "outside", "rate", "stuck"})
IN_SENSORS_UNIT: Final = frozenset({"value", "average"})
MESSAGE_FIELDS: Final[Mapping[str, float | str]] = {
    **dict.fromkeys(("node", "rule", "sensor", "event", "condition", "severity", "unit", "quality", "op"), "text"),
    **dict.fromkeys(("first_crossed", "raised", "cleared"), "text"),
    **dict.fromkeys(("value", "threshold", "clear_at", "peak"), 1.5),
    **dict.fromkeys(("samples", "occurrence"), 1),
}
"""What a message can tell, each with an example."""
UNFIT_FORM: Final = re.compile(r"\d{4}|{")


class Rate(msgspec.Struct, frozen=True):
    """A change in a time: `5 °C per min` for rising, `-5 °C per min` for falling by that much."""

    amount: Quantity
    per: float

    def __str__(self) -> str:
        words = {1.0: "s", 60.0: "min", 3600.0: "h", 86400.0: "d"}
        return f"{self.amount}/{words.get(self.per) or f'{self.per:g} s'}"


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most so many events of one rule in a time; what comes above it is chatter."""

    events: Annotated[int, Meta(ge=1, le=1000, description="How many.", examples=[6])]
    per: Annotated[Duration, Meta(gt=0, description="In what time.", examples=["10min"])]


class Rule(msgspec.Struct, frozen=True, kw_only=True, rename={"for_": "for"}, forbid_unknown_fields=True):
    """When to raise an alarm, and when to clear it: one selector, one condition, and how to go about it."""

    sensor: Annotated[str | None, Meta(description="The sensor it watches.", examples=["boiler_temp"])] = None
    sensors: Annotated[
        tuple[str, ...], Meta(description="Several sensors, by name or glob.", examples=[["boiler_*", "hall_temp"]])
    ] = ()
    kind: Annotated[Kind | None, Meta(description="All sensors of a kind.", examples=["pressure"])] = None
    difference: Annotated[
        tuple[str, str] | None,
        Meta(description="The first sensor's value less the second's is compared.", examples=[["inlet", "outlet"]]),
    ] = None
    combine: Annotated[
        Combine, Meta(description="Of several sensors: an alarm for each, one when any crosses, or when all do.")
    ] = "each"
    at_least: Annotated[
        int | None, Meta(ge=1, description="Of several sensors: one alarm when at least so many cross.", examples=[2])
    ] = None

    above: Annotated[Quantity | None, Meta(description="Raise at this value or more.", examples=["85 °C"])] = None
    below: Annotated[Quantity | None, Meta(description="Raise at this value or less.", examples=["2 °C"])] = None
    outside: Annotated[
        tuple[Quantity, Quantity] | None,
        Meta(description="Raise at or below the first and at or above the second.", examples=[["2 °C", "8 °C"]]),
    ] = None
    rate: Annotated[
        Rate | None,
        Meta(description="Raise when it changes by this much in the time, or in less.", examples=["5 °C per min"]),
    ] = None
    stuck: Annotated[
        Duration | None, Meta(gt=0, description="Raise when it repeats one value for this long.", examples=["10min"])
    ] = None
    stale: Annotated[
        Duration | None, Meta(gt=0, description="Raise when it says nothing usable for this long.", examples=["60s"])
    ] = None
    quality: Annotated[
        Literal["uncertain", "bad", "stale"] | None, Meta(description="Raise at readings of this quality or worse.")
    ] = None

    of: Annotated[
        str, Meta(description="Which result is compared: the value, or what a stage added.", examples=["average"])
    ] = "value"
    clear_below: Annotated[
        Quantity | None, Meta(description="Clear a rule with `above` only under this value.", examples=["82 °C"])
    ] = None
    clear_above: Annotated[
        Quantity | None, Meta(description="Clear a rule with `below` only over this value.", examples=["4 °C"])
    ] = None
    hysteresis: Annotated[
        Quantity | None, Meta(description="The same as a distance from the threshold.", examples=["3 °C"])
    ] = None
    for_: Annotated[Duration, Meta(ge=0, description="Raise only after it held for this long.", examples=["30s"])] = 0.0
    clear_for: Annotated[
        Duration, Meta(ge=0, description="Clear only after it was well for this long.", examples=["1min"])
    ] = 0.0
    on_gap: Annotated[
        OnGap, Meta(description="What the sensor's silence means: nothing is known, an alarm, or that all is well.")
    ] = "hold"

    severity: Annotated[Severity, Meta(description="How bad it is.")] = "warning"
    latch: Annotated[bool, Meta(description="Stay active until somebody has acknowledged it.")] = False
    remind: Annotated[
        Duration | None, Meta(gt=0, description="Repeat while active and not acknowledged.", examples=["30min"])
    ] = None
    inhibited_by: Annotated[
        tuple[str, ...], Meta(description="Be silent while any of these is active.", examples=[["boiler_link_lost"]])
    ] = ()
    limit: Annotated[Limit | None, Meta(description="More events than this are chatter and withheld.")] = None
    labels: Annotated[
        dict[str, str], Meta(description="Passed on as they are with each event.", examples=[{"site": "north"}])
    ] = msgspec.field(default_factory=dict[str, str])
    message: Annotated[
        str | None, Meta(description="The text that people receive.", examples=["Boiler at {value:.1f} {unit}"])
    ] = None

    @property
    def conditions(self) -> tuple[str, ...]:
        """The keys that say when to raise; a rule without a mistake has one."""
        return tuple(key for key in CONDITIONS if getattr(self, key) is not None)

    @property
    def selectors(self) -> tuple[str, ...]:
        """The keys that say which sensors it watches; a rule without a mistake has one."""
        return tuple(key for key in SELECTORS if getattr(self, key))

    @property
    def joint(self) -> bool:
        """Whether several sensors share one alarm."""
        return self.difference is not None or self.combine != "each" or self.at_least is not None

    def named(self) -> tuple[str, ...]:
        """Return the sensors and globs that it names."""
        return (*filter(None, (self.sensor,)), *self.sensors, *(self.difference or ()))

    def watches(self, name: str, sensor: Sensor | None) -> bool:
        """Tell whether it watches the sensor called `name`."""
        if self.kind is not None:
            return sensor is not None and sensor.kind == self.kind
        return name == self.sensor or name in (self.difference or ()) or bool(self.sensors and self._globs(name))

    def problems(self) -> list[Complaint]:
        """Return what is wrong with the rule in itself."""
        return [*self._counts(), *self._together(), *self._order(), *self._template()]

    def misfits(self, name: str, sensor: Sensor) -> list[Complaint]:
        """Return what is wrong with the rule for one sensor: units that do not fit, limits that it cannot reach."""
        if self.of not in IN_SENSORS_UNIT:
            return []
        found: list[Complaint] = []
        for key, quantity in self._quantities():
            try:
                limit = quantity.to(sensor.unit)
            except ValueError:
                found.append((key, f"'{name}' is measured in {sensor.unit}, which {quantity.unit} does not fit"))
                continue
            if key in ("above", "below", "outside") and self.difference is None:
                found += _out_of_reach(key, limit, quantity, name, sensor)
        return found

    def _globs(self, name: str) -> bool:
        return chosen(self.sensors, name, None)

    def _counts(self) -> Iterator[Complaint]:
        if not self.selectors:
            yield "", "say which sensor it watches: sensor, sensors, kind or difference"
        for key in self.selectors[1:]:
            yield key, f"is one selector too many: this rule has '{self.selectors[0]}' already"
        if not self.conditions:
            yield "", f"say when to raise: one of {', '.join(CONDITIONS)}"
        for key in self.conditions[1:]:
            yield key, f"is one condition too many: this rule has '{self.conditions[0]}' already; write a second rule"

    def _together(self) -> Iterator[Complaint]:
        condition = self.conditions[0] if self.conditions else ""
        several = bool(self.sensors) or self.kind is not None
        if self.combine != "each" and self.at_least is not None:
            yield "at_least", "takes the place of 'combine'; leave one of them out"
        for key, is_set in (("combine", self.combine != "each"), ("at_least", self.at_least is not None)):
            if is_set and not several:
                yield key, "needs several sensors, chosen with 'sensors' or 'kind'"
        if self.difference is not None and condition not in ("above", "below", "outside", "rate"):
            yield "difference", "can be compared with above, below, outside or rate"
        if self.difference is not None and self.difference[0] == self.difference[1]:
            yield "difference", "needs two different sensors"
        if condition in ("stale", "quality") and self.of != "value":
            yield "of", f"has no meaning with '{condition}', which looks at the reading and not at a result"
        if condition in ("stale", "quality") and self.on_gap != "hold":
            yield "on_gap", f"has no meaning with '{condition}'; it is for rules about values"
        if condition in ("stale", "quality") and self.joint:
            yield condition, "is raised for each sensor by itself; leave 'combine' and 'at_least' out"
        yield from self._hysteresis(condition)

    def _hysteresis(self, condition: str) -> Iterator[Complaint]:
        places: tuple[tuple[str, Quantity | None, tuple[str, ...]], ...] = (
            ("clear_below", self.clear_below, ("above", "outside")),
            ("clear_above", self.clear_above, ("below", "outside")),
        )
        for key, quantity, conditions in places:
            if quantity is not None and condition not in conditions:
                other = {"below": "; with below it is 'clear_above'", "above": "; with above it is 'clear_below'"}
                yield key, f"goes with {' or '.join(conditions)}{other.get(condition, '')}"
            if quantity is not None and self.hysteresis is not None:
                yield "hysteresis", f"says the same as '{key}'; leave one of them out"
        if self.hysteresis is not None and condition not in HYSTERETIC:
            yield "hysteresis", f"has no meaning with '{condition}'"
        if self.hysteresis is not None and self.hysteresis.value < 0:
            yield "hysteresis", "is a distance, which is not negative"

    def _order(self) -> Iterator[Complaint]:
        low, high = self.outside or (self.below, self.above)
        if self.outside is not None and not _less(low, high):
            yield "outside", "the first limit has to be less than the second"
        elif self.outside is not None and not self._room_between(*self.outside):
            yield "hysteresis", "leaves nothing between the two limits, so that the alarm could never clear"
        if self.clear_below is not None and high is not None and not _less(self.clear_below, high):
            yield "clear_below", f"has to be less than {high}, or the alarm would clear while it still stands"
        if self.clear_above is not None and low is not None and not _less(low, self.clear_above):
            yield "clear_above", f"has to be more than {low}, or the alarm would clear while it still stands"
        if self.rate is not None and self.rate.amount.value == 0:
            yield "rate", "has to be more or less than 0; for no change at all there is 'stuck'"

    def _room_between(self, low: Quantity, high: Quantity) -> bool:
        try:
            distance = high.to(low.unit) - low.value
            return self.hysteresis is None or 2 * self.hysteresis.span(low.unit) < distance
        except ValueError:
            return True

    def _template(self) -> Iterator[Complaint]:
        if self.message is None:
            return
        try:
            parts = list(string.Formatter().parse(self.message))
        except ValueError as error:
            yield "message", f"cannot be read: {error}; a brace that is meant is written twice"
            return
        for _, field, form, conversion in parts:
            if field is None:
                continue
            if field not in MESSAGE_FIELDS:
                yield "message", f"knows no {{{field}}}; there is {', '.join(sorted(MESSAGE_FIELDS))}"
            elif not _fits(MESSAGE_FIELDS[field], form or "", conversion):
                yield "message", f"cannot write {{{field}}} like '{form or conversion}'; numbers go like {{value:.1f}}"

    def _quantities(self) -> Iterator[tuple[str, Quantity]]:
        for key in ("above", "below", "clear_below", "clear_above", "hysteresis"):
            quantity = getattr(self, key)
            if isinstance(quantity, Quantity):
                yield key, quantity
        for quantity in self.outside or ():
            yield "outside", quantity
        if self.rate is not None:
            yield "rate", self.rate.amount


def _fits(example: float | str, form: str, conversion: str | None) -> bool:
    if UNFIT_FORM.search(form) or conversion not in (None, "a", "r", "s"):
        return False
    try:
        return bool(format(repr(example) if conversion else example, form))
    except ValueError:
        return False


def _less(one: Quantity | None, other: Quantity | None) -> bool:
    """Tell whether one quantity is less; where their units cannot be compared, the sensor's unit decides later."""
    if one is None or other is None:
        return True
    try:
        return one.to(other.unit) < other.value
    except ValueError:
        return True


def _out_of_reach(key: str, limit: float, quantity: Quantity, name: str, sensor: Sensor) -> Iterator[Complaint]:
    if sensor.range is not None and not sensor.range[0] <= limit <= sensor.range[1]:
        low, high = sensor.range
        yield key, f"{quantity} lies outside the range of '{name}', {low:g} to {high:g} {sensor.unit}".rstrip()
