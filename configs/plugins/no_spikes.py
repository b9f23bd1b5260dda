"""A stage of one's own: a plain file in a folder that the configuration names under `plugins`."""

from typing import Annotated

from gaugeway import Meta, Reading, ReadingStage, stage


@stage("no_spikes", description="Drops a reading that jumps too far from the one before.")
class NoSpikes(ReadingStage):
    """Keeps the first of two readings that lie further apart than `jump`; the second in a row there is believed."""

    gives = ()  # it leaves no result of its own, so `check` knows what later stages can look at

    def __init__(self, *, jump: Annotated[float, Meta(gt=0, description="How far is too far.", examples=[20])]) -> None:
        self.jump = jump
        self.last: dict[str, float] = {}

    def process(self, reading: Reading) -> Reading | None:
        """Return the reading, or None for a spike."""
        before = self.last.get(reading.sensor, reading.value)
        self.last[reading.sensor] = reading.value
        if abs(reading.value - before) > self.jump:
            reading.drop("spike")
            return None
        return reading
