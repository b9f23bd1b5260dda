"""A gateway whose health is looked at."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from tests.engine.kit import SOON, Fed, Feed, Shelf, Shelved, plan, registry, sensors
from tests.support.waiting import until

from gaugeway import Reading, Sensor
from gaugeway.plan import PipelinePlan, SinkUse, SourceUse, StageUse
from gaugeway.service.gateway import Gateway
from gaugeway.service.health import diagnosis
from gaugeway.service.health.health import Health
from gaugeway.service.health.report import Complaint, Outbox, Report


def odd(reading: Reading) -> Reading | None:
    """Let odd values pass; cannot do it with 13."""
    if reading.value == 13:
        raise ValueError("unlucky")
    if reading.value % 2 == 0:
        reading.drop("even")
        return None
    reading.put("half", reading.value / 2)
    return reading


@dataclass
class Stand:
    """A gateway with one source, one stage and one sink, and its health."""

    folder: Path
    feed: Feed = field(default_factory=Feed)
    shelf: Shelf = field(default_factory=Shelf)

    @contextmanager
    def running(self) -> Generator["Stand"]:
        """Run it."""
        known = sensors("b", a=Sensor(kind="flow", unit="L/min", label="Pump", stale_after=3600.0))
        source = SourceUse(type="fed", id="src", options={"feed": self.feed}, sensors=known, retry=SOON)
        stages = (StageUse(type="odd", id="odd"), StageUse(type="odd", id="spare", flag="spare"))
        sink = SinkUse(type="shelved", id="shelf", options={"shelf": self.shelf}, retry=SOON)
        pipelines = PipelinePlan(source=source, stages=stages)
        known_plugins = registry(fed=("source", Fed), odd=("stage", odd), shelved=("sink", Shelved))
        file = self.folder / "gateway.yaml"
        file.write_text("node: test")
        self.gateway = Gateway(plan(self.folder, pipelines, sinks=[sink], flags={"spare": False}), known_plugins)
        self.health = Health(self.gateway)
        self.gateway.start()
        try:
            yield self
        finally:
            self.gateway.stop()

    def take_over(self, files: dict[Path, int]) -> None:
        """Have a plan in force that was made of these files."""
        self.gateway.plan = msgspec.structs.replace(self.gateway.plan, files=files)

    def when(self, condition: Callable[[Report], bool]) -> Report:
        """Return the report as soon as it shows something."""
        until(lambda: condition(self.health.now()))
        return self.health.now()


AWAY = Outbox(
    waiting=12, sent=5, dropped=3, left_out=0, thinned=0, dropped_recently=3, left_out_recently=0, failing_for=300.0,
    next_try_in=2.0, last_error="nothing listens on localhost:1883", bug="",
    bytes_used=4096, bytes_written=8192, syncs=2,
)  # fmt: skip
"""An outbox that cannot deliver."""


def kinds(complaints: tuple[Complaint, ...]) -> set[str]:
    return {complaint.kind for complaint in complaints}


def report_with(report: Report, **parts: object) -> Report:
    """Return a report with other parts, judged again."""
    changed = msgspec.structs.replace(report, **parts)
    complaints, remarks = diagnosis.diagnose(changed)
    summary = diagnosis.summary(changed, complaints)
    return msgspec.structs.replace(changed, complaints=complaints, remarks=remarks, summary=summary)
