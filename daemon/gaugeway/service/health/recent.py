"""What happened in the last minute: counters are noted now and then, and compared with what they are."""

import time
from array import array
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from gaugeway.engine.intake import Intake
from gaugeway.service.gateway import Gateway

EVERY: Final = 10.0
KEPT: Final = 7


class Counts(msgspec.Struct, frozen=True):
    """The counters of one moment. Those of sensors stand in the order in which the sensors appeared."""

    at: float
    parts: dict[str, int] = {}
    sensors: dict[str, tuple[Intake | None, Sequence[int]]] = {}


class Recent:
    """Keeps the counters of the last minute; before it is over, those of the start, which were zero."""

    def __init__(self) -> None:
        self._kept: deque[Counts] = deque([Counts(time.monotonic())], maxlen=KEPT)

    @property
    def seconds(self) -> float:
        """How long "recently" is."""
        return max(0.001, time.monotonic() - self._kept[0].at)

    def note(self, gateway: Gateway, more: Callable[[], Mapping[str, int]]) -> None:
        """Note the counters, and those that others know, if it is time to; who does not tell is where it was."""
        now, last = time.monotonic(), self._kept[-1]
        if now - last.at >= EVERY:
            self._kept.append(Counts(now, {**last.parts, **counters(gateway), **more()}, _sensors(gateway)))

    def count(self, part: str, now: int) -> int:
        """Return by how much a counter has grown; one that a reload began anew has grown from zero."""
        before = self._kept[0].parts.get(part, 0)
        return now - before if now >= before else now

    def of_sensors(self, intake: Intake) -> list[int]:
        """Return how many readings each sensor of a source has brought, in the order in which they appeared."""
        now = [seen.count for seen in list(intake.sensors.values())]
        noted, before = self._kept[0].sensors.get(intake.use.id, (None, ()))
        if noted is not intake:
            return now
        return [count - before[index] if index < len(before) else count for index, count in enumerate(now)]


def counters(gateway: Gateway) -> dict[str, int]:
    """Return the counters of all parts, by names that `Recent.count` is asked with."""
    found: dict[str, int] = {}
    for pipeline in gateway.pipelines:
        name, meter = pipeline.name, pipeline.chain.intake
        found[f"readings {name}"] = meter.timed
        found[f"rejected {name}"] = sum(meter.dropped.copy().values())
        for stage in pipeline.chain.stages:
            found[f"failed {name}/{stage.use.id}"] = stage.meter.failed
    for outlet in gateway.outlets:
        found[f"dropped {outlet.use.id}"] = sum(outlet.meter.dropped.copy().values())
    return found


def _sensors(gateway: Gateway) -> dict[str, tuple[Intake | None, Sequence[int]]]:
    return {
        pipeline.name: (pipeline.intake, array("Q", [seen.count for seen in list(pipeline.intake.sensors.values())]))
        for pipeline in gateway.pipelines
    }
