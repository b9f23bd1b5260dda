"""An alarm rule as it is written in the configuration."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gaugeway.options import Duration
from gaugeway.units import Quantity

Severity = Literal["info", "warning", "critical"]


class Rate(msgspec.Struct, frozen=True):
    """A change in a time: `5 °C per min`."""

    amount: Quantity
    per: float


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most so many events of one rule in a time; what comes above it is chatter."""

    events: Annotated[int, Meta(ge=1, description="How many.")]
    per: Annotated[Duration, Meta(description="In what time.", examples=["10min"])]


class Rule(msgspec.Struct, frozen=True, kw_only=True, rename={"for_": "for"}, forbid_unknown_fields=True):
    """When to raise an alarm, and when to clear it."""

    sensor: Annotated[str | None, Meta(description="The sensor it watches.", examples=["boiler_temp"])] = None
    above: Annotated[Quantity | None, Meta(description="Raise at this value or more.", examples=["85 °C"])] = None
    below: Annotated[Quantity | None, Meta(description="Raise at this value or less.", examples=["2 °C"])] = None
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
    severity: Annotated[Severity, Meta(description="How bad it is.")] = "warning"
    message: Annotated[
        str | None, Meta(description="The text that people receive.", examples=["Boiler at {value} {unit}"])
    ] = None
