"""Which figures Prometheus gets: a report of health, as families of samples.

Names follow its customs: base units, and `_total` behind what only grows. What the process itself uses has the
names that all of Prometheus' own client libraries give it.
"""

import platform
from collections.abc import Iterable, Iterator
from typing import cast

from gaugeway.service.health.report import Journal, Process, Report, Sensor, Sink, Source, Stage
from gaugeway.service.web.exposition import Family, Labels, Sample
from gaugeway.service.web.parts import Parts, family, single


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
    wrong = [Sample(kinds.count(kind), (("kind", kind),)) for kind in dict.fromkeys(kinds)]
    yield family("gaugeway_build_info", "What runs here, and what it is called.", [Sample(1, build)])
    yield single("gaugeway_healthy", "Whether nothing is wrong.", report.state == "well")
    yield family("gaugeway_complaints", "What is wrong, by kind.", wrong)
    changed = bool(process.config_changed)
    yield single("gaugeway_configuration_changed", "Whether the configuration awaits a reload.", changed)
    yield single("gaugeway_clock_set", "Whether the clock was set since the computer started.", report.clock.set)
    yield single("gaugeway_disk_size_bytes", "The disk with the state folder.", disk.size if disk else None)
    yield single("gaugeway_disk_free_bytes", "What of it is free.", disk.free if disk else None)
    yield single("gaugeway_memory_size_bytes", "The memory that it may use.", memory.size if memory else None)
    yield single("gaugeway_memory_free_bytes", "What of it is free.", memory.free if memory else None)
    if checkpoints is not None:
        yield single("gaugeway_checkpoints_total", "How often the state of everything was saved.", checkpoints.taken)
        yield single("gaugeway_checkpoint_age_seconds", "How long ago that was the last time.", checkpoints.age)
        yield single("gaugeway_checkpoints_damaged_total", "Parts of it that were damaged.", checkpoints.damaged)
        yield single("gaugeway_checkpoints_set_aside_total", "How often none could be used.", checkpoints.set_aside)


def _of_process(process: Process) -> Iterator[Family]:
    yield single("process_start_time_seconds", "When it started.", process.since)
    yield single("process_cpu_seconds_total", "CPU time used.", process.cpu)
    yield single("process_resident_memory_bytes", "Resident memory.", process.memory or None)
    yield single("process_open_fds", "Open file descriptors.", process.files or None)
    yield single("process_max_fds", "How many it may open.", process.files_limit)
    yield single("gaugeway_threads", "Threads.", process.threads)


def _of_sources(sources: Iterable[Source]) -> Iterator[Family]:
    parts = Parts("source", (((("source", one.name),), one) for one in sources))
    yield parts.each("running", "Whether it is connected and gives signs of life.", _is_running)
    yield parts.each("readings_total", "Readings it has brought.", lambda one: one.readings)
    yield parts.by_reason("rejected_total", "Input that became no reading, by reason.", lambda one: one.rejected)
    yield parts.each("reopened_total", "How often it was opened again after a fault.", lambda one: one.reopened)
    yield parts.each("restarts_total", "How often it was restarted because of a bug.", lambda one: one.restarts)
    yield parts.each("idle_seconds", "How long ago it gave its last sign of life.", lambda one: one.idle)


def _of_sensors(sensors: Iterable[Sensor]) -> Iterator[Family]:
    parts = Parts("sensor", (((("source", one.source), ("sensor", one.name)), one) for one in sensors))
    yield parts.each("readings_total", "Readings of it.", lambda one: one.readings)
    yield parts.each("age_seconds", "How long ago its last reading came.", lambda one: one.age)
    yield parts.each("value", "Its last value, in its own unit.", lambda one: one.value)
    yield parts.each("stale", "Whether it is silent for longer than it may.", _is_stale)


def _of_stages(stages: Iterable[Stage]) -> Iterator[Family]:
    parts = Parts("stage", (((("source", one.source), ("stage", one.name)), one) for one in stages))
    yield parts.each("readings_total", "Readings that came through.", lambda one: one.passed)
    yield parts.by_reason("dropped_total", "Readings that went no further, by reason.", lambda one: one.dropped)
    yield parts.each("failures_total", "How often it failed.", lambda one: one.failed)
    yield parts.summary("duration_seconds", "What one reading costs there, from a sample of them.", _duration)


def _of_sinks(sinks: Iterable[Sink]) -> Iterator[Family]:
    parts = Parts("sink", ((_sink(one), one) for one in sinks))
    yield parts.each("running", "Whether it takes readings.", lambda one: one.state in ("starting", "running"))
    yield parts.each("connected", "Whether its broker is there.", _is_connected)
    yield parts.each("readings_total", "Readings it has taken.", lambda one: one.taken)
    yield parts.by_reason("dropped_total", "Readings it has lost, by reason.", lambda one: one.dropped)
    yield parts.each("failures_total", "How often it failed.", lambda one: one.failed)
    yield parts.each("backlog_readings", "Readings that wait in memory because it fails.", lambda one: one.backlog)
    alarms = (Sample(count, (*_sink(one), ("state", state))) for one in sinks for state, count in _alarms(one))
    yield family("gaugeway_alarms", "Alarms by state.", alarms)


def _of_outboxes(sinks: Iterable[Sink]) -> Iterator[Family]:
    parts = Parts("outbox", ((_sink(one), one.outbox) for one in sinks if one.outbox is not None))
    yield parts.each("messages", "Messages that wait.", lambda one: one.waiting)
    yield parts.each("sent_total", "Messages delivered.", lambda one: one.sent)
    yield parts.each("dropped_total", "Messages for which there was no room.", lambda one: one.dropped)
    yield parts.each("left_out_total", "Messages that a bug of the sink kept back.", lambda one: one.left_out)
    yield parts.each("thinned_total", "Readings that were summed up with others.", lambda one: one.thinned)
    yield parts.each("failing_seconds", "For how long nothing could be delivered.", lambda one: one.failing_for)
    yield parts.each("used_bytes", "What it uses of the disk.", lambda one: one.bytes_used)
    yield parts.each("written_bytes_total", "What it has written to disk.", lambda one: one.bytes_written)
    yield parts.each("syncs_total", "How often it waited for the disk.", lambda one: one.syncs)


def _of_journals(journals: Iterable[Journal]) -> Iterator[Family]:
    parts = Parts("journal", (((("source", one.source),), one) for one in journals))
    yield parts.each("records", "Records that are not worked through yet.", lambda one: one.waiting)
    yield parts.each("used_bytes", "What it uses of the disk.", lambda one: one.used)
    yield parts.each("limit_bytes", "How much it may use.", lambda one: one.size)
    yield parts.each("written_bytes_total", "What it has written to disk.", lambda one: one.written)
    yield parts.each("syncs_total", "How often it waited for the disk.", lambda one: one.syncs)
    yield parts.each("failed_syncs_total", "How often the disk failed.", lambda one: one.failed_syncs)
    yield parts.each("unkept_total", "Readings that the disk did not take.", lambda one: one.unkept)
    yield parts.each("damaged_bytes_total", "What was found damaged, and left out.", lambda one: one.damaged)


def _sink(one: Sink) -> Labels:
    return (("sink", one.name),)


def _is_running(source: Source) -> bool:
    return source.state == "running" and not source.hangs


def _is_stale(sensor: Sensor) -> bool | None:
    return None if sensor.stale_after is None else sensor.stale


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


def _duration(stage: Stage) -> tuple[float, int] | None:
    """Return the seconds of all readings that were timed, and how many they were."""
    return None if stage.nanoseconds is None else (stage.nanoseconds * stage.sampled / 1e9, stage.sampled)
