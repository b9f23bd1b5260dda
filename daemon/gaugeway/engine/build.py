"""From a plan to the objects that do the work. Nothing is opened here."""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import cast

import msgspec

from gaugeway.card import Role
from gaugeway.contain import Contained, in_words
from gaugeway.contract import Sink, Source
from gaugeway.engine.audience import Audience
from gaugeway.engine.behaviours import Behaviour
from gaugeway.engine.buffered import Buffered
from gaugeway.engine.chain import Chain, Stage
from gaugeway.engine.flags import Flags
from gaugeway.engine.intake import Intake
from gaugeway.engine.outlet import Outlet, as_sink
from gaugeway.engine.pipeline import Pipeline
from gaugeway.errors import ConfigError, PluginError, Problem
from gaugeway.plan import PipelinePlan, Plan, SinkUse, SourceUse, StageUse, Use
from gaugeway.plugin import METHOD
from gaugeway.registry import Registry
from gaugeway.sensor import Sensor, Sensors
from gaugeway.site import Clock, Site


class Builder:
    """Makes plugins and joins them; collects what their constructors have to say against the configuration."""

    def __init__(self, plan: Plan, registry: Registry, flags: Flags | None = None) -> None:
        self.plan = plan
        self.registry = registry
        self.flags = flags or Flags(plan.flags)
        self.problems: list[Problem] = []
        self._shared: dict[str, object] = {}

    def outlets(self) -> list[Outlet]:
        """Return every sink in its place, before them those that some of them come after."""
        everything = _all_sensors(self.plan)
        made = [self._outlet(use, self._site(use.id, everything, Clock(), use.select)) for use in self.plan.sinks]
        outlets = [outlet for outlet in made if outlet is not None]
        first = {id(sink): sink for outlet in outlets if (sink := outlet.predecessor) is not None}
        return [*map(_in_front, first.values()), *outlets]

    def pipeline(self, plan: PipelinePlan, outlets: Sequence[Outlet], stopping: threading.Event) -> Pipeline | None:
        """Return one pipeline, not started; None where its source cannot be made."""
        use = plan.source
        source = self._make("source", use, site := self._site(use.id, use.sensors, Clock(pipeline=use.id)))
        stages = self.stages(plan, site)
        if source is None:
            return None
        source = self._with_behaviours("source", source, use, site)
        site.clock.live = bool(getattr(source, "live", True))
        chain = Chain(stages, site, enabled=self.flags.enabled)
        intake = Intake(
            use,
            cast("Source", source),
            site,
            chain.intake,
            stopping=stopping,
            max_sensors=self.plan.max_sensors,
        )
        pipeline = Pipeline(use.id, intake, chain, outlets, stopping)
        self.flags.listen(pipeline.recompose)
        return pipeline

    def stages(self, plan: PipelinePlan, site: Site) -> list[Stage]:
        """Return the stages of a pipeline, for the start or for an exchange while it runs."""
        return [stage for use in plan.stages if (stage := self._stage(use, site)) is not None]

    def finish(self) -> None:
        """Raise all that was found wrong, together."""
        if self.problems:
            raise ConfigError(self.problems)

    def _stage(self, use: StageUse, site: Site) -> Stage | None:
        made = self._make("stage", use, site)
        return None if made is None else Stage(use, self._with_behaviours("stage", made, use, site))

    def _outlet(self, use: SinkUse, site: Site) -> Outlet | None:
        made = self._make("sink", use, site)
        if made is None:
            return None
        sink = as_sink(self._with_behaviours("sink", made, use, site))
        if use.buffer is not None and not hasattr(sink, "deliver"):
            sink = Buffered(sink)
        outlet = Outlet(use, sink, clock=site.clock)
        outlet.audience = Audience(use.select, [pipeline.source.sensors for pipeline in self.plan.pipelines])
        return outlet

    def _with_behaviours(self, role: Role, made: object, around: Use, site: Site) -> object:
        for use in around.behaviours:
            behaviour = self._make("behaviour", use, site)
            if isinstance(behaviour, Behaviour):
                with self._faults_noted("behaviour", use):
                    made = behaviour.wrap(made, around.id)
                    if not callable(getattr(made, METHOD[role], None)):
                        raise PluginError(f"what it returns lacks the method {METHOD[role]}()")
        return made

    def _make(self, role: Role, use: Use, site: Site) -> object | None:
        plugin = self.registry.find(role, use.type)
        if plugin is None:
            self.problems.append(Problem(f"there is no {role} called '{use.type}'", use.place))
            return None
        options = dict(use.options)
        with self._faults_noted(role, use):
            if plugin.wants_site:
                options["site"] = site
            if isinstance(use, SourceUse) and "sensors" in plugin.options:
                options["sensors"] = use.sensors
            return plugin.make(**options)
        return None

    @contextmanager
    def _faults_noted(self, role: Role, use: Use) -> Generator[None]:
        """Note what a constructor raises at the place where the plugin is used."""
        with Contained() as fault:
            yield
        error = fault.error
        if isinstance(error, ConfigError):
            for problem in error.problems:
                self.problems.append(problem if problem.place else msgspec.structs.replace(problem, place=use.place))
        elif error is not None:
            words = str(error) if isinstance(error, PluginError) else in_words(error)
            self.problems.append(Problem(f"{role} '{use.id}' cannot be made: {words}", use.place))

    def _site(self, name: str, sensors: Sensors[Sensor], clock: Clock, select: tuple[str, ...] = ()) -> Site:
        return Site(
            node=self.plan.node,
            name=name,
            folder=self.plan.file.parent,
            storage=self.plan.storage.dir,
            sensors=sensors,
            rules=self.plan.rules,
            clock=clock,
            pipelines=tuple(pipeline.source.id for pipeline in self.plan.pipelines),
            select=select,
            shared=self._shared,
        )


def _in_front(sink: Sink) -> Outlet:
    """Return the place of a sink that stands in no configuration, because others brought it."""
    name, clock = str(getattr(sink, "name", type(sink).__name__)), getattr(sink, "clock", None)
    return Outlet(SinkUse(type=name, id=name), sink, clock=clock if isinstance(clock, Clock) else None)


def _all_sensors(plan: Plan) -> Sensors[Sensor]:
    together: dict[str, Sensor] = {}
    for pipeline in plan.pipelines:
        for name, sensor in pipeline.source.sensors.declared.items():
            together.setdefault(name, sensor)
    return Sensors(together)
