"""Lets readings pass only when something has changed."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from gaugeway import ConfigError, Duration, Meta, Quality, Quantity, Reading, Site, logger

log = logger(__name__)


class Passed(msgspec.Struct):
    """The last reading of a sensor that was let pass."""

    value: float
    quality: Quality
    moment: float


class Deadband:
    """Lets a reading pass only when it has changed by more than `by`, or when the last that passed is long ago.

    It is compared with the last one that passed, so a slow drift passes too, in steps. The first reading of a
    sensor, one of another quality than the last, and one that lacks the result always pass, as do all of a sensor
    whose unit `by` does not fit. What stands behind this stage sees a steady sensor as a silent one: give
    `at_least_every`, shorter than anything waits for it.
    """

    ticks = "pass"

    def __init__(
        self,
        *,
        site: Site,
        by: Annotated[Quantity, Meta(description="How large a change has to be exceeded.", examples=["0.2 °C"])],
        at_least_every: Annotated[
            Annotated[Duration, Meta(gt=0)] | None,
            Meta(description="After this long a reading passes in any case.", examples=["5min"]),
        ] = None,
        of: Annotated[str, Meta(description="Which result is compared.", examples=["average"])] = "value",
    ) -> None:
        if by.value < 0:
            raise ConfigError(f"deadband cannot be by less than nothing: make 'by: {by}' positive")
        self._clock = site.clock
        self._by = by
        self._every = float("inf") if at_least_every is None else at_least_every
        self._of = of
        self._steps: dict[str, float | None] = {"": None}  # the empty name is that of a tick
        self._passed: dict[str, Passed] = {}

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Yield what has changed; the rest is dropped as unchanged."""
        steps, of = self._steps, self._of
        plain = of == "value"
        for reading in stream:
            try:
                step = steps[reading.sensor]
            except KeyError:
                step = steps[reading.sensor] = self._step_of(reading)
            if step is None:
                yield reading
                continue
            value = reading.value if plain else reading.get(of)
            if value is None or self._passes(reading, value, step):
                yield reading
            else:
                reading.drop("unchanged")

    def save(self) -> object:
        """Return the last readings that passed."""
        return msgspec.to_builtins(self._passed)

    def restore(self, saved: object) -> None:
        """Compare with these from now on."""
        self._passed = msgspec.convert(saved, dict[str, Passed])

    def _step_of(self, reading: Reading) -> float | None:
        try:
            return self._by.span(reading.unit)
        except ValueError as error:
            log.warning("deadband does not apply", sensor=reading.sensor, by=self._by, reason=str(error))
            return None

    def _passes(self, reading: Reading, value: float, step: float) -> bool:
        moment = self._clock.of(reading)
        last = self._passed.get(reading.sensor)
        if last is None:
            self._passed[reading.sensor] = Passed(value, reading.quality, moment)
            return True
        near = abs(value - last.value) <= step
        # A time before that of the last one means that a clock was set: then nobody knows how long ago it was.
        recent = 0 <= moment - last.moment < self._every
        if near and recent and reading.quality == last.quality:
            return False
        last.value, last.quality, last.moment = value, reading.quality, moment
        return True
