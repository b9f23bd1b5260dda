"""What makes plugins of plain functions, and the class for who prefers to inherit."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from gaugeway.reading import Reading, Tick


class ReadingStage(ABC):
    """A stage for those who like to inherit: `process` takes one reading and returns it, or None to drop it."""

    @abstractmethod
    def process(self, reading: Reading) -> Reading | None:
        """Return the reading, changed or not, or None to leave it out."""


def each(change: Callable[[Reading], Reading | None]) -> "Each":
    """Make a stage of a plain function."""
    return Each(change)


class Each:
    """Adapts a per-reading function to the stage contract; ticks go by it."""

    ticks = "pass"

    def __init__(self, change: Callable[[Reading], Reading | None], holder: object = None) -> None:
        self.change = change
        self.save = getattr(holder, "save", None)
        self.restore = getattr(holder, "restore", None)

    def process(self, stream: Iterator[Reading | Tick]) -> Iterator[Reading | Tick]:
        """Yield what the function returns."""
        change = self.change
        for reading in stream:
            if isinstance(reading, Tick):
                yield reading
                continue
            changed = change(reading)
            if changed is not None:
                yield changed
            elif reading.fate is None:
                reading.drop("returned nothing")


class SourceFunction:
    """Adapts a generator function to the source contract."""

    def __init__(self, function: Callable[..., object], options: Mapping[str, object]) -> None:
        self.stream = partial(function, **options)
        self.ticks = getattr(function, "ticks", False)
        self.live = getattr(function, "live", True)


class SinkFunction:
    """Adapts a function that takes a batch to the sink contract."""

    def __init__(self, function: Callable[..., object], options: Mapping[str, object]) -> None:
        self._function = partial(function, **options)

    def consume(self, stream: Iterable[Reading]) -> None:
        """Hand the batch to the function."""
        self._function(stream)
