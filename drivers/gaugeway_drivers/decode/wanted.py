"""Which names become sensors, and whether a format and the declared sensors belong together."""

from collections.abc import Callable, Collection
from typing import Final

from gaugeway import ConfigError, Sensor, Sensors

LONGEST: Final = 128


def wanted(sensors: Sensors[Sensor]) -> Callable[[str], bool]:
    """Return what tells whether a name is that of a sensor: those declared are, and where none is, all that can be."""
    find = sensors.find
    if len(sensors):
        return lambda name: len(name) <= LONGEST and find(name) is not None
    return lambda name: 0 < len(name) <= LONGEST and name.isprintable()


def compare(names: Collection[str], sensors: Sensors[Sensor]) -> None:
    """Refuse names in a format and sensors that do not fit: a slip of the pen would be a sensor that stays silent."""
    declared = list(sensors.names())
    for name in sorted(names) if len(sensors) else ():
        if sensors.find(name) is None:
            raise ConfigError(f"the format brings {name!r}, but no such sensor is declared{_meant(name, declared)}")
    for name in declared:
        if name not in names:
            raise ConfigError(f"the sensor {name!r} is declared, but the format does not bring it{_meant(name, names)}")


def _meant(name: str, known: Collection[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  (only to be kind)

    close = get_close_matches(name, known, 1)
    return f": did you mean {close[0]!r}?" if close else ""
