"""How long the sensors of a source that asks for its readings may be silent."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from gaugeway.config.sections.uses import Found
from gaugeway.plugin import Plugin
from gaugeway.sensor import Sensor, Sensors

MISSED: Final = 3
"""So many turns without an answer, and the sensor is dead."""

LEAST: Final = 60.0
"""A device may be unplugged for a moment, and a link may have to be opened again."""

THINNING: Final = "at_least_every"
"""The option of stages that hold a steady sensor back: how long they do."""

S = TypeVar("S", bound=Sensor)


def period(plugin: Plugin, options: Mapping[str, object]) -> float | None:
    """Return how often a source asks: its option `every`, if it asks at all."""
    said = {name: options.get(name, option.default) for name, option in plugin.options.items()}
    every = said.get("every")
    asks = "request" not in said or said["request"] is not None
    return float(every) if isinstance(every, int | float) and every > 0 and asks else None


def silences(stages: Sequence[Found]) -> list[object]:
    """Return for how long each stage that holds steady readings back does so; None where it does not say it."""
    return [stage.options.get(THINNING) for stage in stages if THINNING in stage.plugin.options]


def with_patience(sensors: Sensors[S], every: float | None, held_back: Sequence[object]) -> Sensors[S]:
    """Return the sensors, each with the silence that counts as its death where it says nothing of that itself.

    Where a stage holds steady readings back and does not say for how long, nothing can be concluded from silence.
    """
    known = [silence for silence in held_back if isinstance(silence, int | float)]
    if every is None or len(known) < len(held_back):
        return sensors
    silence = max(LEAST, MISSED * max([every, *known]))
    return Sensors(
        {
            name: sensor if sensor.stale_after is not None else msgspec.structs.replace(sensor, stale_after=silence)
            for name, sensor in sensors.declared.items()
        }
    )
