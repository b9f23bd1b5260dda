"""Readings of made-up sensors: for trying things out, for demonstrations, and as a load."""

import time
from collections.abc import Generator, Iterable
from itertools import count as counted
from typing import Annotated, Final

from gaugeway import ConfigError, Duration, Meta, Reading, Sensors, Tick
from gaugeway_drivers.wave import SyntheticSensor, Trace

LONGEST_WAIT: Final = 0.5
READINGS_A_TICK: Final = 1000
MOMENT: Final = 0.001
"""How far apart the readings of a sensor are made up that come without pause."""

Traces = dict[str, Trace]


class Synthetic:
    """Makes up readings: the same for the same seed, in real time, or with times of their own as fast as can be."""

    ticks = True

    def __init__(
        self,
        *,
        sensors: Sensors[SyntheticSensor],
        every: Annotated[
            Duration, Meta(ge=0, description="How long it is from one reading of a sensor to the next; 0 is no pause.")
        ] = 1.0,
        count: Annotated[
            int | None, Meta(ge=0, description="How many readings of each sensor, gaps included. Default: no end.")
        ] = None,
        start: Annotated[
            float | None,
            Meta(
                description="The time of the first reading, in seconds since 1970. With it the readings carry times "
                "of their own and come without pause. Default: they come in real time.",
                examples=[1700000000],
            ),
        ] = None,
        seed: Annotated[int, Meta(description="Another seed makes other noise.")] = 1,
    ) -> None:
        self._sensors = {name: sensors.declared[name] for name in sensors.names()}
        if not self._sensors:
            raise ConfigError("no sensor is given by its name: add at least one to `sensors`")
        if start is not None and not every:
            raise ConfigError("with `start` the times need a distance: let `every` be more than 0")
        self._every = every
        self._count = count
        self._start = start
        self._seed = seed
        self.live = start is None

    def stream(self) -> Generator[Reading | Tick]:
        """Yield the readings of one run, which begins anew with each call."""
        traces = {name: Trace(name, sensor, self._seed) for name, sensor in self._sensors.items()}
        if self._start is None and self._every:
            yield from self._in_real_time(traces)
        else:
            yield from self._at_once(traces)

    def _in_real_time(self, traces: Traces) -> Generator[Reading | Tick]:
        began = time.monotonic()
        for turn in self._turns():
            due = began + turn * self._every
            while (left := due - time.monotonic()) > 0:
                yield Tick()
                time.sleep(min(LONGEST_WAIT, left))
            if left < -self._every:
                began -= left  # what was missed is missed, as it is with a device
            for name, trace in traces.items():
                value = trace.at(turn * self._every)
                if value is not None:
                    yield Reading(name, value)

    def _at_once(self, traces: Traces) -> Generator[Reading | Tick]:
        distance = self._every or MOMENT
        turns_a_tick = max(1, READINGS_A_TICK // len(traces))
        for turn in self._turns():
            if turn % turns_a_tick == 0:
                yield Tick()
            seconds = turn * distance
            for name, trace in traces.items():
                value = trace.at(seconds)
                if value is None:
                    continue
                if self._start is None:
                    yield Reading(name, value)
                else:
                    yield Reading(name, value, self._start + seconds, stamp="device")

    def _turns(self) -> Iterable[int]:
        return counted() if self._count is None else range(self._count)
