"""Filters by the measuring range of each sensor."""

from collections.abc import Iterator
from math import inf
from typing import Annotated, Final, Literal

from gaugeway import Meta, Quantity, Reading, Site
from gaugeway_stages.measuring_range import measuring_range

ENDLESS: Final = (-inf, inf)


class InRange:
    """Drops what a sensor cannot have measured: readings outside its range, and values that mean a fault.

    A sensor without a range keeps all its readings. The limits themselves are inside.
    """

    ticks = "pass"

    def __init__(
        self,
        *,
        site: Site,
        out: Annotated[
            Literal["drop", "mark"],
            Meta(description="What is done with a reading outside: drop it, or keep it with the quality bad."),
        ] = "drop",
        faults: Annotated[
            list[Quantity] | None,
            Meta(
                description="Values inside the range by which the sensor says that it failed; treated as outside.",
                examples=[["85 °C", "127.94 °C"]],
            ),
        ] = None,
    ) -> None:
        self._site = site
        self._mark = out == "mark"
        self._faults = faults or []
        self._limits: dict[str, tuple[float, float]] = {}
        self._fault_values: dict[str, list[float]] = {}

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Yield what is inside; the rest is dropped with its reason, or marked."""
        return self._inside(self._without_faults(stream) if self._faults else stream)

    def _inside(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        limits, mark = self._limits, self._mark
        find = limits.get
        for reading in stream:
            found = find(reading.sensor)
            if found is None:
                if not reading.sensor:  # a tick
                    yield reading
                    continue
                found = limits[reading.sensor] = measuring_range(self._site, reading) or ENDLESS
            low, high = found
            if low <= reading.value <= high:
                yield reading
            elif mark:
                reading.quality = "bad"
                yield reading
            else:
                reading.drop(_reason(reading.value, low))

    def _without_faults(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        for reading in stream:
            if not reading.sensor or not self._is_fault(reading):
                yield reading
            elif self._mark:
                reading.quality = "bad"
                yield reading
            else:
                reading.drop("fault value")

    def _is_fault(self, reading: Reading) -> bool:
        values = self._fault_values.get(reading.sensor)
        if values is None:
            # Rounded, for 85 °C in °F come out as 185.00000000000003.
            values = self._fault_values[reading.sensor] = [round(fault.to(reading.unit), 6) for fault in self._faults]
        return reading.value in values


def _reason(value: float, low: float) -> str:
    if value < low:
        return "below range"
    return "above range" if value > low else "not a number"
