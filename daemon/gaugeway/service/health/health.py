"""The health of a gateway: everything that is known of its parts, gathered in one place."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from gaugeway.delivery.outbox import Condition, Outbox
from gaugeway.engine.chain import Stage
from gaugeway.engine.outlet import Outlet
from gaugeway.engine.pipeline import Pipeline
from gaugeway.engine.seen import SensorSeen
from gaugeway.engine.status import Status
from gaugeway.service.gateway import Gateway
from gaugeway.service.health import kept, machine, report
from gaugeway.service.health.configuration import Configuration
from gaugeway.service.health.diagnosis import diagnose, summary
from gaugeway.service.health.heard import age_of, heard, reasons
from gaugeway.service.health.moment import Moment, Speechless
from gaugeway.service.health.recent import Recent
from gaugeway.service.health.stacks import where
from gaugeway.service.supervisor import Supervisor
from gaugeway.version import version

HANGS_AFTER: Final = 5.0


class Health:
    """Looks at a gateway from outside, on any thread, and never makes a pipeline wait."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._since = time.time()
        self._began = time.monotonic()
        self._recent = Recent()
        self._moment = Moment()
        self.http: Callable[[], report.Http | None] = lambda: None
        """Tells how the HTTP server is."""
        self._configuration = Configuration(gateway.plan)
        self._version = version()
        self._unit = machine.unit()

    def note(self) -> None:
        """Note what "recently" will be compared with; called every second or so."""
        self._recent.note(self.gateway, self._lost)

    def line(self) -> str:
        """Return all in one line, for who has room for one: `7 sensors, 1 stale`."""
        return self.now().summary

    def now(self) -> report.Report:
        """Return how everything is."""
        gateway = self.gateway
        sources = tuple(self._source(one) for one in list(gateway.supervisors.values()))
        sensors = tuple(sensor for pipeline in gateway.pipelines for sensor in self._sensors(pipeline))
        whole = report.Report(
            state="well",
            summary="",
            complaints=(),
            remarks=(),
            process=self._process(),
            sources=sources,
            sensors=sensors,
            stages=tuple(stage for pipeline in gateway.pipelines for stage in self._stages(pipeline)),
            sinks=tuple(self._sink(outlet) for outlet in gateway.outlets),
            disk=machine.disk(gateway.plan.storage.dir),
            memory=machine.memory(),
            clock=machine.clock(),
            flags=gateway.flags.as_dict(),
            journals=tuple(journal for pipeline in gateway.pipelines for journal in kept.journal(pipeline)),
            checkpoints=kept.checkpoints(gateway),
            http=self.http(),
        )
        complaints, remarks = diagnose(whole)
        return msgspec.structs.replace(
            whole,
            state="unwell" if complaints else "well",
            complaints=complaints,
            remarks=remarks,
            summary=summary(whole, complaints),
        )

    def _process(self) -> report.Process:
        plan = self.gateway.plan
        if self._configuration.plan is not plan:
            self._configuration = Configuration(plan)
        changed = self._configuration.changed()
        times = os.times()
        return report.Process(
            node=plan.node,
            version=self._version,
            pid=os.getpid(),
            since=self._since,
            uptime=time.monotonic() - self._began,
            config=str(plan.file),
            config_files=tuple(map(str, sorted(plan.files))),
            config_hash=self._configuration.hash,
            config_changed=changed,
            unit=self._unit,
            memory=machine.resident(),
            threads=machine.threads(),
            files=machine.open_files(),
            files_limit=machine.open_files_limit(),
            cpu=times.user + times.system,
        )

    def _source(self, supervisor: Supervisor) -> report.Source:
        pipeline = supervisor.pipeline
        intake, meter = pipeline.intake, pipeline.chain.intake
        status, idle = _decisive(pipeline), time.monotonic() - pipeline.moved_at
        hangs = supervisor.alive and pipeline.status.state == "running" and idle > HANGS_AFTER
        rejected = meter.dropped.copy()
        came = self._recent.count(f"readings {pipeline.name}", meter.timed)
        refused = self._recent.count(f"rejected {pipeline.name}", sum(rejected.values()))
        return report.Source(
            name=pipeline.name,
            type=intake.use.type,
            state=status.state,
            since=status.since,
            reason=status.reason,
            retry_at=status.retry_at,
            hangs=hangs,
            idle=idle,
            where=where(f"pipeline {pipeline.name}") if hangs else "",
            reopened=intake.restarts,
            restarts=supervisor.restarts,
            readings=meter.timed,
            rate=came / self._recent.seconds,
            rejected=reasons(rejected),
            came_recently=came + refused,
            rejected_recently=refused,
            details=self._details(f"source {pipeline.name}", intake.source),
        )

    def _sensors(self, pipeline: Pipeline) -> Iterator[report.Sensor]:
        intake = pipeline.intake
        rates = [count / self._recent.seconds for count in self._recent.of_sensors(intake)]
        now = intake.time.now()
        for (name, seen), rate in zip(list(intake.sensors.items()), rates, strict=False):
            yield heard(name, pipeline, seen, age=age_of(seen, now), rate=rate)
        for name in intake.use.sensors.names():
            if name not in intake.sensors:
                silent = SensorSeen("", intake.use.sensors.declared[name])
                yield heard(name, pipeline, silent, age=time.monotonic() - self._began, rate=0.0)

    def _stages(self, pipeline: Pipeline) -> Iterator[report.Stage]:
        left = pipeline.chain.intake.timed
        for stage in list(pipeline.chain.stages):
            dropped = stage.meter.dropped.copy()
            on = stage.use.flag is None or pipeline.chain.enabled(stage.use.flag)
            left = max(0, left - sum(dropped.values()))
            yield self._stage(pipeline, stage, dropped, left if on else 0, on=on)

    def _stage(
        self, pipeline: Pipeline, stage: Stage, dropped: Mapping[str, int], passed: int, *, on: bool
    ) -> report.Stage:
        use, meter = stage.use, stage.meter
        return report.Stage(
            name=use.id,
            type=use.type,
            source=pipeline.name,
            on=on,
            flag=use.flag,
            select=use.select,
            passed=passed,
            dropped=reasons(dropped),
            failed=meter.failed,
            failed_recently=self._recent.count(f"failed {pipeline.name}/{use.id}", meter.failed),
            last_error=meter.last_error,
            nanoseconds=meter.cost,
            sampled=meter.timed,
            details=self._details(f"stage {pipeline.name}/{use.id}", stage.plugin),
        )

    def _sink(self, outlet: Outlet) -> report.Sink:
        use, meter, status = outlet.use, outlet.meter, outlet.status
        condition = self._condition(outlet)
        dropped = meter.dropped.copy()
        return report.Sink(
            name=use.id,
            type=use.type,
            state=status.state,
            since=status.since,
            reason=status.reason,
            retry_at=status.retry_at,
            taken=meter.timed,
            backlog=outlet.backlog,
            dropped=reasons(dropped),
            dropped_recently=self._recent.count(f"dropped {use.id}", sum(dropped.values())),
            failed=meter.failed,
            last_error=meter.last_error,
            outbox=self._outbox(use.id, condition) if isinstance(condition, Condition) else None,
            speechless=condition if isinstance(condition, str) else "",
            details=self._details(f"sink {use.id}", outlet.sink),
        )

    def _outbox(self, sink: str, condition: Condition) -> report.Outbox:
        return report.Outbox(
            waiting=condition.queued,
            sent=condition.sent,
            dropped=condition.dropped,
            left_out=condition.left_out,
            thinned=condition.thinned,
            dropped_recently=self._recent.count(f"outbox {sink}", condition.dropped),
            left_out_recently=self._recent.count(f"left out {sink}", condition.left_out),
            failing_for=condition.failing_for,
            next_try_in=condition.next_try_in,
            last_error=condition.last_error,
            bug=condition.bug,
            bytes_used=condition.bytes_used,
            bytes_written=condition.bytes_written,
            syncs=condition.syncs,
        )

    def _lost(self) -> Mapping[str, int]:
        """Return what outboxes had no room for so far, and what was left out of them."""
        found: dict[str, int] = {}
        for outlet in self.gateway.outlets:
            condition = self._condition(outlet)
            if isinstance(condition, Condition):
                found[f"outbox {outlet.use.id}"] = condition.dropped
                found[f"left out {outlet.use.id}"] = condition.left_out
        return found

    def _condition(self, outlet: Outlet) -> Condition | str | None:
        """Return how an outbox is, None where there is none, or why it does not say it."""
        if not isinstance(outlet.outbox, Outbox):
            return None
        try:
            return self._moment.ask(f"outbox {outlet.use.id}", outlet.outbox.condition)
        except Speechless as fault:
            return str(fault)

    def _details(self, part: str, plugin: object) -> Mapping[str, object]:
        """Return what a plugin itself reports: what its `report()` returns, as JSON can hold it."""
        tell: Callable[[], object] | None = getattr(plugin, "report", None)
        if tell is None:
            return {}
        try:
            return self._moment.ask(
                part, lambda: msgspec.json.decode(msgspec.json.encode(tell(), enc_hook=str), type=dict[str, object])
            )
        except Speechless as fault:
            return {"report": str(fault)}


def _decisive(pipeline: Pipeline) -> Status:
    """Return the state that says most of a source: its pipeline's where that has trouble or has ended, else its own."""
    at_work = pipeline.status.state in ("starting", "running")
    return pipeline.intake.status if at_work else pipeline.status
