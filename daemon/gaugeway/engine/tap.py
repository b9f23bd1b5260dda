"""Somebody looks at the readings at one point of a chain; nothing of this is there while nobody does."""

from collections.abc import Callable, Generator, Iterator, Sequence

from gaugeway.engine.joint import Item, Process
from gaugeway.reading import Reading

See = Callable[[Reading], None]
"""Shown each reading as it passes, on the pipeline's thread: it must be quick, raise nothing and keep a copy only."""


def observed(process: Process, see: Sequence[See]) -> Process:
    """Return the `process` of a stage with its results shown to all who look."""
    if not see:
        return process

    def through(stream: Iterator[Item]) -> Generator[Item]:
        for item in process(stream):
            if type(item) is Reading:
                for show in see:
                    show(item)
            yield item

    return through


def observed_bursts(bursts: Iterator[Sequence[Item]], see: Sequence[See]) -> Iterator[Sequence[Item]]:
    """Return the bursts that enter a chain, shown to all who look."""
    return _shown(bursts, see) if see else bursts


def _shown(bursts: Iterator[Sequence[Item]], see: Sequence[See]) -> Generator[Sequence[Item]]:
    for burst in bursts:
        for item in burst:
            if type(item) is Reading:
                for show in see:
                    show(item)
        yield burst
