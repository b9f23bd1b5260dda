"""The tests that a configuration carries: readings in, expected readings and alarms out, in virtual time."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol, runtime_checkable

import msgspec

from gaugeway.config.text.amounts import SECONDS, duration_words, parts_of
from gaugeway.engine.build import Builder
from gaugeway.engine.pipeline import Pipeline
from gaugeway.errors import ConfigError
from gaugeway.plan import Plan
from gaugeway.reading import Reading, Tick
from gaugeway.registry import Registry

BEGIN: Final = 1_767_225_600.0
"""Virtual time begins with the year 2026."""

MOST_TICKS: Final = 1_000_000
ABOUT: Final = frozenset({"at", "sensor", "alert", "event"})


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a test: a reading, or, without a sensor, a silence up to `at`."""

    at: float | str = 0.0
    sensor: str | None = None
    value: float | None = None
    quality: str = "good"
    unit: str = ""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One test as it stands in the file."""

    readings: list[Given]
    expect: list[dict[str, object]]


class Seen(msgspec.Struct, frozen=True):
    """What came out, or should: a reading with its results, or an event of an alarm; `at` is -1 for whenever."""

    at: float
    facts: Mapping[str, object]

    def __str__(self) -> str:
        told = ", ".join(f"{name}: {_shown(fact)}" for name, fact in self.facts.items())
        when = f"at: {duration_words(self.at) if self.at else '0s'}, " if self.at >= 0 else ""
        return f"{{{when}{told}}}"


class Verdict(msgspec.Struct, frozen=True):
    """How one test went; `missing` and `surplus` are empty when it passed."""

    name: str
    missing: Sequence[str] = ()
    surplus: Sequence[str] = ()
    seen: Sequence[str] = ()

    @property
    def passed(self) -> bool:
        """Whether all that was expected came, and nothing that was not."""
        return not self.missing and not self.surplus


@runtime_checkable
class Judge(Protocol):
    """What judges alarms, and can be asked without telling anybody."""

    def judge(self, batch: Sequence[Reading]) -> Sequence[Mapping[str, object]]:
        """Return what the events say that these readings lead to."""
        ...

    def pass_time(self, tick: Tick) -> Sequence[Mapping[str, object]]:
        """Return what the events say that the passing of time leads to."""
        ...


class Trial:
    """Runs each test on a gateway made for it alone: no source, file, network or clock has a part in it.

    The events of alarms have to be exactly those listed, in their order; `expect: []` says that there are none. That a
    sensor falls silent or speaks again is told only of what the test names, for most sensors are silent in it. Of the
    readings, those listed have to be among those that come out or are dropped, in their order.
    """

    def __init__(self, plan: Plan, registry: Registry) -> None:
        self.plan = plan
        self.registry = registry

    def run(self) -> Iterator[Verdict]:
        """Yield a verdict for each test."""
        for name, raw in self.plan.tests.items():
            try:
                case = msgspec.convert(raw, Case)
            except msgspec.ValidationError as error:
                raise ConfigError(f"the test '{name}' cannot be understood: {error}") from None
            yield self._judge(name, case)

    def _judge(self, name: str, case: Case) -> Verdict:
        seen = list(self._play(name, case))
        wanted = [_expected(name, one) for one in case.expect]
        events = [one for one in seen if "alert" in one.facts]
        readings = [one for one in seen if "alert" not in one.facts]
        missing, _ = _in_order([one for one in wanted if "alert" not in one.facts], readings)
        more_missing, met_events = _in_order([one for one in wanted if "alert" in one.facts], events)
        surplus = [str(one) for one in events if not _is_silence(one) and not any(one is it for it in met_events)]
        return Verdict(name, [*missing, *more_missing], surplus, [str(one) for one in seen])

    def _play(self, name: str, case: Case) -> Iterator[Seen]:
        builder = Builder(self.plan, self.registry)
        outlets = builder.outlets()
        made = [builder.pipeline(one, outlets, threading.Event()) for one in self.plan.pipelines]
        builder.finish()
        stage = Stage([pipeline for pipeline in made if pipeline is not None], [outlet.sink for outlet in outlets])
        now = 0.0
        for given in case.readings:
            at = _seconds(name, given.at)
            yield from stage.wait(now, at)
            now = max(now, at)
            if given.sensor is not None:
                yield from stage.say(name, given, now)


class Stage:
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


def _expected(name: str, written: Mapping[str, object]) -> Seen:
    if "alert" in written and "event" not in written:
        raise ConfigError(f"the test '{name}' expects the alert '{written['alert']}' without saying which event")
    if "alert" not in written and "sensor" not in written:
        raise ConfigError(f"the test '{name}' expects something that names neither a sensor nor an alert")
    facts = {key: value for key, value in written.items() if key != "at"}
    at = written.get("at")
    return Seen(_seconds(name, at) if isinstance(at, str | int | float) else -1.0, facts)


def _is_silence(event: Seen) -> bool:
    """Tell whether an event says only that a sensor has fallen silent, or that it speaks again."""
    return str(event.facts["alert"]).startswith("stale@") or event.facts["event"] in ("stale", "recovered")


def _in_order(wanted: Sequence[Seen], seen: Sequence[Seen]) -> tuple[list[str], list[Seen]]:
    """Return what is missing of what was wanted, and what was met, in one pass."""
    missing: list[str] = []
    met: list[Seen] = []
    rest = iter(seen)
    for one in wanted:
        behind = list(rest)
        found = next((index for index, other in enumerate(behind) if _meets(one, other)), None)
        if found is None:
            missing.append(str(one))
            rest = iter(behind)
        else:
            met.append(behind[found])
            rest = iter(behind[found + 1 :])
    return missing, met


def _meets(wanted: Seen, seen: Seen) -> bool:
    if wanted.at >= 0 and abs(wanted.at - seen.at) > 1e-6:
        return False
    return all(name in seen.facts and _alike(value, seen.facts[name]) for name, value in wanted.facts.items())


def _alike(wanted: object, seen: object) -> bool:
    if isinstance(wanted, int | float) and isinstance(seen, int | float):
        return abs(wanted - seen) <= 1e-9 * max(1.0, abs(wanted), abs(seen))
    return wanted == seen


def _seconds(name: str, at: float | str) -> float:
    if not isinstance(at, str):
        return float(at)
    parts = parts_of(at.strip())
    if not parts or any(unit not in SECONDS for _, unit in parts):
        raise ConfigError(f"the test '{name}' has a time that cannot be read: '{at}'; write 30s or 5min")
    return sum(number * SECONDS[unit] for number, unit in parts)


def _shown(fact: object) -> str:
    return f"{fact:.10g}" if isinstance(fact, float) else str(fact)
