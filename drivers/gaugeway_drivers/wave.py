"""Made-up sensors: what one of them shows at each moment, the same for the same seed."""

import math
import random
from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec

from gaugeway import Duration, Meta, Sensor

Wave = Literal["sine", "square", "triangle", "saw", "flat"]
Chance = Annotated[float, Meta(ge=0, le=1)]

SHAPES: Final[dict[Wave, Callable[[float], float]]] = {
    "sine": lambda turn: math.sin(2 * math.pi * turn),
    "square": lambda turn: 1.0 if turn < 0.5 else -1.0,
    "triangle": lambda turn: 1 - 4 * abs((turn + 0.25) % 1 - 0.5),
    "saw": lambda turn: 2 * turn - 1,
    "flat": lambda turn: 0.0,  # noqa: ARG005 - the same at every point of its turn
}
"""Between -1 and 1, at each point of one turn from 0 to 1."""


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change that comes and stays, or goes again."""

    at: Annotated[Duration, Meta(ge=0, description="When it comes, counted from the start.", examples=["30s"])]
    by: Annotated[float, Meta(description="By how much the value changes.", examples=[15])]
    for_: Annotated[Duration | None, Meta(description="How long it stays. Default: for ever.", examples=["10s"])] = (
        msgspec.field(default=None, name="for")
    )

    def now(self, seconds: float) -> float:
        """Return how much it adds at a moment after the start."""
        return self.by if 0 <= seconds - self.at < (math.inf if self.for_ is None else self.for_) else 0.0


class SyntheticSensor(Sensor, frozen=True, kw_only=True):
    """A made-up sensor: a wave around a value, with what goes wrong with real ones."""

    around: Annotated[
        float | None, Meta(description="The middle of the wave. Default: of the range.", examples=[60])
    ] = None
    wave: Annotated[Wave, Meta(description="The shape of the wave.")] = "sine"
    amplitude: Annotated[
        float | None, Meta(ge=0, description="How far it goes up and down. Default: a quarter of the range, or 1.")
    ] = None
    period: Annotated[Duration, Meta(gt=0, description="How long one turn takes.", examples=["5min"])] = 60.0
    noise: Annotated[float, Meta(ge=0, description="The standard deviation of its noise.", examples=[0.2])] = 0.0
    drift: Annotated[float, Meta(description="By how much it drifts in an hour.", examples=[0.5])] = 0.0
    steps: Annotated[tuple[Step, ...], Meta(description="Changes at given moments.")] = ()
    spikes: Annotated[Chance, Meta(description="How likely each value is a spike.", examples=[0.001])] = 0.0
    spike_size: Annotated[float | None, Meta(description="How high a spike is. Default: five amplitudes.")] = None
    dropouts: Annotated[Chance, Meta(description="How likely each value begins a gap.", examples=[0.0005])] = 0.0
    dropout_length: Annotated[int, Meta(ge=1, description="How many values are missing in a gap.")] = 10


class Trace:
    """What one made-up sensor shows, moment by moment; one object serves one run."""

    def __init__(self, name: str, sensor: SyntheticSensor, seed: int) -> None:
        low, high = sensor.range or (0.0, 0.0)
        self.sensor = sensor
        self.around = (low + high) / 2 if sensor.around is None else sensor.around
        self.amplitude = ((high - low) / 4 or 1.0) if sensor.amplitude is None else sensor.amplitude
        self.spike = 5 * self.amplitude if sensor.spike_size is None else sensor.spike_size
        # A text as seed, so that a sensor shows the same whatever others there are.
        self._random = random.Random(f"{seed}/{name}")  # noqa: S311 - the same for the same seed is what is wanted
        self._shape = SHAPES[sensor.wave]
        self._missing = 0

    def at(self, seconds: float) -> float | None:
        """Return what it shows so long after the start, None in a gap; called for one moment after the other."""
        sensor, chance = self.sensor, self._random
        value = self.around + self.amplitude * self._shape(seconds / sensor.period % 1)
        value += sensor.drift * seconds / 3600
        for step in sensor.steps:
            value += step.now(seconds)
        if sensor.noise:
            value += chance.gauss(0.0, sensor.noise)
        if sensor.spikes and chance.random() < sensor.spikes:
            value += self.spike
        return None if self._is_missing() else value

    def _is_missing(self) -> bool:
        if self._missing:
            self._missing -= 1
            return True
        if self.sensor.dropouts and self._random.random() < self.sensor.dropouts:
            self._missing = self.sensor.dropout_length - 1
            return True
        return False
