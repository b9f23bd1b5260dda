"""The diagnosis of a gateway: what is wrong, what is merely worth a look, and all of it in one line."""

from gaugeway.service.health.faults import faults
from gaugeway.service.health.phrases import number
from gaugeway.service.health.remarks import active_alarms, remarks
from gaugeway.service.health.report import Complaint, Report


def diagnose(report: Report) -> tuple[tuple[Complaint, ...], tuple[Complaint, ...]]:
    """Return what is wrong, and what is merely worth a look."""
    troubled = {source.name for source in report.sources if source.hangs or source.state in ("waiting", "failed")}
    return tuple(faults(report, troubled)), tuple(remarks(report, troubled))


def summary(report: Report, complaints: tuple[Complaint, ...]) -> str:
    """Say all in one line."""
    stale = sum(sensor.stale for sensor in report.sensors)
    alarms = sum(len(active_alarms(sink)) for sink in report.sinks)
    others = len({complaint.part for complaint in complaints if complaint.kind != "stale"})
    parts = [number(len(report.sensors), "sensor"), f"{stale} stale" if stale else ""]
    parts += [number(alarms, "alarm") if alarms else "", number(others, "fault") if others else ""]
    return ", ".join(filter(None, parts))
