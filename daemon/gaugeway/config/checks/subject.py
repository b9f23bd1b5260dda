"""What the checks look at: the parts that are well in themselves, and all sensors."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from gaugeway.config.sections.census import Census
from gaugeway.config.sections.chain import Stage
from gaugeway.config.sections.entries import Given
from gaugeway.config.sections.sources import Source
from gaugeway.config.sections.whole import Whole
from gaugeway.config.text.nodes import Mapping, Node
from gaugeway.sensor import Sensor


class Chained(msgspec.Struct, frozen=True):
    """One chain of stages, and the sources whose readings go through it."""

    stages: tuple[Stage, ...]
    sources: tuple[Source, ...]

    def sensors(self) -> Iterator[tuple[str, Sensor]]:
        """Yield the sensors and globs that those sources declare."""
        for source in self.sources:
            yield from source.sensors.declared.items()


class Subject(msgspec.Struct, frozen=True):
    """One configuration, its mistakes left out."""

    whole: Whole
    census: Census
    node: str
    file: Path
    written: Mapping

    @property
    def storage(self) -> Path:
        """The folder where state is kept."""
        return self.file.parent / self.whole.storage.dir

    def place(self, *keys: str) -> Node:
        """Return where the value of a key stands, or the nearest above it that is written."""
        at: Node = next((entry.key for entry in self.written), self.written)
        inner: Node | None = self.written
        for key in keys:
            inner = inner.get(key) if isinstance(inner, Mapping) else None
            at = inner or at
        return at

    def chains(self) -> Iterator[Chained]:
        """Yield each chain once: that of the file, and those that sources have of their own."""
        common = tuple(source for source in self.whole.sources if source.stages is None)
        if self.whole.stages:
            yield Chained(self.whole.stages, common)
        for source in self.whole.sources:
            if source.stages is not None:
                yield Chained(source.stages, (source,))

    def given(self) -> Iterator[Given]:
        """Yield all sources and sinks as they were given."""
        yield from (source.given for source in self.whole.sources)
        yield from (sink.given for sink in self.whole.sinks)

    @property
    def open_ended(self) -> bool:
        """Whether some source may bring sensors that are not declared."""
        return any(not len(source.sensors) for source in self.whole.sources)
