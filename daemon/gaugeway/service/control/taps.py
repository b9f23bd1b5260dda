"""A tap: somebody watches the readings at one point of a pipeline, live, and the pipeline never waits for that."""

from collections import deque
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from gaugeway.contain import Contained
from gaugeway.engine.pipeline import Pipeline
from gaugeway.reading import Reading
from gaugeway.service.control.where import Condition, condition
from gaugeway.service.gateway import Gateway

MOST: Final = 1000
"""Readings that wait to be fetched, some twenty times a second; what comes beyond that is counted, not kept."""


class Missed(msgspec.Struct, frozen=True):
    """Tells how many readings were left out: they came faster than they were taken, or cannot be shown."""

    missed: int


class Tap:
    """Copies of the readings at a point. `see` runs on the pipeline's thread, all else on that of who watches.

    A reload may put another pipeline in the place of the one that is watched; `follow` goes over to it.
    """

    def __init__(self, gateway: Gateway, at: str, sensor: str = "*", where: str = "") -> None:
        self._gateway = gateway
        self._source, _, self._stage = at.partition("/")
        self._sensor = sensor
        self._where: Condition | None = condition(where) if where else None
        self._chosen: dict[str, bool] = {}
        self._lines: deque[bytes] = deque()
        self._missed = 0
        self._told = 0
        self._encode = msgspec.json.Encoder().encode
        self._pipeline: Pipeline | None = None
        self._attach(self._find())

    def see(self, reading: Reading) -> None:
        """Keep a copy of a reading that is asked for; what a plugin has put into it does no harm."""
        with Contained() as fault:
            self._keep(reading)
        self._missed += fault.error is not None

    def _keep(self, reading: Reading) -> None:
        name = reading.sensor
        wanted = self._chosen.get(name)
        if wanted is None:
            wanted = self._chosen[name] = fnmatchcase(name, self._sensor)
        if not wanted or (self._where is not None and not self._where(reading)):
            return
        if len(self._lines) < MOST:
            self._lines.append(self._encode(reading))
        else:
            self._missed += 1

    def fetch(self) -> list[bytes]:
        """Return what has come since the last time, as JSON, and the number of those that were left out."""
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        missed = self._missed - self._told  # the pipeline counts up, and nobody else writes that number
        self._told += missed
        return [*lines, self._encode(Missed(missed))] if missed else lines

    def follow(self) -> bool:
        """Watch the pipeline that runs now; tell whether there still is one with this point."""
        try:
            pipeline = self._find()
            if pipeline is not self._pipeline:
                self.close()
                self._attach(pipeline)
        except ValueError:
            return False
        return True

    def close(self) -> None:
        """Watch no more."""
        if self._pipeline is not None:
            self._pipeline.chain.untap(self.see)
            self._pipeline.recompose()
            self._pipeline = None

    def _find(self) -> Pipeline:
        pipelines = {pipeline.name: pipeline for pipeline in self._gateway.pipelines}
        pipeline = pipelines.get(self._source)
        if pipeline is None:
            raise ValueError(f"there is no source '{self._source}'; there are {', '.join(pipelines)}")
        stages = [stage.use.id for stage in pipeline.chain.stages]
        if self._stage and self._stage not in stages:
            known = ", ".join(f"{self._source}/{stage}" for stage in stages) or "none"
            raise ValueError(f"source '{self._source}' has no stage '{self._stage}'; its points are {known}")
        return pipeline

    def _attach(self, pipeline: Pipeline) -> None:
        pipeline.chain.tap(self._stage, self.see)
        pipeline.recompose()
        self._pipeline = pipeline
