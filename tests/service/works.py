"""Plugins that a gateway is tested with, and the plans that name them."""

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

from tests.engine.kit import NEVER, Fed, Feed, Shelf, Shelved, registry
from tests.engine.pieces import Sums
from tests.support.waiting import PATIENCE

from gaugeway import ConfigError, Reading, Tick
from gaugeway.plan import OnError, PipelinePlan, Plan, SinkUse, SourceUse, StageUse
from gaugeway.registry import Registry
from gaugeway.service.gateway import Gateway


def doubled(reading: Reading) -> Reading:
    reading.value *= 2
    return reading


def same(reading: Reading) -> Reading:
    return reading


def fails(reading: Reading) -> Reading:
    raise ZeroDivisionError


def fails_at_two(reading: Reading) -> Reading:
    if reading.value == 2:
        raise ZeroDivisionError
    return reading


class Broken(Sums):
    """A stage whose state cannot be had."""

    def save(self) -> float:
        raise IndexError("no state")


class Unmoved(Shelved):
    """A sink that cannot take back what it wrote."""

    def position(self) -> int:
        return len(self.shelf.values)

    def rollback(self, position: int) -> None:
        raise PermissionError(13, "Permission denied", "readings.jsonl")


class Fussy:
    """A sink that does not like its options."""

    def __init__(self, *, port: int = 0) -> None:
        if port < 1024:
            raise ConfigError(f"port {port} is not for everybody: choose one above 1023")
        raise IndexError(port)

    def consume(self, stream: Sequence[Reading]) -> None: ...


class Stuck:
    """A source that promises to tick and does not."""

    ticks = True

    def __init__(self, *, release: threading.Event) -> None:
        self.release = release

    def stream(self) -> Iterator[Reading | Tick]:
        yield Reading("a", 1.0)
        yield Tick()
        self.release.wait(PATIENCE)
        yield Reading("a", 2.0)


REGISTRY: Registry = registry(
    fed=("source", Fed),
    stuck=("source", Stuck),
    sum=("stage", Sums),
    doubled=("stage", doubled),
    broken=("stage", Broken),
    unmoved=("sink", Unmoved),
    same=("stage", same),
    fails=("stage", fails),
    fails_at_two=("stage", fails_at_two),
    shelved=("sink", Shelved),
    fussy=("sink", Fussy),
)


def stages(*names: str, **options: object) -> tuple[StageUse, ...]:
    return tuple(StageUse(type=name, id=name, options=options if name == "sum" else {}) for name in names)


def line(feed: Feed, *uses: StageUse, id: str = "src") -> PipelinePlan:
    return PipelinePlan(source=SourceUse(type="fed", id=id, options={"feed": feed}), stages=uses)


def sink(
    shelf: Shelf, id: str = "out", *, label: str = "", select: tuple[str, ...] = (), on_error: OnError = "retry"
) -> SinkUse:
    options = {"shelf": shelf, "label": label}
    return SinkUse(type="shelved", id=id, options=options, select=select, on_error=on_error, retry=NEVER)


@contextmanager
def started(plan: Plan, known: Registry = REGISTRY) -> Generator[Gateway]:
    gateway = Gateway(plan, known)
    gateway.start()
    try:
        yield gateway
    finally:
        assert gateway.stop()


def took(shelf: Shelf, count: int) -> bool:
    return len(shelf.values) == count


def results(shelf: Shelf, name: str = "sum") -> list[float | None]:
    return [reading.get(name) for batch in shelf.batches for reading in batch]
