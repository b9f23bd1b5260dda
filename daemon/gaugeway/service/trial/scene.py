"""Where a test is played: in virtual time, on what a gateway has between its devices and its ways out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol, runtime_checkable

import msgspec

from gaugeway.config.text.amounts import duration_words
from gaugeway.engine.pipeline import Pipeline
from gaugeway.errors import ConfigError
from gaugeway.reading import Reading, Tick
from gaugeway.service.trial.case import Given
from gaugeway.service.trial.seen import Seen

BEGIN: Final = 1_767_225_600.0
"""Virtual time begins with the year 2026."""

MOST_TICKS: Final = 1_000_000


@runtime_checkable
class Judge(Protocol):
    """What judges alarms, and can be asked without telling anybody."""

    def judge(self, batch: Sequence[Reading]) -> Sequence[Mapping[str, object]]:
        """Return what the events say that these readings lead to."""
        ...

    def pass_time(self, tick: Tick) -> Sequence[Mapping[str, object]]:
        """Return what the events say that the passing of time leads to."""
        ...


class Scene:
    """Where a test is played: the pipelines' chains and the sinks that raise alarms."""

    def __init__(self, pipelines: Sequence[Pipeline], sinks: Iterable[object]) -> None:
        self._pipelines = pipelines
        self._judges = [sink for sink in sinks if isinstance(sink, Judge)]
        for pipeline in pipelines:
            pipeline.chain.site.clock.now = BEGIN
        self._show_time(BEGIN)

    def wait(self, now: float, until: float) -> Iterator[Seen]:
        """Let time pass, second by second."""
        if until - now > MOST_TICKS:
            raise ConfigError(f"a test cannot be longer than {duration_words(MOST_TICKS)}")
        moment = now
        while (moment := min(moment + 1.0, until)) > now:
            self._show_time(BEGIN + moment)
            for judge in self._judges:
                yield from (Seen(moment, facts) for facts in judge.pass_time(Tick(now=BEGIN + moment)))
            if moment == until:
                return

    def say(self, name: str, given: Given, now: float) -> Iterator[Seen]:
        """Send one reading through the chain of the pipeline that has its sensor."""
        if given.sensor is None or given.value is None:
            raise ConfigError(f"the test '{name}' has a reading without a value")
        pipeline = self._of(name, given.sensor)
        declared = pipeline.chain.site.sensors.find(given.sensor)
        reading = msgspec.convert(
            {
                "sensor": given.sensor,
                "value": given.value,
                "time": BEGIN + now,
                "unit": given.unit or (declared.unit if declared else ""),
                "quality": given.quality,
            },
            Reading,
        )
        before = _dropped(pipeline)
        batch = [item for item in pipeline.chain.run(iter([reading])) if isinstance(item, Reading)]
        yield from (Seen(now, _facts(one)) for one in batch)
        for reason in (_dropped(pipeline) - before).elements():
            yield Seen(now, {"sensor": given.sensor, "dropped": reason})
        for judge in self._judges:
            yield from (Seen(now, facts) for facts in judge.judge(batch))

    def _of(self, name: str, sensor: str) -> Pipeline:
        for pipeline in self._pipelines:
            sensors = pipeline.chain.site.sensors
            if not len(sensors) or sensors.find(sensor) is not None:
                return pipeline
        raise ConfigError(f"the test '{name}' speaks of the sensor '{sensor}', which no source has")

    def _show_time(self, now: float) -> None:
        for pipeline in self._pipelines:
            pipeline.chain.site.clock.now = now
            for outlet in pipeline.outlets:
                outlet.clock.now, outlet.clock.live = now, True


def _dropped(pipeline: Pipeline) -> Counter[str]:
    """Return how many readings the stages have dropped so far, by reason."""
    return sum((Counter(stage.meter.dropped) for stage in pipeline.chain.stages), Counter[str]())


def _facts(reading: Reading) -> dict[str, object]:
    facts: dict[str, object] = {"sensor": reading.sensor, "value": reading.value}
    facts |= {name: found for name in ("normal", "average") if (found := reading.get(name)) is not None}
    facts |= reading.more or {}
    if reading.quality != "good":
        facts["quality"] = reading.quality
    return facts
