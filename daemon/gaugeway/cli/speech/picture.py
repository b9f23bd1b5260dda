"""The pipelines of a gateway as a drawing in text, with the figures of one that runs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from gaugeway.plan import PipelinePlan, Plan, SinkUse, StageUse
from gaugeway.service.health.phrases import counted, length, names, number, plain

if TYPE_CHECKING:
    from gaugeway.service.health.report import Report, Sink, Source, Stage  # a plan is drawn without

LONGEST_NAME: Final = 24


class Node(NamedTuple):
    """One source, stage or sink: its name, and what is to be said of it."""

    name: str
    notes: str


class Lane(NamedTuple):
    """One pipeline."""

    source: Node
    entering: str
    stages: list[Node]


class Picture(NamedTuple):
    """All pipelines, and the sinks that they share."""

    lanes: list[Lane]
    sinks: list[Node]

    def lines(self) -> Iterator[str]:
        """Yield the drawing."""
        width = min(LONGEST_NAME, max((len(node.name) for node in self._inner()), default=0))
        for lane in self.lanes:
            yield f"{lane.source.name}  {lane.source.notes}".rstrip()
            yield f"│  {lane.entering}".rstrip()
            for stage in lane.stages:
                yield f"├─ {stage.name:<{width}}  {stage.notes}".rstrip()
            yield "▼"
        for sink in self.sinks:
            yield f"→  {sink.name:<{width}}  {sink.notes}".rstrip()

    def _inner(self) -> Iterator[Node]:
        yield from self.sinks
        for lane in self.lanes:
            yield from lane.stages


def of_plan(plan: Plan) -> Picture:
    """Return the picture of a gateway that does not run."""
    return Picture([_planned(pipeline) for pipeline in plan.pipelines], [_planned_sink(use) for use in plan.sinks])


def of_report(report: "Report") -> Picture:
    """Return the picture of a gateway that runs."""
    lanes = [
        Lane(
            Node(source.name, _of_source(source)),
            _entering(source),
            [Node(stage.name, _of_stage(stage)) for stage in report.stages if stage.source == source.name],
        )
        for source in report.sources
    ]
    return Picture(lanes, [Node(sink.name, _of_sink(sink)) for sink in report.sinks])


def _planned(pipeline: PipelinePlan) -> Lane:
    use = pipeline.source
    stages = [Node(stage.id, _planned_stage(stage)) for stage in pipeline.stages]
    return Lane(Node(use.id, f"({use.type})"), f"sensors: {names(use.sensors.declared) or 'any'}", stages)


def _planned_stage(use: StageUse) -> str:
    return _joined(_kind(use.id, use.type), _selected(use.select), f"flag {use.flag}" if use.flag else "")


def _planned_sink(use: SinkUse) -> Node:
    return Node(use.id, _joined(_kind(use.id, use.type), _selected(use.select), "buffered" if use.buffer else ""))


def _of_source(source: "Source") -> str:
    state = "hangs" if source.hangs else source.state
    return _joined(f"({source.type}) {state}", plain(source.reason))


def _entering(source: "Source") -> str:
    rate = f"{source.rate:.3g} per s"
    left_out = f"left out: {counted(source.rejected)}" if source.rejected else ""
    return _joined(number(source.readings, "reading"), rate, left_out)


def _of_stage(stage: "Stage") -> str:
    if not stage.on:
        return _joined(_kind(stage.name, stage.type), f"off by flag {stage.flag}")
    dropped = f"drops: {counted(stage.dropped)}" if stage.dropped else ""
    failed = f"failed {stage.failed:,} times: {plain(stage.last_error)}" if stage.failed else ""
    cost = f"{stage.nanoseconds / 1000:.2f} µs" if stage.nanoseconds else ""
    return _joined(_kind(stage.name, stage.type), _selected(stage.select), cost, dropped, failed)


def _of_sink(sink: "Sink") -> str:
    outbox = sink.outbox
    waiting = sink.backlog + (outbox.waiting if outbox else 0)
    failing = f"cannot deliver for {length(outbox.failing_for)}" if outbox and outbox.failing_for is not None else ""
    state = sink.state if sink.state != "running" else ""
    return _joined(
        _kind(sink.name, sink.type),
        f"{sink.taken:,} taken",
        f"{waiting:,} waiting" if waiting else "",
        f"lost: {counted(sink.dropped)}" if sink.dropped else "",
        failing,
        _joined(state, plain(sink.reason)),
    )


def _kind(name: str, type: str) -> str:
    return "" if name == type else f"({type})"


def _selected(select: tuple[str, ...]) -> str:
    return f"only {', '.join(select)}" if select else ""


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))
