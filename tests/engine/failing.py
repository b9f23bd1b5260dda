"""Stages that fail, drop or do nothing."""

from collections.abc import Callable, Iterator

from gaugeway import Reading
from gaugeway.engine.chain import Chain
from gaugeway.engine.joint import Item
from gaugeway.plan import OnError

STRATEGIES: tuple[OnError, ...] = ("skip", "halt", "retry")


class FailsAt:
    """Adds up what came before; fails a number of times at one value."""

    def __init__(self, value: float, times: int = 99) -> None:
        self.value = value
        self.times = times
        self.total = 0.0
        self.calls = 0

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        self.calls += 1
        for reading in stream:
            if reading.value == self.value and self.times:
                self.times -= 1
                raise ZeroDivisionError("on purpose")
            self.total += reading.value
            reading.put("total", self.total)
            yield reading


def drops_above(limit: float) -> Callable[[Reading], Reading | None]:
    def check(reading: Reading) -> Reading | None:
        if reading.value <= limit:
            return reading
        reading.drop(f"above {limit:g}")
        return None

    return check


def passes(reading: Reading) -> Reading:
    return reading


def values(of: Chain, stream: Iterator[Item]) -> list[float]:
    return [item.value for item in of.run(stream) if isinstance(item, Reading)]
