"""What is known of a sensor from what it has sent."""

from gaugeway.reading import Reading
from gaugeway.sensor import Sensor


class SensorSeen:
    """One sensor that has sent something: its unit, its last reading, how many there were, when it was last heard.

    A plain class, because its fields are set for every reading, and that is three times as fast as with a struct.
    """

    __slots__ = ("at", "count", "declared", "last", "unit")

    def __init__(self, unit: str, declared: Sensor | None) -> None:
        self.unit = unit
        self.declared = declared
        self.last: Reading | None = None
        self.count = 0
        self.at = 0.0
