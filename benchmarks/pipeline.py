"""The pipeline alone: nanoseconds a reading against hand-written generators that do the same work.

Same source, same numbers: a range filter by sensor, normalising, an exact average of ten, a threshold with hysteresis.
gaugeway adds what makes it one: intake, counters with reasons, joints that catch and time, batches, sinks.
"""

import argparse
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from rig import middle, table

from gaugeway import Reading, Sensor, Sensors
from gaugeway.engine.chain import Chain, Stage
from gaugeway.engine.intake import Intake
from gaugeway.engine.outlet import Outlet
from gaugeway.engine.pipeline import Pipeline
from gaugeway.plan import SinkUse, SourceUse, StageUse
from gaugeway.site import Site
from gaugeway_stages.average import Average
from gaugeway_stages.in_range import InRange
from gaugeway_stages.normalise import Normalise

NAMES = [f"s{number}" for number in range(50)]
LOW, HIGH, ABOVE, CLEAR = 0.0, 60.0, 50.0, 45.0
SENSORS = Sensors({"*": Sensor(kind="flow", unit="L/min", range=(LOW, HIGH))})


class Readings:
    """The source: as many readings as fast as they are taken."""

    ticks = True

    def __init__(self, count: int) -> None:
        self.count = count

    def stream(self) -> Iterator[Reading]:
        """Yield them."""
        for turn in range(self.count // len(NAMES)):
            value = 20.0 + turn % 977 / 31
            for name in NAMES:
                yield Reading(name, value)


class Threshold:
    """The alarm: the same few lines for both."""

    ticks = "pass"

    def __init__(self) -> None:
        self.active: dict[str, bool] = {}
        self.raised = 0

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Count crossings, with hysteresis."""
        active = self.active
        for reading in stream:
            value = reading.value
            if value >= ABOVE:
                if not active.get(reading.sensor):
                    active[reading.sensor] = True
                    self.raised += 1
            elif value < CLEAR and active.get(reading.sensor):
                active[reading.sensor] = False
            yield reading


class Nowhere:
    """The sink: takes everything."""

    def __init__(self) -> None:
        self.taken = 0

    def consume(self, stream: Iterable[Reading]) -> None:
        """Take a batch."""
        self.taken += sum(1 for _ in stream)


def in_range(stream: Iterator[Reading]) -> Iterator[Reading]:
    """Filter, by hand."""
    limits = dict.fromkeys(NAMES, (LOW, HIGH))
    for reading in stream:
        low, high = limits[reading.sensor]
        if low <= reading.value <= high:
            yield reading


def normalise(stream: Iterator[Reading]) -> Iterator[Reading]:
    """Normalise, by hand."""
    spans = dict.fromkeys(NAMES, (LOW, HIGH - LOW))
    for reading in stream:
        low, span = spans[reading.sensor]
        reading.normal = (reading.value - low) / span
        yield reading


def average(stream: Iterator[Reading]) -> Iterator[Reading]:
    """Average, by hand."""
    windows: dict[str, deque[float]] = {}
    for reading in stream:
        window = windows.get(reading.sensor)
        if window is None:
            window = windows[reading.sensor] = deque(maxlen=10)
        window.append(reading.value)
        reading.average = sum(window) / len(window)
        yield reading


def by_hand(count: int) -> int:
    """Run the hand-written version, with a batch handed over at the end as any such script has it."""
    sink, batch = Nowhere(), list[Reading]()
    for reading in Threshold().process(average(normalise(in_range(Readings(count).stream())))):
        reading.unit = "L/min"
        reading.time = 1.0
        batch.append(reading)
        if len(batch) == 256:
            sink.consume(batch)
            batch = []
    sink.consume(batch)
    return sink.taken


def by_gaugeway(count: int) -> tuple[int, Chain]:
    """Run the pipeline as the daemon does."""
    site, stopping, sink = Site(sensors=SENSORS), threading.Event(), Nowhere()
    plugins = {
        "in_range": InRange(site=site),
        "normalise": Normalise(site=site),
        "average": Average(last=10, site=site),
        "threshold": Threshold(),
    }
    chain = Chain([Stage(StageUse(type=name, id=name), plugin) for name, plugin in plugins.items()], site)
    use = SourceUse(type="readings", id="readings", sensors=SENSORS)
    intake = Intake(use, Readings(count), site, chain.intake, stopping=stopping, max_sensors=10_000)
    Pipeline("bench", intake, chain, [Outlet(SinkUse(type="nowhere", id="nowhere"), sink)], stopping).run()
    return sink.taken, chain


def nanoseconds(run: Callable[[int], object], count: int) -> float:
    """Return what one reading costs."""
    began = time.process_time_ns()
    run(count)
    return (time.process_time_ns() - began) / count


def main() -> None:
    """Measure in turn, and print the medians."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--readings", type=int, default=500_000)
    words.add_argument("--runs", type=int, default=7)
    given = words.parse_args()
    pairs = [
        (nanoseconds(by_hand, given.readings), nanoseconds(by_gaugeway, given.readings)) for _ in range(given.runs)
    ]
    hand, ours = (middle(list(column)) for column in zip(*pairs, strict=True))
    ratio = middle([mine / theirs for theirs, mine in pairs])
    rows = [["hand-written generators", f"{hand:.0f}", ""], ["gaugeway", f"{ours:.0f}", f"{ratio:.2f}"]]
    table("The pipeline: filter, normalise, average of 10, threshold", ["", "ns a reading", "ratio"], rows)
    taken, chain = by_gaugeway(given.readings)
    sampled = [[stage.use.id, f"{stage.meter.cost or 0:.0f}"] for stage in chain.active]
    table(f"Of that, as the daemon samples it ({taken:,} readings)", ["stage", "ns a reading"], sampled)


if __name__ == "__main__":
    main()
