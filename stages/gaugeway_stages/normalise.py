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
    gives = ("normal",)

    def __init__(self, *, site: Site) -> None:
        self._site = site
        self._scales: dict[str, tuple[float, float] | None] = {"": None}  # the empty name is that of a tick

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Yield every reading, with `normal` where there is a range to scale by."""
        scales = self._scales
        for reading in stream:
            try:
                scale = scales[reading.sensor]
            except KeyError:
                scale = scales[reading.sensor] = self._scale_of(reading)
            if scale is not None and reading.quality in ("good", "uncertain"):
                low, span = scale
                reading.normal = (reading.value - low) / span
            yield reading

    def _scale_of(self, reading: Reading) -> tuple[float, float] | None:
        """Return where the scale of the sensor begins and how long it is."""
        limits = measuring_range(self._site, reading)
        return None if limits is None else (limits[0], limits[1] - limits[0])
