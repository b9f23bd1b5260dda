"""Small real parts to test the engine with: a source that says what it is told to, a sink that shows what it took."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final, cast

from tests.support.waiting import PATIENCE

from gaugeway import Reading, Reject, Sensor, Sensors, Site, Tick, each
from gaugeway.card import Role
from gaugeway.engine.chain import Chain, Stage
from gaugeway.engine.intake import Intake
from gaugeway.engine.meter import Meter
from gaugeway.engine.outlet import Outlet
from gaugeway.engine.pipeline import Pipeline
from gaugeway.plan import OnError, PipelinePlan, Plan, Retry, SinkUse, SourceUse, StageUse, Storage
from gaugeway.plugin import Plugin
from gaugeway.registry import Registry

SOON: Final = Retry(first=0.001, most=0.002)
NEVER: Final = Retry(first=3600.0, most=3600.0)
END: Final = object()


class Feed:
    """A ticking source that says what it is told to, raises what is an error, and ends at `END`."""

    ticks = True

    def __init__(self, *items: object) -> None:
        self._items: SimpleQueue[object] = SimpleQueue()
        self.opened = 0
        self.closed = 0
        self.said = 0
        self.say(*items)

    def say(self, *items: object) -> None:
        """Have it say more."""
        for item in items:
            self._items.put(item)

    def stream(self) -> Generator[Reading | Reject | Tick]:
        """Yield what it was told to, and a tick whenever there is nothing."""
        self.opened += 1
        try:
            while (item := (yield from self._next())) is not END:
                if isinstance(item, BaseException):
                    raise item
                self.said += 1
                yield cast("Reading", item)  # the tests have it say garbage too
        finally:
            self.closed += 1

    def _next(self) -> Generator[Tick, None, object]:
        while True:
            try:
                return self._items.get_nowait()
            except Empty:
                yield Tick()
            try:
                return self._items.get(timeout=0.01)
            except Empty:
                continue


class Acknowledged(Feed):
    """A feed that notes how much it had said whenever it may acknowledge."""

    def __init__(self, *items: object) -> None:
        super().__init__(*items)
        self.commits: list[int] = []

    def commit(self) -> None:
        """Note how much is safe."""
        self.commits.append(self.said)


class Shelf:
    """A sink that keeps what it takes, and fails as often as it is told to."""

    def __init__(self, *faults: BaseException) -> None:
        self.batches: list[list[Reading]] = []
        self.ticks: list[float] = []
        self.calls = 0
        self.flushed = 0
        self.closed = 0
        self.faults = deque(faults)
        self.broken: BaseException | None = None

    @property
    def values(self) -> list[float]:
        """The values it took, in order."""
        return [reading.value for batch in self.batches for reading in batch]

    def consume(self, stream: Iterable[Reading]) -> None:
        """Keep a batch, unless there is a fault to raise."""
        self.calls += 1
        if self.faults:
            raise self.faults.popleft()
        if self.broken is not None:
            raise self.broken
        self.batches.append(list(stream))

    def tick(self, tick: Tick) -> None:
        """Note the time."""
        self.ticks.append(tick.now)

    def flush(self) -> None:
        """Count."""
        self.flushed += 1

    def close(self) -> None:
        """Count."""
        self.closed += 1


class Fed:
    """A ticking source as a plugin: it says what the feed says that it was given."""

    ticks = True

    def __init__(self, *, feed: Feed) -> None:
        self.feed = feed

    def stream(self) -> Generator[Reading | Reject | Tick]:
        """Yield what the feed does."""
        return self.feed.stream()


class Shelved:
    """A sink as a plugin: it puts everything on the shelf that it was given, and remembers how much."""

    def __init__(self, *, shelf: Shelf, label: str = "") -> None:
        self.shelf = shelf
        self.label = label
        self.count = 0

    def consume(self, stream: Iterable[Reading]) -> None:
        """Put a batch on the shelf."""
        batch = list(stream)
        self.shelf.consume(batch)
        self.count += len(batch)

    def tick(self, tick: Tick) -> None:
        """Let the shelf know."""
        self.shelf.tick(tick)

    def flush(self) -> None:
        """Let the shelf know."""
        self.shelf.flush()

    def close(self) -> None:
        """Let the shelf know."""
        self.shelf.close()

    def save(self) -> int:
        """Return how much it took."""
        return self.count

    def restore(self, saved: int) -> None:
        """Go on counting."""
        self.count = saved


def readings(*values: float, sensor: str = "a") -> list[Reading]:
    """Return one reading a value."""
    return [Reading(sensor, value) for value in values]


def sensors(*names: str, **declared: Sensor) -> Sensors[Sensor]:
    """Return a table of sensors."""
    return Sensors({**{name: Sensor() for name in names}, **declared})


def stage(  # what the configuration can say of a stage
    plugin: object, id: str = "s", *, select: tuple[str, ...] = (), on_error: OnError = "skip", flag: str | None = None
) -> Stage:
    """Return a stage in its place; a function is adapted as the registry does it."""
    made = each(cast("Callable[[Reading], Reading | None]", plugin)) if not hasattr(plugin, "process") else plugin
    return Stage(StageUse(type="test", id=id, select=select, on_error=on_error, flag=flag), made)


def chain(*stages: Stage, known: Sensors[Sensor] | None = None) -> Chain:
    """Return a chain of these stages."""
    return Chain(stages, Site(sensors=known or sensors()))


def intake(
    source: object,
    *,
    known: Sensors[Sensor] | None = None,
    retry: Retry = SOON,
    most: int = 100,
    stopping: threading.Event | None = None,
    meter: Meter | None = None,
) -> Intake:
    """Return the intake of a source called "src"."""
    use = SourceUse(type="test", id="src", sensors=known or sensors(), retry=retry)
    site = Site(sensors=use.sensors)
    site.clock.live = bool(getattr(source, "live", True))
    stopping = stopping or threading.Event()
    return Intake(use, cast("Feed", source), site, meter or Meter(), stopping=stopping, max_sensors=most)


def outlet(sink: object, id: str = "out", *, on_error: OnError = "retry", retry: Retry = SOON) -> Outlet:
    """Return a sink in its place."""
    return Outlet(SinkUse(type="test", id=id, on_error=on_error, retry=retry), cast("Shelf", sink))


def pipeline(source: object, *stages: Stage, sinks: Iterable[Outlet] = (), retry: Retry = SOON) -> Pipeline:
    """Return a pipeline that is not running."""
    stopping = threading.Event()
    into = intake(source, retry=retry, stopping=stopping)
    joined = Chain(stages, into.site)
    into.meter = joined.intake
    return Pipeline("src", into, joined, list(sinks), stopping)


@contextmanager
def running(one: Pipeline) -> Generator[threading.Thread]:
    """Run a pipeline on a thread of its own while the block runs, then stop it."""
    thread = threading.Thread(target=one.run)
    thread.start()
    try:
        yield thread
    finally:
        one.stopping.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def registry(**plugins: tuple[Role, object]) -> Registry:
    """Return a registry of test plugins."""
    return Registry(Plugin(role, name, "a test", partial(_given, one)) for name, (role, one) in plugins.items())


def _given(plugin: object) -> object:
    return plugin


def plan(
    folder: Path,
    *pipelines: PipelinePlan,
    sinks: Iterable[SinkUse] = (),
    flags: Mapping[str, bool] | None = None,
) -> Plan:
    """Return the plan of a gateway."""
    return Plan(
        node="test",
        file=folder / "gateway.yaml",
        storage=Storage(dir=folder / "state"),
        pipelines=pipelines,
        sinks=tuple(sinks),
        flags=flags or {},
    )
