"""Writes readings into the log."""

from collections.abc import Iterator
from math import inf
from typing import Annotated, Literal

from gaugeway import Duration, Meta, Reading, Site, logger

log = logger(__name__)


class Log:
    """Logs a reading of each sensor now and then, with all its results, and lets everything pass.

    How often is measured by the stream; a clock that is set back lets the next reading be logged. What a stage
    before this one has dropped is not seen here.
    """

    ticks = "pass"

    def __init__(
        self,
        *,
        site: Site,
        every: Annotated[
            Duration, Meta(ge=1, description="Of each sensor, at most one reading in this time.", examples=["10min"])
        ] = 60.0,
        level: Annotated[Literal["debug", "info"], Meta(description="How loud it is said.")] = "info",
    ) -> None:
        self._clock = site.clock
        self._every = every
        self._say = log.info if level == "info" else log.debug
        self._said: dict[str, float] = {}

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Yield every reading, and log some."""
        said, every, moment_of = self._said, self._every, self._clock.of
        for reading in stream:
            if reading.sensor:  # a tick has none
                moment = moment_of(reading)
                if not 0 <= moment - said.get(reading.sensor, -inf) < every:
                    said[reading.sensor] = moment
                    self._say("reading", **_facts(reading))
            yield reading


def _facts(reading: Reading) -> dict[str, object]:
    facts: dict[str, object] = {"sensor": reading.sensor, "value": reading.value, "unit": reading.unit}
    facts |= {"quality": reading.quality, "normal": reading.normal, "average": reading.average, "more": reading.more}
    return {name: fact for name, fact in facts.items() if fact not in (None, "")}
