"""Applies a stage to some sensors: the readings of the others go by it, in their place."""

from collections.abc import Iterator

from gaugeway.engine.joint import Item, Process
from gaugeway.reading import Reading, Tick
from gaugeway.sensor import Sensor, Sensors, chosen


class Bypass(Tick):
    """Carries a reading past a stage: a stage lets ticks by, and this is one."""

    carried: Reading | None = None


class Selection:
    """Wraps the `process` of a stage that lets ticks by."""

    def __init__(self, process: Process, select: tuple[str, ...], sensors: Sensors[Sensor]) -> None:
        self._process = process
        self._select = select
        self._sensors = sensors
        self._chosen: dict[str, bool] = {"": True}

    def process(self, stream: Iterator[Item]) -> Iterator[Item]:
        """Yield what the stage makes of the chosen readings, and the others as they are."""
        for item in self._process(self._split(stream)):
            if type(item) is Bypass and item.carried is not None:
                yield item.carried
            else:
                yield item

    def _split(self, stream: Iterator[Item]) -> Iterator[Item]:
        known = self._chosen
        for item in stream:
            applies = known.get(item.sensor)
            if applies is None:
                applies = known[item.sensor] = chosen(self._select, item.sensor, self._sensors.find(item.sensor))
            if applies or not isinstance(item, Reading):
                yield item
            else:
                yield Bypass(carried=item)
