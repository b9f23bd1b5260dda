"""The course of each sensor since somebody began to watch."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from gaugeway.service.health.report import Report

LEVELS: Final = "▁▂▃▄▅▆▇█"
PLAIN_LEVELS: Final = "_.-~=+*#"
KEPT: Final = 240
MOST_SENSORS: Final = 1000

Course = deque[float]


class History:
    """Keeps the last values of each sensor, one for each look at which it had said something new."""

    def __init__(self) -> None:
        self._courses: dict[tuple[str, str], tuple[int, Course]] = {}

    def note(self, report: Report) -> None:
        """Take in one look."""
        for sensor in report.sensors[:MOST_SENSORS]:
            key = (sensor.source, sensor.name)
            before, course = self._courses.get(key, (-1, Course(maxlen=KEPT)))
            if sensor.value is not None and sensor.readings != before:
                course.append(sensor.value)
            self._courses[key] = (sensor.readings, course)

    def sparkline(self, source: str, sensor: str, width: int, levels: str = LEVELS) -> str:
        """Return the course of a sensor as a line of so many characters, the newest on the right."""
        _, course = self._courses.get((source, sensor), (0, ()))
        return sparkline(list(course)[-width:], levels).rjust(width)


def sparkline(values: Sequence[float], levels: str = LEVELS) -> str:
    """Return values as bars between the lowest and the highest of them."""
    if not values:
        return ""
    low, high = min(values), max(values)
    step = (high - low) / (len(levels) - 1)
    middle = levels[len(levels) // 2 - 1]
    return "".join(levels[round((value - low) / step)] if step else middle for value in values)
