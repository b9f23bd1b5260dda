"""What the rules of a plan would have done on recorded readings, in virtual time."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gaugeway.engine.build import Builder
from gaugeway.plan import Plan
from gaugeway.reading import Reading, Tick
from gaugeway.registry import Registry
from gaugeway.service.trial.scene import Judge

STEP: Final = 5.0
AWAY: Final = 3600.0
"""When nothing at all was recorded for longer than this, the gateway was off, and no sensor is to blame."""


def raised(plan: Plan, readings: Sequence[Reading]) -> Counter[str]:
    """Count how often each rule would have raised an alarm."""
    builder = Builder(plan, Registry.discover(plan.plugin_folders))
    outlets = builder.outlets()
    builder.finish()
    found: Counter[str] = Counter()
    for outlet in outlets:
        if isinstance(outlet.sink, Judge):
            clock, now = outlet.clock, readings[0].time if readings else 0.0
            clock.live, clock.now = True, now
            for reading in readings:
                while STEP < reading.time - now < AWAY:
                    now = clock.now = now + STEP
                    found.update(_raises(outlet.sink.pass_time(Tick(now=now))))
                now = clock.now = reading.time
                found.update(_raises(outlet.sink.judge([reading])))
    return found


def _raises(events: Sequence[Mapping[str, object]]) -> Iterator[str]:
    return (str(event["alert"]) for event in events if event["event"] == "raised")
