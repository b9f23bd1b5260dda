"""Which figures Prometheus gets: a report of health, as families of samples.

Names follow its customs: base units, and `_total` behind what only grows. What the process itself uses has the
names that all of Prometheus' own client libraries give it.
"""

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar, cast

from gaugeway.service.health.report import Journal, Outbox, Process, Report, Sensor, Sink, Source, Stage
from gaugeway.service.web.exposition import Family, Kind, Labels, Sample

T = TypeVar("T")
Value = float | None


def metrics(report: Report) -> Iterator[Family]:
    """Yield all families; what is not known has no sample."""
    yield from _of_gateway(report)
    yield from _of_process(report.process)
    yield from _of_sources(report.sources)
    yield from _of_sensors(report.sensors)
    yield from _of_stages(report.stages)
    yield from _of_sinks(report.sinks)
    yield from _of_outboxes(report.sinks)
    yield from _of_journals(report.journals)


def _of_gateway(report: Report) -> Iterator[Family]:
    process, disk, memory, checkpoints = report.process, report.disk, report.memory, report.checkpoints
    build = (("version", process.version), ("python", platform.python_version()), ("node", process.node))
    kinds = [complaint.kind for complaint in report.complaints]
    yield Family("gaugeway_build_info", "gauge", "What runs here, and what it is called.", [Sample(1, build)])
    yield _one("gaugeway_healthy", "gauge", "Whether nothing is wrong.", report.state == "well")
    yield Family(
        "gaugeway_complaints", "gauge", "What is wrong, by kind.",
        [Sample(kinds.count(kind), (("kind", kind),)) for kind in dict.fromkeys(kinds)],
    )  # fmt: skip
    changed = bool(process.config_changed)
    yield _one("gaugeway_configuration_changed", "gauge", "Whether the configuration awaits a reload.", changed)
    yield _one("gaugeway_clock_set", "gauge", "Whether the clock was set since the computer started.", report.clock.set)
    yield _one("gaugeway_disk_size_bytes", "gauge", "The disk with the state folder.", disk.size if disk else None)
    yield _one("gaugeway_disk_free_bytes", "gauge", "What of it is free.", disk.free if disk else None)
    yield _one("gaugeway_memory_size_bytes", "gauge", "The memory that it may use.", memory.size if memory else None)
    yield _one("gaugeway_memory_free_bytes", "gauge", "What of it is free.", memory.free if memory else None)
    taken, age = (None, None) if checkpoints is None else (checkpoints.taken, checkpoints.age)
    yield _one("gaugeway_checkpoints_total", "counter", "How often the state of everything was saved.", taken)
    yield _one("gaugeway_checkpoint_age_seconds", "gauge", "How long ago that was the last time.", age)


def _of_process(process: Process) -> Iterator[Family]:
    yield _one("process_start_time_seconds", "gauge", "When it started.", process.since)
    yield _one("process_cpu_seconds_total", "counter", "CPU time used.", process.cpu)
    yield _one("process_resident_memory_bytes", "gauge", "Resident memory.", process.memory)
    yield _one("process_open_fds", "gauge", "Open file descriptors.", process.files)
    yield _one("process_max_fds", "gauge", "How many it may open.", process.files_limit)
    yield _one("gaugeway_threads", "gauge", "Threads.", process.threads)


def _of_sources(sources: Iterable[Source]) -> Iterator[Family]:
    def each(name: str, kind: Kind, about: str, value: Callable[[Source], Value]) -> Family:
        return Family(f"gaugeway_source_{name}", kind, about, _values(sources, _source, value))

    yield each("running", "gauge", "Whether it is connected and gives signs of life.", _is_running)
    yield each("readings_total", "counter", "Readings it has brought.", lambda one: one.readings)
    yield Family(
        "gaugeway_source_rejected_total", "counter", "Input that became no reading, by reason.",
        _by_reason(sources, _source, lambda one: one.rejected),
    )  # fmt: skip
    yield each("reopened_total", "counter", "How often it was opened again after a fault.", lambda one: one.reopened)
    yield each("restarts_total", "counter", "How often it was restarted because of a bug.", lambda one: one.restarts)
    yield each("idle_seconds", "gauge", "How long ago it gave its last sign of life.", lambda one: one.idle)


def _of_sensors(sensors: Iterable[Sensor]) -> Iterator[Family]:
    labels = {id(one): (("source", one.source), ("sensor", one.name)) for one in sensors}

    def each(name: str, kind: Kind, about: str, value: Callable[[Sensor], Value]) -> Family:
        return Family(f"gaugeway_sensor_{name}", kind, about, _values(sensors, lambda one: labels[id(one)], value))

    yield each("readings_total", "counter", "Readings of it.", lambda one: one.readings)
    yield each("age_seconds", "gauge", "How long ago its last reading came.", lambda one: one.age)
    yield each("value", "gauge", "Its last value, in its own unit.", lambda one: one.value)
    yield each(
        "stale", "gauge", "Whether it is silent for longer than it may.",
        lambda one: None if one.stale_after is None else one.stale,
    )  # fmt: skip


def _of_stages(stages: Iterable[Stage]) -> Iterator[Family]:
    def each(name: str, kind: Kind, about: str, value: Callable[[Stage], Value]) -> Family:
        return Family(f"gaugeway_stage_{name}", kind, about, _values(stages, _stage, value))

    yield each("readings_total", "counter", "Readings that came through.", lambda one: one.passed)
    yield Family(
        "gaugeway_stage_dropped_total", "counter", "Readings that went no further, by reason.",
        _by_reason(stages, _stage, lambda one: one.dropped),
    )  # fmt: skip
    yield each("failures_total", "counter", "How often it failed.", lambda one: one.failed)
    yield Family(
        "gaugeway_stage_duration_seconds", "summary", "What one reading costs there, from a sample of them.",
        (sample for one in stages for sample in _duration(one)),
    )  # fmt: skip


def _of_sinks(sinks: Iterable[Sink]) -> Iterator[Family]:
    def each(name: str, kind: Kind, about: str, value: Callable[[Sink], Value]) -> Family:
        return Family(f"gaugeway_sink_{name}", kind, about, _values(sinks, _sink, value))

    yield each("running", "gauge", "Whether it takes readings.", lambda one: one.state in ("starting", "running"))
    yield each("connected", "gauge", "Whether its broker is there.", _is_connected)
    yield each("readings_total", "counter", "Readings it has taken.", lambda one: one.taken)
    yield Family(
        "gaugeway_sink_dropped_total", "counter", "Readings it has lost, by reason.",
        _by_reason(sinks, _sink, lambda one: one.dropped),
    )  # fmt: skip
    yield each("failures_total", "counter", "How often it failed.", lambda one: one.failed)
    yield each("backlog_readings", "gauge", "Readings that wait in memory because it fails.", lambda one: one.backlog)
    yield Family(
        "gaugeway_alarms", "gauge", "Alarms by state.",
        (Sample(count, (*_sink(one), ("state", state))) for one in sinks for state, count in _alarms(one)),
    )  # fmt: skip


def _of_outboxes(sinks: Iterable[Sink]) -> Iterator[Family]:
    boxes = {sink.name: sink.outbox for sink in sinks if sink.outbox is not None}

    def each(name: str, kind: Kind, about: str, value: Callable[[Outbox], Value]) -> Family:
        labels = {id(box): (("sink", sink),) for sink, box in boxes.items()}
        return Family(
            f"gaugeway_outbox_{name}", kind, about, _values(boxes.values(), lambda one: labels[id(one)], value)
        )

    yield each("messages", "gauge", "Messages that wait.", lambda one: one.waiting)
    yield each("sent_total", "counter", "Messages delivered.", lambda one: one.sent)
    yield each("dropped_total", "counter", "Messages that nobody will see.", lambda one: one.dropped)
    yield each("thinned_total", "counter", "Readings that were summed up with others.", lambda one: one.thinned)
    yield each("failing_seconds", "gauge", "For how long nothing could be delivered.", lambda one: one.failing_for)
    yield each("used_bytes", "gauge", "What it uses of the disk.", lambda one: one.bytes_used)
    yield each("written_bytes_total", "counter", "What it has written to disk.", lambda one: one.bytes_written)
    yield each("syncs_total", "counter", "How often it waited for the disk.", lambda one: one.syncs)


def _of_journals(journals: Iterable[Journal]) -> Iterator[Family]:
    def each(name: str, kind: Kind, about: str, value: Callable[[Journal], Value]) -> Family:
        return Family(
            f"gaugeway_journal_{name}", kind, about, _values(journals, lambda one: (("source", one.source),), value)
        )

    yield each("records", "gauge", "Records that are not worked through yet.", lambda one: one.waiting)
    yield each("used_bytes", "gauge", "What it uses of the disk.", lambda one: one.used)
    yield each("limit_bytes", "gauge", "How much it may use.", lambda one: one.size)
    yield each("written_bytes_total", "counter", "What it has written to disk.", lambda one: one.written)
    yield each("syncs_total", "counter", "How often it waited for the disk.", lambda one: one.syncs)
    yield each("unkept_total", "counter", "Readings that the disk did not take.", lambda one: one.unkept)
    yield each("damaged_bytes_total", "counter", "What was found damaged, and left out.", lambda one: one.damaged)


def _one(name: str, kind: Kind, about: str, value: Value) -> Family:
    return Family(name, kind, about, [] if value is None else [Sample(value)])


def _values(parts: Iterable[T], labels: Callable[[T], Labels], value: Callable[[T], Value]) -> Iterator[Sample]:
    for part in parts:
        found = value(part)
        if found is not None:
            yield Sample(found, labels(part))


def _by_reason(
    parts: Iterable[T], labels: Callable[[T], Labels], counts: Callable[[T], Mapping[str, int]]
) -> Iterator[Sample]:
    for part in parts:
        for reason, count in counts(part).items():
            yield Sample(count, (*labels(part), ("reason", reason)))


def _source(one: Source) -> Labels:
    return (("source", one.name),)


def _stage(one: Stage) -> Labels:
    return (("source", one.source), ("stage", one.name))


def _sink(one: Sink) -> Labels:
    return (("sink", one.name),)


def _is_running(source: Source) -> bool:
    return source.state == "running" and not source.hangs


def _is_connected(sink: Sink) -> bool | None:
    said = sink.details.get("connected")
    return said if isinstance(said, bool) else None


def _alarms(sink: Sink) -> Iterator[tuple[str, int]]:
    """Yield how many alarms are in each state, where a sink reports any."""
    counts = sink.details.get("counts")
    if isinstance(counts, dict):
        for state, count in cast("dict[str, object]", counts).items():
            if isinstance(count, int):
                yield state, count


def _duration(stage: Stage) -> Iterator[Sample]:
    if stage.nanoseconds is not None:
        yield Sample(stage.nanoseconds * stage.sampled / 1e9, _stage(stage), "_sum")
        yield Sample(stage.sampled, _stage(stage), "_count")
