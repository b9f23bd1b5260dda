"""What is not wrong with a gateway, and what its operator would like to know all the same."""

from collections.abc import Iterator
from typing import Final, cast

from gaugeway.service.health.inputs import some_left_out
from gaugeway.service.health.phrases import amount, length, names, number
from gaugeway.service.health.report import Complaint, Report, Sensor, Sink, Source

QUIET: Final = 60.0
USUAL_TIMES: Final = 20
REGULAR: Final = 10
SENT: Final = {"mqtt": "is it published under a `topic` that is read, and", "csv": "is there a column or a row"}
"""How the question begins whether a sensor can be heard at all."""
WORN: Final = "`gaugeway logs` says when and why; is the SD card worn? `dmesg` may tell"


def remarks(report: Report, troubled: set[str]) -> Iterator[Complaint]:
    """Yield what is worth a look; nothing of sensors whose source is in trouble or has ended."""
    yield from _on_process(report)
    types = {source.name: source.type for source in report.sources}
    ended = {source.name for source in report.sources if source.state == "ended"}
    for sensor in report.sensors:
        if sensor.source not in troubled | ended and not sensor.stale:
            yield from _on_sensor(sensor, report.process.uptime, types.get(sensor.source, ""))
    for source in report.sources:
        yield from _on_source(source)
    yield from _on_storage(report)
    for sink in report.sinks:
        if active := active_alarms(sink):
            what = number(len(active), "alarm is", "alarms are")
            yield Complaint(part=f"sink {sink.name}", kind="alarms", message=f"{what} active: {names(active)}")


def active_alarms(sink: Sink) -> list[str]:
    """Return the alarms that are active, where a sink reports any."""
    active = sink.details.get("active")
    return [str(alarm) for alarm in cast("list[object]", active)] if isinstance(active, list) else []


def _on_process(report: Report) -> Iterator[Complaint]:
    if report.process.config_changed:
        yield Complaint(
            part="configuration",
            kind="changed",
            message=f"the configuration has changed since it was taken over: {names(report.process.config_changed)}",
            advice="`gaugeway reload` goes over to what it says now",
        )
    if report.clock.set is False:
        yield Complaint(
            part="clock",
            kind="clock",
            message="the clock of this computer has not been set since it started",
            advice="is the network there, and does `timedatectl` say that a time service is active? "
            "Readings are marked until it is set",
        )


def _on_sensor(sensor: Sensor, uptime: float, type: str) -> Iterator[Complaint]:
    usual = uptime / sensor.readings if sensor.readings else 0.0
    if sensor.age is None:
        yield Complaint(
            part=f"sensor {sensor.name}",
            kind="unheard",
            message=f"sensor '{sensor.name}' has not said anything yet",
            advice=f"{SENT.get(type, 'is it sent')} by this name? "
            f"`gaugeway inspect --tap {sensor.source}` shows what comes",
        )
    elif sensor.readings >= REGULAR and sensor.age > max(QUIET, USUAL_TIMES * usual):
        yield Complaint(
            part=f"sensor {sensor.name}",
            kind="quiet",
            message=f"sensor '{sensor.name}' is silent for {length(sensor.age)}, and used to be heard every "
            f"{length(usual)}",
            advice="with `stale_after` such a silence counts as a fault",
        )
    elif sensor.value is not None and sensor.range and not sensor.range[0] <= sensor.value <= sensor.range[1]:
        yield Complaint(
            part=f"sensor {sensor.name}",
            kind="outside",
            message=f"the last value of sensor '{sensor.name}', {amount(sensor.value)} {sensor.unit}".rstrip()
            + f", lies outside its range, {sensor.range[0]:g} to {sensor.range[1]:g}",
            advice="is it broken or disconnected, or is its `range` wrong?",
        )
    elif sensor.quality not in ("good", ""):
        yield Complaint(
            part=f"sensor {sensor.name}",
            kind="quality",
            message=f"the last reading of sensor '{sensor.name}' is {sensor.quality}",
        )


def _on_source(source: Source) -> Iterator[Complaint]:
    yield from some_left_out(source)
    if source.restarts and source.state != "failed":
        yield Complaint(
            part=f"source {source.name}",
            kind="restarted",
            message=f"source '{source.name}' was restarted {source.restarts} times because of a bug",
            advice=f"`gaugeway logs --source {source.name}` has the traceback",
        )


def _on_storage(report: Report) -> Iterator[Complaint]:
    """Tell of what a disk does that is about to fail."""
    for journal in report.journals:
        if journal.failed_syncs:
            yield Complaint(
                part=f"journal {journal.source}",
                kind="worn",
                message=f"the disk failed {number(journal.failed_syncs, 'time')} to keep what source "
                f"'{journal.source}' said; it was written again",
                advice=WORN,
            )
    state = report.checkpoints
    if state is not None and (state.set_aside or state.damaged):
        what = f"{number(state.damaged, 'part')} of the saved state came back damaged"
        if state.set_aside:
            what = "the file with the saved state could not be used, and was set aside"
        yield Complaint(
            part="checkpoints",
            kind="worn",
            message=f"{what}: averages and alarms may have begun anew",
            advice=WORN,
        )
