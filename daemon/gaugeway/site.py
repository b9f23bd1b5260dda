"""What a plugin may know of where it runs: handed to any plugin that has a keyword called `site`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from gaugeway.reading import Reading
from gaugeway.rule import Rule
from gaugeway.sensor import Sensor, Sensors


class Clock:
    """The time of one pipeline's stream. It follows readings and ticks and never steps.

    A sink is shared: it is shown the time of the pipeline whose turn it is.

    A replay of the same readings and ticks shows the same times. Stages and sinks measure durations by it.
    """

    __slots__ = ("live", "now", "pipeline")

    def __init__(self, *, live: bool = True, now: float = 0.0, pipeline: str = "") -> None:
        self.live = live
        self.now = now
        self.pipeline = pipeline

    def copy(self) -> "Clock":
        """Return a clock that goes on showing what this one shows now."""
        return Clock(live=self.live, now=self.now, pipeline=self.pipeline)

    def show(self, other: "Clock") -> None:
        """Show the same as another clock."""
        self.live, self.now, self.pipeline = other.live, other.now, other.pipeline

    def of(self, reading: Reading) -> float:
        """Return the moment of a reading on a scale where differences are durations."""
        return self.now if self.live and reading.stamp != "device" else reading.time


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway, the name under which a source or sink stands there, and the pipeline that a stage is part of.

    `select` are the sensors that a sink is handed, as it is written; none for all. `shared` is for what the plugins of
    one gateway have in common: one of them puts it there under a name of its own, and the others find it.
    """

    node: str = "gateway"
    name: str = ""
    folder: Path = Path()
    storage: Path = Path("state")
    sensors: Sensors[Sensor] = msgspec.field(default_factory=lambda: Sensors[Sensor]({}))
    rules: Mapping[str, Rule] = msgspec.field(default_factory=dict[str, Rule])
    clock: Clock = msgspec.field(default_factory=Clock)
    pipelines: Sequence[str] = ()
    select: tuple[str, ...] = ()
    shared: dict[str, object] = msgspec.field(default_factory=dict[str, object])
