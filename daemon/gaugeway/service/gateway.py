"""The whole gateway: every pipeline and sink of a plan, started, watched, changed and stopped together."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, nullcontext
from typing import Final

from gaugeway.card import Role
from gaugeway.engine.build import Builder
from gaugeway.engine.flags import Flags
from gaugeway.engine.outlet import Outlet
from gaugeway.engine.pipeline import Pipeline
from gaugeway.engine.turn import all_paused
from gaugeway.log import logger
from gaugeway.plan import Plan, Use
from gaugeway.registry import Registry
from gaugeway.service.checkpoints import Checkpoints
from gaugeway.service.storage import Storage
from gaugeway.service.supervisor import Supervisor

log = logger(__name__)

PATIENCE: Final = 10.0


class Gateway:
    """Built from a plan without opening anything; `start` opens, `stop` brings everything to disk and closes."""

    def __init__(self, plan: Plan, registry: Registry) -> None:
        self.plan = plan
        self.registry = registry
        self.flags = Flags(plan.flags)
        self.checkpoints: Checkpoints | None = None
        builder = Builder(plan, registry, self.flags)
        self.outlets = builder.outlets()
        self.supervisors = {
            pipeline.name: Supervisor(pipeline)
            for one in plan.pipelines
            if (pipeline := builder.pipeline(one, self.outlets, threading.Event())) is not None
        }
        builder.finish()

    @property
    def pipelines(self) -> list[Pipeline]:
        """The pipelines in the order of the configuration."""
        return [supervisor.pipeline for supervisor in self.supervisors.values()]

    def start(self) -> None:
        """Open the state folder, go back to the last checkpoint, and start every pipeline from there."""
        with ExitStack() as undone:
            storage = undone.enter_context(closing(Storage(self.plan.storage)))
            checkpoints = Checkpoints(storage, lambda: (self.pipelines, self.outlets))
            for outlet in self.outlets:
                undone.callback(outlet.close)
                checkpoints.open_outlet(outlet)
            for pipeline in self.pipelines:
                checkpoints.open_pipeline(pipeline)
                undone.callback(pipeline.recorder.close)
            undone.pop_all()  # from here on it is `stop` that closes
        self.checkpoints = checkpoints
        checkpoints.start()
        for supervisor in self.supervisors.values():
            supervisor.start()
        log.info("started", node=self.plan.node, sources=len(self.supervisors), sinks=len(self.plan.sinks))

    @property
    def alive(self) -> bool:
        """Whether any pipeline is still at work."""
        return any(supervisor.alive for supervisor in self.supervisors.values())

    @property
    def failed(self) -> bool:
        """Whether a pipeline has given up."""
        return any(pipeline.status.state == "failed" for pipeline in self.pipelines)

    def stop(self, patience: float = PATIENCE) -> bool:
        """Stop between two bursts, flush and close everything; tell whether all ended in time."""
        ended = self._end(list(self.supervisors), patience)
        if self.checkpoints is not None:
            self.checkpoints.end(last=ended)
        for outlet in self.outlets:
            outlet.close()
        if self.checkpoints is not None:
            self.checkpoints.close(self.pipelines)
        log.info("stopped", node=self.plan.node)
        return ended

    def reload(self, plan: Plan, registry: Registry) -> None:
        """Go over to another plan. All of it is built before anything changes; an error leaves the old one running."""
        coming = Gateway(plan, registry)
        with self.checkpoints.put_off() if self.checkpoints is not None else nullcontext():
            self._go_over_to(coming)

    def _go_over_to(self, coming: "Gateway") -> None:
        coming.outlets = self._with_the_unchanged(coming)
        leaving, staying = self._sort(coming)
        self._end(leaving, PATIENCE)
        if self.checkpoints is not None:
            coming.checkpoints = self.checkpoints
            self.checkpoints.take()
            self.checkpoints.let_go(self.supervisors[name].pipeline for name in leaving)
        with all_paused(self.supervisors[name].pipeline.turn for name in staying):
            self._hand_state_on(coming.outlets)
            for name in staying:
                pipeline, stages = self.supervisors[name].pipeline, coming.supervisors[name].pipeline.chain.stages
                pipeline.exchange(stages, coming.outlets, self._sameness("stage", coming))
                pipeline.chain.enabled = coming.flags.enabled
                coming.flags.listen(pipeline.recompose)
        self._become(coming, staying)
        if self.checkpoints is not None:
            self.checkpoints.take()  # a crash leads back to what there is now, not to what there was
        log.info("reloaded", node=self.plan.node, kept=len(staying), ended=len(leaving), sources=len(self.supervisors))

    def _with_the_unchanged(self, coming: "Gateway") -> list[Outlet]:
        """Return the sinks of the coming gateway; one that has not changed stays the same object."""
        held = {outlet.use.id: outlet for outlet in self.outlets}
        same_site = _site(coming.plan) == _site(self.plan)
        stay = {name for name, before in held.items() if self._stays(before, coming, same_site=same_site)}
        for together in (_sharing(self.outlets), _sharing(coming.outlets)):
            stay -= set() if together <= stay else together
        result: list[Outlet] = []
        for outlet in coming.outlets:
            if outlet.use.id in stay:
                held[outlet.use.id].go_on_as(outlet.use, outlet.audience)
            result.append(held[outlet.use.id] if outlet.use.id in stay else outlet)
        for pipeline in coming.pipelines:
            pipeline.outlets = result
        return result

    def _stays(self, before: Outlet, coming: "Gateway", *, same_site: bool) -> bool:
        """Tell whether a sink is what it would be if it were made anew."""
        after = next((outlet for outlet in coming.outlets if outlet.use.id == before.use.id), None)
        if after is None or not self._sameness("sink", coming)(before.use, after.use):
            return False
        plugin = self.registry.find("sink", before.use.type)
        knows_the_site = plugin is None or plugin.wants_site
        return not knows_the_site or (same_site and before.use.select == after.use.select)

    def _sameness(self, role: Role, coming: "Gateway") -> Callable[[Use, Use], bool]:
        """Return what tells whether two uses lead to the same object, made by code that has not changed either."""

        def same(before: Use, after: Use) -> bool:
            made_of: list[tuple[Role, str]] = [
                (role, after.type),
                *(("behaviour", use.type) for use in after.behaviours),
            ]
            return before.makes_the_same(after) and all(
                _code(self.registry, *part) is _code(coming.registry, *part) for part in made_of
            )

        return same

    def _sort(self, coming: "Gateway") -> tuple[list[str], list[str]]:
        """Tell which pipelines end (gone, or their source has changed) and which stay.

        A file that was read to its end stays as it is: to begin it again would double it.
        """
        same_source = self._sameness("source", coming)
        sources = {one.source.id: one.source for one in coming.plan.pipelines}
        leaving: list[str] = []
        staying: list[str] = []
        for name, supervisor in self.supervisors.items():
            before, after = supervisor.pipeline.intake.use, sources.get(name)
            same = after is not None and same_source(before, after) and before.sensors == after.sensors
            same = same and (supervisor.alive or supervisor.pipeline.status.state == "ended")
            (staying if same else leaving).append(name)
        return leaving, staying

    def _end(self, names: Sequence[str], patience: float) -> bool:
        """Stop some pipelines; tell whether all ended in time. Who hangs in its source touches no sink later."""
        for name in names:
            self.supervisors[name].stop()
        until = time.monotonic() + patience
        late = [name for name in names if not self.supervisors[name].join(max(0.0, until - time.monotonic()))]
        for name in late:
            self.supervisors[name].leave_behind()
        return not late

    def _hand_state_on(self, outlets: Sequence[Outlet]) -> None:
        """Close the sinks that go, and give their state to those of the same name that come."""
        held = {outlet.use.id: outlet for outlet in self.outlets}
        for outlet in outlets:
            before = held.pop(outlet.use.id, None)
            if before is outlet:
                continue
            if before is not None:
                before.give_way_to(outlet)
            if self.checkpoints is not None:
                self.checkpoints.open_outbox(outlet)
        for gone in held.values():
            gone.close()

    def _become(self, coming: "Gateway", staying: Sequence[str]) -> None:
        """Take over what the coming gateway is made of, and start what is new in it."""
        old = self.supervisors
        self.plan, self.registry, self.flags, self.outlets = coming.plan, coming.registry, coming.flags, coming.outlets
        self.supervisors = {
            name: old[name] if name in staying else supervisor for name, supervisor in coming.supervisors.items()
        }
        for name, supervisor in self.supervisors.items():
            if name not in staying:
                if self.checkpoints is not None:
                    self.checkpoints.open_pipeline(supervisor.pipeline)
                supervisor.start()


def _site(plan: Plan) -> object:
    """Return what sinks may know of the gateway: one that does is another when this is."""
    sources = [(pipeline.source.id, pipeline.source.sensors) for pipeline in plan.pipelines]
    return plan.node, plan.rules, sources


def _sharing(outlets: Sequence[Outlet]) -> set[str]:
    """Return the sinks that come after another one, and that one: they are made together."""
    first = [outlet.predecessor for outlet in outlets]
    return {
        outlet.use.id
        for outlet in outlets
        if outlet.predecessor is not None or any(outlet.sink is sink for sink in first)
    }


def _code(registry: Registry, role: Role, name: str) -> object:
    """Return the class or function of a plugin; a drop-in file has another one only once it has changed."""
    plugin = registry.find(role, name)
    return None if plugin is None else plugin.target
