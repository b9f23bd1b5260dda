"""Scales values by the measuring range of their sensor."""

from collections.abc import Iterator

from gaugeway import Reading, Site
from gaugeway_stages.measuring_range import measuring_range


class Normalise:
    """Scales the value by the sensor's range, its lower end to 0 and its upper end to 1, into the result `normal`.

    A value outside the range comes out below 0 or above 1: put `in_range` before to have none. A sensor without a
    range, and a reading whose quality is bad or stale, go by without the result.
    """

    ticks = "pass"

    def __init__(self, *, site: Site) -> None:
        self._site = site
        self._scales: dict[str, tuple[float, float] | None] = {}

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Yield every reading, with `normal` where there is a range to scale by."""
        scales = self._scales
        find = scales.get
        for reading in stream:
            scale = find(reading.sensor)
            if scale is None:
                scale = self._meet(reading)
            if scale is not None and reading.quality in ("good", "uncertain"):
                low, span = scale
                reading.normal = (reading.value - low) / span
            yield reading

    def _meet(self, reading: Reading) -> tuple[float, float] | None:
        """Return where the scale begins and how long it is; None for a tick, or a sensor without a range."""
        if reading.sensor not in self._scales:
            found = measuring_range(self._site, reading) if reading.sensor else None
            self._scales[reading.sensor] = None if found is None else (found[0], found[1] - found[0])
        return self._scales[reading.sensor]
