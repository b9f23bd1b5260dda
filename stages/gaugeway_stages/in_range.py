"""Filters by the measuring range of each sensor."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Literal

from gaugeway import Meta, Quantity, Reading, Site
from gaugeway_stages.measuring_range import measuring_range


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
        self._limits: dict[str, tuple[float, float] | None] = {"": None}  # the empty name is that of a tick
        self._fault_values: dict[str, list[float]] = {}

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Yield what is inside; the rest is dropped with its reason, or marked."""
        return self._inside(self._without_faults(stream) if self._faults else stream)

    def _inside(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        known, mark = self._limits, self._mark
        for reading in stream:
            try:
                limits = known[reading.sensor]
            except KeyError:
                limits = known[reading.sensor] = measuring_range(self._site, reading)
            if limits is None or limits[0] <= reading.value <= limits[1]:
                yield reading
            elif mark:
                reading.quality = "bad"
                yield reading
            else:
                reading.drop(_reason(reading.value, limits[0]))

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
            values = self._fault_values[reading.sensor] = list(_values(self._faults, reading.unit))
        return reading.value in values


def _values(faults: list[Quantity], unit: str) -> Iterator[float]:
    """Yield what the faults are in `unit`: a fault value in °C says nothing of a sensor that measures bar."""
    for fault in faults:
        with suppress(ValueError):
            yield round(fault.to(unit), 6)  # for 85 °C in °F come out as 185.00000000000003


def _reason(value: float, low: float) -> str:
    if value < low:
        return "below range"
    return "above range" if value > low else "not a number"
