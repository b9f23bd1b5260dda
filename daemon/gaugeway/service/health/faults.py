"""What is wrong with each part of a gateway, in words that its operator understands, and what is to be done."""

import errno
import os
from collections.abc import Iterator
from typing import Final

from gaugeway.service.health.inputs import much_left_out
from gaugeway.service.health.phrases import counted, length, moment, names, number, plain, size
from gaugeway.service.health.report import Complaint, Journal, Outbox, Report, Sensor, Sink, Source, Stage

FULL: Final = os.strerror(errno.ENOSPC)
NO_PERMISSION: Final = os.strerror(errno.EACCES)
IN_USE: Final = os.strerror(errno.EADDRINUSE)
NOT_HERE: Final = os.strerror(errno.EADDRNOTAVAIL)
READ_ONLY: Final = os.strerror(errno.EROFS)


def faults(report: Report, troubled: set[str]) -> Iterator[Complaint]:
    """Yield what is wrong. Of a sensor whose source is in trouble, that says enough."""
    for source in report.sources:
        yield from _of_source(source, report)
    for sensor in report.sensors:
        if sensor.source not in troubled:
            yield from _of_sensor(sensor)
        if sensor.garbled:
            yield _of_garbled(sensor, report)
    for stage in report.stages:
        yield from _of_stage(stage)
    for sink in report.sinks:
        yield from _of_sink(sink)
    for journal in report.journals:
        yield from _of_journal(journal)
    yield from _of_checkpoints(report)
    yield from _of_disk(report)
    yield from _of_memory(report)
    yield from _of_files(report)
    yield from _of_http(report)


def _of_source(source: Source, report: Report) -> Iterator[Complaint]:
    part = f"source {source.name}"
    silent = sum(sensor.source == source.name and sensor.stale for sensor in report.sensors)
    also = f"; {number(silent, 'sensor is', 'sensors are')} silent with it" if silent else ""
    if source.hangs:
        since = moment(report.clock.now - source.idle)
        inside = f", in {source.where}" if source.where else ""
        yield Complaint(
            part=part,
            kind="hangs",
            message=f"source '{source.name}' hangs since {since} ({length(source.idle)}){inside}{also}",
            advice="its thread does not come back from there; `gaugeway restart` helps for the moment",
        )
    elif source.state == "failed":
        yield Complaint(
            part=part,
            kind="failed",
            message=f"source '{source.name}' has given up since {moment(source.since)}: {plain(source.reason)}{also}",
            advice=f"`gaugeway logs --source {source.name}` shows where it failed; `gaugeway restart` tries again",
        )
    elif source.state == "waiting":
        yield Complaint(
            part=part,
            kind="waiting",
            message=f"source '{source.name}' waits since {moment(source.since)}: {plain(source.reason)}{also}",
            advice=_tried_again(source.retry_at, report.clock.now, source.reason),
        )
    if not source.hangs:
        yield from much_left_out(source)


def _of_sensor(sensor: Sensor) -> Iterator[Complaint]:
    if not sensor.stale:
        return
    said = f"is silent for {length(sensor.age)}" if sensor.age is not None else "has said nothing since the start"
    yield Complaint(
        part=f"sensor {sensor.name}",
        kind="stale",
        message=f"sensor '{sensor.name}' {said}; it should be heard every {length(sensor.stale_after or 0)}",
        advice="is it connected, has it power, and is its name spelled as it sends it?",
    )


def _of_garbled(sensor: Sensor, report: Report) -> Complaint:
    stages = [stage.name for stage in report.stages if stage.source == sensor.source and stage.on]
    them = f", or its {'stages' if len(stages) > 1 else 'stage'} {', '.join(stages)}" if stages else ""
    return Complaint(
        part=f"sensor {sensor.name}",
        kind="garbled",
        message=f"what sensor '{sensor.name}' said last holds what does not belong there: {names(sensor.garbled)}",
        advice=f"a plugin put it there: source '{sensor.source}'{them}; sinks may fail on it until its author mends it",
    )


def _of_stage(stage: Stage) -> Iterator[Complaint]:
    if stage.failed_recently:
        yield Complaint(
            part=f"stage {stage.source}/{stage.name}",
            kind="failing",
            message=f"stage '{stage.name}' of source '{stage.source}' failed {stage.failed_recently:,} times in the "
            f"last minute: {plain(stage.last_error)}",
            advice="the readings it fails on are left out; `gaugeway logs` has the traceback for its author",
        )


def _of_sink(sink: Sink) -> Iterator[Complaint]:
    part = f"sink {sink.name}"
    if sink.state in ("waiting", "failed"):
        backlog = f"; {number(sink.backlog, 'reading waits', 'readings wait')}" if sink.backlog else ""
        yield Complaint(
            part=part,
            kind=sink.state,
            message=f"sink '{sink.name}' waits since {moment(sink.since)}: {plain(sink.reason)}{backlog}",
            advice=_remedy(sink.reason) or "it is tried again by itself, for ever",
        )
    if sink.dropped_recently:
        yield Complaint(
            part=part,
            kind="lost",
            message=f"sink '{sink.name}' has lost {number(sink.dropped_recently, 'reading')} in the last minute "
            f"({counted(sink.dropped)} since the start)",
            advice=f"what it said last: {plain(sink.last_error)}" if sink.last_error else "",
        )
    if sink.speechless:
        yield Complaint(
            part=part,
            kind="hangs",
            message=f"the outbox of sink '{sink.name}' {sink.speechless}",
            advice="is its disk slow or gone? `dmesg` may tell",
        )
    if sink.outbox is not None:
        yield from _of_outbox(sink, sink.outbox)
    yield from _told_by_itself(sink)


def _told_by_itself(sink: Sink) -> Iterator[Complaint]:
    """Complain of what the sink reports of itself."""
    part = f"sink {sink.name}"
    trouble = sink.details.get("trouble")
    if isinstance(trouble, str) and trouble and not (sink.outbox and sink.outbox.failing_for is not None):
        yield Complaint(
            part=part,
            kind="unreachable",
            message=f"sink '{sink.name}' has no connection: {plain(trouble)}",
            advice="what it has to tell waits on disk meanwhile; it is tried again by itself, for ever",
        )
    refusal, refused = sink.details.get("refusal"), sink.details.get("left_out")
    if isinstance(refusal, str) and refusal:
        count = f", {refused:,} since the start" if isinstance(refused, int) else ""
        yield Complaint(
            part=part,
            kind="refused",
            message=f"sink '{sink.name}' leaves out what is refused for good{count}: {plain(refusal)}",
            advice="nobody is told of these alarms, and they are not tried again: are the options of this sink right?",
        )


def _of_outbox(sink: Sink, outbox: Outbox) -> Iterator[Complaint]:
    if outbox.failing_for is not None:
        yield Complaint(
            part=f"sink {sink.name}",
            kind="undelivered",
            message=f"sink '{sink.name}' cannot deliver for {length(outbox.failing_for)}: {plain(outbox.last_error)}"
            f"; {number(outbox.waiting, 'message waits', 'messages wait')} in its outbox",
            advice="nothing is lost as long as the outbox has room; it is tried again by itself, for ever",
        )
    if outbox.dropped_recently:
        yield Complaint(
            part=f"sink {sink.name}",
            kind="lost",
            message=f"sink '{sink.name}' has lost {number(outbox.dropped_recently, 'message')} from its outbox in the "
            f"last minute ({outbox.dropped:,} since the start)",
            advice="its outbox is full: `buffer: {size: ...}` gives it more room, `when_full: thin` makes more of it",
        )
    if outbox.left_out_recently:
        yield Complaint(
            part=f"sink {sink.name}",
            kind="failing",
            message=f"sink '{sink.name}' could not deliver {number(outbox.left_out_recently, 'message')} in the last "
            f"minute because of a bug, and left them out ({outbox.left_out:,} since the start): "
            f"{plain(outbox.bug)}",
            advice="the others go on; `gaugeway logs` has the traceback for its author",
        )


def _of_journal(journal: Journal) -> Iterator[Complaint]:
    if journal.state == "waiting":
        unkept = f"; {number(journal.unkept, 'reading')} went on without it" if journal.unkept else ""
        yield Complaint(
            part=f"journal {journal.source}",
            kind="journal",
            message=f"what source '{journal.source}' says cannot be kept on disk since {moment(journal.since)}: "
            f"{plain(journal.reason)}{unkept}",
            advice=_remedy(journal.reason) or "until that is mended a crash or a power cut loses readings",
        )


def _of_checkpoints(report: Report) -> Iterator[Complaint]:
    """Complain that nothing is saved, unless that is because of a sink, which is complained of anyway."""
    checkpoints = report.checkpoints
    reasons = {sink.reason for sink in report.sinks}
    if checkpoints and checkpoints.state in ("waiting", "failed") and checkpoints.reason not in reasons:
        yield Complaint(
            part="checkpoints",
            kind="checkpoints",
            message=f"the state could not be saved since {moment(checkpoints.since)}: {plain(checkpoints.reason)}",
            advice=_remedy(checkpoints.reason) or "nothing is lost, but a restart has more to work through again",
        )


def _of_disk(report: Report) -> Iterator[Complaint]:
    disk = report.disk
    if disk is not None and disk.nearly_full:
        yield Complaint(
            part="disk",
            kind="disk",
            message=f"the disk with {disk.folder} is nearly full: {size(disk.free)} of {size(disk.size)} are free",
            advice=f"make room (`du -xh {disk.folder}` shows what is large); the gateway goes on by itself",
        )


def _of_memory(report: Report) -> Iterator[Complaint]:
    memory = report.memory
    if memory is not None and memory.nearly_full:
        whose = "the memory that this service may use" if memory.ours else "the memory of this computer"
        more = "`MemoryMax=` with `systemctl edit` gives it more, " if memory.ours else ""
        yield Complaint(
            part="memory",
            kind="memory",
            message=f"{whose} is nearly full: {size(memory.free)} of {size(memory.size)} are free, and this process "
            f"uses {size(report.process.memory)}",
            advice="when it is full, the kernel ends what uses much; `top -o RES` shows what does, "
            f"{more}and `max_sensors` bounds what a wildcard may bring",
        )


def _of_files(report: Report) -> Iterator[Complaint]:
    process = report.process
    if 0 < process.files_limit <= process.files:  # a limit below zero is none
        yield Complaint(
            part="files",
            kind="files",
            message=f"this process can open no more files: all of its {process.files_limit:,} descriptors are in use",
            advice=f"`sudo ls -l /proc/{process.pid}/fd` shows for what, it may be a plugin that closes nothing; "
            "`gaugeway restart` helps for the moment",
        )


def _of_http(report: Report) -> Iterator[Complaint]:
    http = report.http
    if http is not None and http.state == "waiting":
        port = http.listen.rpartition(":")[2]
        advice = {
            IN_USE: f"`sudo ss -ltnp 'sport = :{port}'` shows which; end it, or have `http: {{listen: ...}}` elsewhere",
            NOT_HERE: "is it an address of this computer (`ip address` lists them), and is the network up?",
            NO_PERMISSION: "ports below 1024 are for root: give `http: {listen: ...}` a higher one",
        }
        reason = {IN_USE: "another program listens there"}.get(http.reason, plain(http.reason))
        yield Complaint(
            part="http",
            kind="http",
            message=f"nobody can ask at http://{http.listen} since {moment(http.since)}: {reason}",
            advice="; ".join(filter(None, (advice.get(http.reason), "it is tried again by itself, for ever"))),
        )


def _tried_again(at: float | None, now: float, reason: str) -> str:
    remedy = _remedy(reason)
    again = f"it is tried again in {length(max(0.0, at - now))}, for ever" if at is not None else "it is tried again"
    return f"{remedy}; {again}" if remedy else again


def _remedy(reason: str) -> str:
    """Return what helps against a fault of the operating system; what others say of theirs says it itself."""
    if FULL in reason:
        return "make room on that disk (`df -h` shows how full it is); it goes on by itself"
    if NO_PERMISSION in reason:
        return "let the user that the gateway runs as write there (`ls -ld` shows who may)"
    if READ_ONLY in reason:
        return "the disk can only be read: `dmesg` may say why; is the SD card worn?"
    return ""
