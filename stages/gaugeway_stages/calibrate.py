"""Corrects what sensors measure."""

from collections.abc import Iterator, Mapping
from math import inf
from typing import Annotated

import msgspec

from gaugeway import ConfigError, Meta, Quantity, Reading, canonical, convert
from gaugeway_stages.curve import Curve, line, polynomial, through

Gain = Annotated[float, Meta(description="The value is multiplied by this, then the offset is added.", examples=[1.02])]
Offset = Annotated[Quantity, Meta(description="What is added to the value.", examples=["-0.3 °C"])]
Points = Annotated[
    list[tuple[float, float]] | None,
    Meta(
        description="Pairs of measured and true value, joined by straight lines; the outer lines go on beyond.",
        examples=[[[0.4, 0.0], [99.1, 100.0]]],
    ),
]
Polynomial = Annotated[
    list[float] | None,
    Meta(description="c0, c1, c2, ... of c0 + c1 * value + c2 * value² + ...", examples=[[0.1, 0.98, 0.0004]]),
]
NOTHING = Quantity(0.0)


class Correction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of three ways from the measured to the true value: gain and offset, points, or a polynomial."""

    gain: Gain = 1.0
    offset: Offset = NOTHING
    points: Points = None
    polynomial: Polynomial = None

    def fault(self) -> str | None:
        """Say what is wrong with it."""
        linear = self.gain != 1.0 or self.offset != NOTHING
        if linear + (self.points is not None) + (self.polynomial is not None) > 1:
            return "gain and offset, points and polynomial exclude each other: keep one"
        if self.gain == 0:
            return "gain 0 would make all values the same: leave it out, or give the factor"
        if self.points is not None and len(self.points) < 2:
            return "points needs at least two pairs of measured and true value"
        if self.points is not None and any(a[0] >= b[0] for a, b in zip(self.points, self.points[1:], strict=False)):
            return "points must be sorted by their measured values, each different"
        if self.polynomial is not None and len(self.polynomial) < 2:
            return "polynomial needs at least two coefficients: c0 and c1"
        return None

    def curve(self, unit: str) -> Curve:
        """Return what it does to values in `unit`."""
        if self.points is not None:
            return through(self.points)
        if self.polynomial is not None:
            return polynomial(self.polynomial)
        return line(self.gain, self.offset.span(unit))


class Calibrate:
    """Corrects values by gain and offset, by points or by a polynomial, and turns them into another unit if asked.

    What stands under `sensors` is for those alone and takes the place of the rest. The correction comes first and
    is in the unit of the sensor; `unit` comes after it. What leaves the range of floating-point numbers is dropped.
    Results that are there already, such as `average`, are left as they are: put it before the stages that give them.
    """

    ticks = "pass"

    def __init__(
        self,
        *,
        gain: Gain = 1.0,
        offset: Offset = NOTHING,
        points: Points = None,
        polynomial: Polynomial = None,
        unit: Annotated[
            str | None, Meta(description="The unit that the readings have from here on.", examples=["°C"])
        ] = None,
        sensors: Annotated[
            dict[str, Correction] | None,
            Meta(
                description="Corrections of single sensors, by id.", examples=[{"boiler_temp": {"offset": "-0.3 °C"}}]
            ),
        ] = None,
    ) -> None:
        self._common = Correction(gain=gain, offset=offset, points=points, polynomial=polynomial)
        self._single: Mapping[str, Correction] = sensors or {}
        self._unit = _known(unit)
        self._curves: dict[str, Curve | None] = {"": None}  # the empty name is that of a tick
        if not sensors and not unit and self._common == Correction():
            raise ConfigError("calibrate needs to be told how: give gain, offset, points, polynomial, unit or sensors")
        for where, correction in {"calibrate": self._common, **self._single}.items():
            fault = correction.fault()
            if fault:
                raise ConfigError(f"{where}: {fault}")

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Yield every reading with its value corrected."""
        curves, unit = self._curves, self._unit
        for reading in stream:
            try:
                curve = curves[reading.sensor]
            except KeyError:
                curve = curves[reading.sensor] = self._curve_of(reading)
            if curve is None:
                yield reading
                continue
            value = curve(reading.value)
            if not -inf < value < inf:
                reading.drop("calibrated to no number")
                continue
            reading.value = value
            if unit:
                reading.unit = unit
            yield reading

    def _curve_of(self, reading: Reading) -> Curve:
        source, target = reading.unit, self._unit
        curve = self._single.get(reading.sensor, self._common).curve(source)
        if not target or target == source:
            return curve
        convert(0.0, source, target)  # units that do not fit each other fail here, at the first reading
        return lambda value: convert(curve(value), source, target)


def _known(unit: str | None) -> str:
    if unit is None:
        return ""
    found = canonical(unit)
    if found is None:
        raise ConfigError(f"unknown unit '{unit}': a target of calibrate has to be a unit such as °C, bar or L/min")
    return found
