"""What a sensor said last, as plain data: a reading may hold anything, plugins write into it and nobody looks."""

import math
import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final, cast

from gaugeway.engine.pipeline import Pipeline
from gaugeway.engine.seen import SensorSeen
from gaugeway.reading import Reading
from gaugeway.sensor import Sensor
from gaugeway.service.health import report
from gaugeway.service.health.phrases import cut, plain
from gaugeway.units import convert

SHOWN: Final = 40
HIGHEST: Final = sys.float_info.max
PLAIN: Final = (str, float, bool, type(None))


class Garbled:
    """Takes the fields of a reading as what they should be, and keeps in mind those that are not."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def number(self, name: str, value: object) -> float | None:
        """Return a finite number, None for anything else."""
        if type(value) is float and math.isfinite(value):
            return value
        if type(value) is int and abs(value) < HIGHEST:
            return float(value)
        self.faults.append(f"{name} ({_shown(value)}) is no number")
        return None

    def text(self, name: str, value: str) -> str:
        """Return a text, which is empty for anything else."""
        if _is_text(value):
            return value
        self.faults.append(f"{name} ({_shown(value)}) is no text")
        return ""

    def results(self, last: Reading) -> dict[str, float]:
        """Return what stages have left beside the value."""
        more: object = last.more
        left: dict[str, object] = {"normal": last.normal, "average": last.average}
        if type(more) is dict:
            left |= cast("dict[str, object]", more).copy()  # at once: a stage may just add to it
        elif more is not None:
            self.faults.append(f"more ({_shown(more)}) is no mapping")
        numbers = {self.text("the name of a result", name): self._result(name, value) for name, value in left.items()}
        return {name: number for name, number in numbers.items() if name and number is not None}

    def _result(self, name: str, value: object) -> float | None:
        return None if value is None else self.number(name if _is_text(name) else "a result", value)


def heard(name: str, pipeline: Pipeline, seen: SensorSeen, *, age: float, rate: float) -> report.Sensor:
    """Return what is known of a sensor; the age of one that has said nothing is that of the gateway."""
    declared, last, garbled = seen.declared or Sensor(), seen.last, Garbled()
    limit = declared.stale_after
    unit = garbled.text("unit", last.unit) if last else declared.unit
    return report.Sensor(
        name=str.__str__(name),  # what only inherits from a text is no text to JSON
        source=pipeline.name,
        kind=declared.kind,
        label=declared.label,
        value=garbled.number("value", last.value) if last else None,
        unit=unit,
        range=range_in(declared, unit),
        quality=garbled.text("quality", last.quality) if last else "",
        time=garbled.number("time", last.time) if last else None,
        age=age if last else None,
        rate=rate,
        readings=seen.count,
        stale_after=limit,
        stale=limit is not None and age > limit and pipeline.status.state != "ended",
        results=garbled.results(last) if last else {},
        garbled=tuple(garbled.faults),
    )


def age_of(seen: SensorSeen, now: float) -> float:
    """Return how long ago a sensor was heard; of what came before the start, that is what its reading says."""
    if seen.at:
        return max(0.0, now - seen.at)
    said = Garbled().number("time", seen.last.time) if seen.last else None
    return max(0.0, time.time() - (said or 0.0))


def range_in(declared: Sensor, unit: str) -> tuple[float, float] | None:
    """Return the measuring range in the unit that the readings have, into which a stage may have turned them."""
    if declared.range is None or not unit or not declared.unit:
        return declared.range
    low, high = declared.range
    try:
        return convert(low, declared.unit, unit), convert(high, declared.unit, unit)
    except ValueError:  # what came of it has no range that anybody stated
        return None


def reasons(dropped: Mapping[str, int]) -> dict[str, int]:
    """Return what was counted by reason; one that is no text is told by its type."""
    found: Counter[str] = Counter()
    for reason, count in dropped.items():
        found[reason if _is_text(reason) else _shown(reason)] += count
    return dict(found)


def _is_text(value: object) -> bool:
    """Tell whether it is a text, and one that can be written: not one with half a character in it."""
    return type(value) is str and not any("\ud800" <= one <= "\udfff" for one in value)


def _shown(value: object) -> str:
    """Return a value of a plain type as it is and any other by its type: to show it could run code of a plugin."""
    shown = type(value) in PLAIN or (type(value) is int and abs(value) < HIGHEST)
    return cut(plain(repr(value)), SHOWN) if shown else f"of type {type(value).__name__}"
