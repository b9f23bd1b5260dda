"""The tests that a configuration carries: readings in, expected readings and alarms out, in virtual time."""

import threading
from collections.abc import Iterator, Sequence

import msgspec

from gaugeway.engine.build import Builder
from gaugeway.errors import ConfigError
from gaugeway.plan import Plan
from gaugeway.registry import Registry
from gaugeway.service.trial.case import Case, expected, seconds
from gaugeway.service.trial.scene import Scene
from gaugeway.service.trial.seen import Seen, in_order, is_silence


class Verdict(msgspec.Struct, frozen=True):
    """How one test went; `missing` and `surplus` are empty when it passed."""

    name: str
    missing: Sequence[str] = ()
    surplus: Sequence[str] = ()
    seen: Sequence[str] = ()

    @property
    def passed(self) -> bool:
        """Whether all that was expected came, and nothing that was not."""
        return not self.missing and not self.surplus


class Trial:
    """Runs each test on a gateway made for it alone: no source, file, network or clock has a part in it.

    The events of alarms have to be exactly those listed, in their order; `expect: []` says that there are none. That a
    sensor falls silent or speaks again is told only of what the test names, for most sensors are silent in it. Of the
    readings, those listed have to be among those that come out or are dropped, in their order.
    """

    def __init__(self, plan: Plan, registry: Registry) -> None:
        self.plan = plan
        self.registry = registry

    def run(self) -> Iterator[Verdict]:
        """Yield a verdict for each test."""
        for name, raw in self.plan.tests.items():
            try:
                case = msgspec.convert(raw, Case)
            except msgspec.ValidationError as error:
                raise ConfigError(f"the test '{name}' cannot be understood: {error}") from None
            yield self._judge(name, case)

    def _judge(self, name: str, case: Case) -> Verdict:
        seen = list(self._play(name, case))
        wanted = [expected(name, one) for one in case.expect]
        events = [one for one in seen if "alert" in one.facts]
        readings = [one for one in seen if "alert" not in one.facts]
        missing, _ = in_order([one for one in wanted if "alert" not in one.facts], readings)
        more_missing, met_events = in_order([one for one in wanted if "alert" in one.facts], events)
        surplus = [str(one) for one in events if not is_silence(one) and not any(one is it for it in met_events)]
        return Verdict(name, [*missing, *more_missing], surplus, [str(one) for one in seen])

    def _play(self, name: str, case: Case) -> Iterator[Seen]:
        builder = Builder(self.plan, self.registry)
        outlets = builder.outlets()
        made = [builder.pipeline(one, outlets, threading.Event()) for one in self.plan.pipelines]
        builder.finish()
        scene = Scene([pipeline for pipeline in made if pipeline is not None], [outlet.sink for outlet in outlets])
        now = 0.0
        for given in case.readings:
            at = seconds(name, given.at)
            yield from scene.wait(now, at)
            now = max(now, at)
            if given.sensor is not None:
                yield from scene.say(name, given, now)
