"""Which names become sensors."""

from collections.abc import Callable
from typing import Final

from gaugeway import Sensor, Sensors

LONGEST: Final = 128


def wanted(sensors: Sensors[Sensor]) -> Callable[[str], bool]:
    """Return what tells whether a name is that of a sensor: those declared are, and where none is, all that can be."""
    find = sensors.find
    if len(sensors):
        return lambda name: len(name) <= LONGEST and find(name) is not None
    return lambda name: 0 < len(name) <= LONGEST and name.isprintable()
