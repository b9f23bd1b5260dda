"""What a configuration will cost at the worst, as far as that can be known from it alone."""

from collections.abc import Iterator
from typing import Final

import msgspec

from gaugeway.config.cost.flow import DAY, Flow
from gaugeway.config.cost.traffic import events
from gaugeway.config.text.amounts import size_words
from gaugeway.plan import Plan, StageUse
from gaugeway.sensor import chosen

INTERPRETER: Final = 30_000_000
PER_PIPELINE: Final = 400_000
PER_SENSOR: Final = 2_000
PER_STATE: Final = 400
PER_VALUE: Final = 40
PAGE: Final = 4096
CHECKPOINT_PAGES: Final = 4
MESSAGE: Final = 500
CPU_SECONDS: Final = 20e-6
"""What one reading takes on one core of a Raspberry Pi 4, four times of what was measured on a PC."""

AT_REST: Final = 0.8
"""Percent of such a core that goes on waiting, watching and being well, with nothing to read; measured likewise."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """The figures; what they rest on stands in `assumed`."""

    sensors: int
    readings_per_day: int
    memory: int
    written_per_day: int
    syncs_per_day: int
    messages_per_day: int
    bus_duty: dict[str, float]
    cpu_percent: float
    assumed: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield the figures as lines for people."""
        yield f"sensors            {self.sensors}"
        yield f"readings           {self.readings_per_day:,} a day"
        yield f"memory             {size_words(self.memory)} at most"
        yield f"written to disk    {size_words(self.written_per_day)} a day, in {self.syncs_per_day:,} syncs"
        yield f"messages sent      {self.messages_per_day:,} a day at most"
        yield f"CPU                {self.cpu_percent:.2g} % of a core of a Raspberry Pi 4"
        for source, duty in self.bus_duty.items():
            yield f"bus of {source:12}{duty:.3g} % busy"
        yield from (f"assumed: {sentence}" for sentence in self.assumed)

    def exceeding(self, plan: Plan) -> Iterator[tuple[str, str]]:
        """Yield the limits of a plan that it may exceed, each with a sentence."""
        limits = plan.limits
        if limits.memory is not None and self.memory > limits.memory:
            yield "memory", f"this may need {size_words(self.memory)}"
        if limits.written_per_day is not None and self.written_per_day > limits.written_per_day:
            yield "written_per_day", f"this may write {size_words(self.written_per_day)} a day"
        for key, limit, cost in (
            ("syncs_per_day", limits.syncs_per_day, self.syncs_per_day),
            ("messages_per_day", limits.messages_per_day, self.messages_per_day),
        ):
            if limit is not None and cost > limit:
                yield key, f"there may be {cost:,} a day"
        for source, duty in self.bus_duty.items():
            if limits.bus_duty is not None and duty > limits.bus_duty:
                yield "bus_duty", f"the bus of '{source}' may be {duty:.3g} % busy"


def cost(plan: Plan) -> Cost:
    """Add up what a plan costs."""
    flows = [Flow(pipeline) for pipeline in plan.pipelines]
    readings, messages = sum(flow.readings for flow in flows), _messages(plan, flows)
    open_ended = any(flow.open_ended for flow in flows)
    sensors = plan.max_sensors if open_ended else sum(len(flow.names) for flow in flows)
    assumed = [sentence for flow in flows for sentence in flow.assumed()]
    if open_ended:
        assumed.append(f"no more than the {plan.max_sensors} sensors of limits.max_sensors")
    if plan.rules and messages:
        assumed.append("every reading crosses the limits of alarms: `for`, `clear_for` and `limit` let fewer out")
    return Cost(
        sensors=sensors,
        readings_per_day=round(readings),
        memory=_memory(plan, flows, sensors),
        written_per_day=round(_written(plan, flows, sensors) + messages * MESSAGE),
        syncs_per_day=round(_syncs(plan, flows)),
        messages_per_day=round(messages),
        bus_duty={flow.id: duty for flow in flows if (duty := flow.duty()) is not None},
        cpu_percent=AT_REST + 100 * readings / DAY * CPU_SECONDS,
        assumed=tuple(assumed),
    )


def _memory(plan: Plan, flows: list[Flow], sensors: int) -> int:
    stages = max((len(flow.pipeline.stages) for flow in flows), default=0)
    values = sum(_window(stage, flow) for flow in flows for stage in flow.pipeline.stages)
    mean_values = values / max(1, sum(len(flow.names) for flow in flows))
    per_sensor = PER_SENSOR + stages * PER_STATE + mean_values * PER_VALUE
    return round(INTERPRETER + len(plan.pipelines) * PER_PIPELINE + sensors * per_sensor)


def _window(stage: StageUse, flow: Flow) -> float:
    """Return how many values a stage keeps for the sensors of a pipeline, which options called `last` say."""
    last = stage.options.get("last", 0)
    sensors = flow.pipeline.source.sensors
    applies = sum(chosen(stage.select, name, sensors.find(name)) for name in flow.names)
    if isinstance(last, float):
        last = last / flow.period
    return min(last, 100_000) * applies if isinstance(last, int | float) else 0.0


def _written(plan: Plan, flows: list[Flow], sensors: int) -> float:
    """Return the bytes of journals, checkpoints and files."""
    checkpoints = _checkpoints(plan, flows)
    state = sensors * sum(1 for flow in flows for _ in flow.pipeline.stages) / max(1, len(flows)) * 60
    total = checkpoints * 2 * (CHECKPOINT_PAGES * PAGE + state)
    if plan.storage.journal:
        total += sum(flow.bytes(journal=True) for flow in flows) + _journal_syncs(plan, flows) * PAGE
    files = sum("path" in sink.options for sink in plan.sinks)
    total += files * (sum(flow.bytes(journal=False) for flow in flows) + checkpoints * PAGE)
    return total


def _syncs(plan: Plan, flows: list[Flow]) -> float:
    files = sum("path" in sink.options for sink in plan.sinks)
    return _checkpoints(plan, flows) * (1 + files) + _journal_syncs(plan, flows)


def _checkpoints(plan: Plan, flows: list[Flow]) -> float:
    """Return how many there are at the most, each reading being a record of its own."""
    return DAY / plan.storage.apart(sum(flow.readings for flow in flows) / DAY)


def _journal_syncs(plan: Plan, flows: list[Flow]) -> float:
    if not plan.storage.journal:
        return 0.0
    return sum(DAY / max(plan.storage.sync_every, flow.period / len(flow.names)) for flow in flows)


def _messages(plan: Plan, flows: list[Flow]) -> float:
    """Return the messages of all sinks that send some: readings if they publish them, and the events of alarms."""
    total = 0.0
    for sink in plan.sinks:
        total += events(plan, sink, flows)
        total += sum(flow.readings for flow in flows) if sink.options.get("readings") is not None else 0
    return total
