"""Stages that pipelines are tested with."""

from collections.abc import Callable, Iterator

from tests.engine.kit import (
    Shelf,
)

from gaugeway import Reading, Tick
from gaugeway.engine.joint import Item


class Repeats:
    """Yields each reading several times."""

    ticks = "pass"

    def __init__(self, times: int) -> None:
        self.times = times

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        for reading in stream:
            if isinstance(reading, Tick):
                yield reading
                continue
            for number in range(self.times):
                yield Reading(reading.sensor, reading.value + number / 1000)


class Pairs:
    """Holds every other reading back; what it holds at the end of the stream comes out then."""

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        held: Reading | None = None
        for reading in stream:
            if held is None:
                held = reading
            else:
                yield held
                yield reading
                held = None
        if held is not None:
            yield held


class Sums:
    """Adds up the values of all sensors; its state is the sum."""

    ticks = "pass"

    def __init__(self, *, scale: float = 1.0) -> None:
        self.total = 0.0
        self.scale = scale

    def process(self, stream: Iterator[Item]) -> Iterator[Item]:
        for reading in stream:
            if isinstance(reading, Reading):
                self.total += reading.value * self.scale
                reading.put("sum", self.total)
            yield reading

    def save(self) -> float:
        return self.total

    def restore(self, saved: float) -> None:
        self.total = saved


def took(shelf: Shelf, count: int) -> bool:
    return len(shelf.values) == count


def adds(number: float) -> Callable[[Reading], Reading]:
    def add(reading: Reading) -> Reading:
        reading.value += number
        return reading

    return add
