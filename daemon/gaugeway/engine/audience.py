"""Which sensors a sink is handed."""

from collections.abc import Sequence

from gaugeway.reading import Reading
from gaugeway.sensor import Sensor, Sensors, chosen


class Audience:
    """The sensors that a `select` chooses, all where it is empty; decided once for each."""

    def __init__(self, select: tuple[str, ...], sensors: Sequence[Sensors[Sensor]] = ()) -> None:
        self.select = select
        self._sensors = sensors
        self._known: dict[str, bool] = {}

    def of(self, batch: Sequence[Reading]) -> Sequence[Reading]:
        """Return what of a batch is for the sink."""
        return [reading for reading in batch if self._applies(reading.sensor)] if self.select else batch

    def _applies(self, sensor: str) -> bool:
        known = self._known.get(sensor)
        if known is None:
            declared = next(filter(None, (table.find(sensor) for table in self._sensors)), None)
            known = self._known[sensor] = chosen(self.select, sensor, declared)
        return known
