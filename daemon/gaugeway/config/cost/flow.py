"""What one pipeline carries in a day, as far as that can be known from its configuration alone."""

from collections.abc import Iterator
from typing import Final

import msgspec

from gaugeway.plan import PipelinePlan
from gaugeway.reading import Reading
from gaugeway.rule import Rule
from gaugeway.sensor import Sensor

DAY: Final = 86_400
FRAME: Final = 40
ASSUMED_PERIOD: Final = 1.0
"""How often a sensor speaks whose source does not say it: once a second."""

BROUGHT: Final = "sensor"
"""A name for all the sensors that globs bring, which count as one."""


class Flow:
    """The readings of one source, and the alarms that they may lead to."""

    def __init__(self, pipeline: PipelinePlan) -> None:
        source = pipeline.source
        self.pipeline = pipeline
        self.id = source.id
        self.written_out: dict[str, Sensor] = {name: source.sensors.declared[name] for name in source.sensors.names()}
        self.open_ended = not self.written_out or len(self.written_out) < len(source.sensors)
        self.names = [*self.written_out, *([BROUGHT] if self.open_ended else [])]
        every = source.options.get("every")
        polled = "request" not in source.options or source.options["request"] is not None
        self.guessed = not (isinstance(every, float) and every > 0 and polled)
        self.period = every if isinstance(every, float) and every > 0 and polled else ASSUMED_PERIOD

    @property
    def readings(self) -> float:
        """Readings a day."""
        return DAY / self.period * len(self.names)

    def assumed(self) -> Iterator[str]:
        """Yield what the figures rest on."""
        if self.guessed:
            yield f"each sensor of '{self.id}' speaks once a second"
        if self.open_ended:
            yield f"all sensors that globs bring to '{self.id}' say together as much as one"

    def watched(self, rule: Rule) -> Iterator[tuple[str, Sensor]]:
        """Yield the sensors that a rule watches; of those that globs bring, one for each that the rule names."""
        sensors = self.pipeline.source.sensors
        yield from ((name, sensor) for name, sensor in self.written_out.items() if rule.watches(name, sensor))
        if self.open_ended:
            for name in rule.named():
                found = sensors.find(name)
                if found is not None and name not in self.written_out:
                    yield name, found
            for glob, sensor in sensors.declared.items():
                if glob not in self.written_out and rule.kind is not None and rule.kind == sensor.kind:
                    yield glob, sensor

    def bytes(self, *, journal: bool) -> float:
        """Return how long the records of a day are, in the journal or as lines of JSON."""
        sizes = (FRAME + len(msgspec.msgpack.encode(self._reading(name))) for name in self.names)
        lines = (1 + len(msgspec.json.encode(self._reading(name, result=0.12345))) for name in self.names)
        return sum(sizes if journal else lines) * DAY / self.period

    def _reading(self, name: str, result: float | None = None) -> Reading:
        sensor = self.pipeline.source.sensors.find(name)
        unit = sensor.unit if sensor else ""
        return Reading(name, 123.456, 1732184000.123, unit, normal=result, average=result)

    def duty(self) -> float | None:
        """Return how many percent of the time a serial line is busy; None for what is none."""
        baud = self.pipeline.source.options.get("baud", 9600)
        if "port" not in self.pipeline.source.options or not isinstance(baud, int):
            return None
        request = self.pipeline.source.options.get("request")
        length = (len(request) if isinstance(request, str) else 0) + 4 + 12 * len(self.names)
        return 100 * length * 10 / baud / self.period
