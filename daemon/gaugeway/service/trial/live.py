"""Tries a configuration on the real devices: opens each source for a moment, and shows what comes."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Final

from gaugeway.delivery.lock import Lock
from gaugeway.engine.build import Builder
from gaugeway.engine.pipeline import Pipeline
from gaugeway.errors import ConfigError, GaugewayError
from gaugeway.log.lines import legible
from gaugeway.plan import Plan
from gaugeway.registry import Registry
from gaugeway.service.health.phrases import plain

PATIENCE: Final = 15.0
LOOK_EVERY: Final = 0.1


class Attempt:
    """One source that is opened and read until each of its sensors has said something, or time is up.

    Nothing is acknowledged, so that a broker gives the messages to the gateway later.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.intake = pipeline.intake
        self._thread = threading.Thread(target=self._read, name=f"attempt {pipeline.name}", daemon=True)

    def start(self) -> None:
        """Open it."""
        self._thread.start()

    def stop(self) -> None:
        """Close it."""
        self.pipeline.stopping.set()

    def join(self) -> None:
        """Wait until it is closed."""
        self._thread.join(5.0)

    @property
    def missing(self) -> list[str]:
        """The sensors that are written out and have said nothing yet."""
        return [name for name in self.intake.site.sensors.names() if name not in self.intake.sensors]

    @property
    def done(self) -> bool:
        """Whether there is nothing more to wait for."""
        return not self._thread.is_alive() or (bool(self.intake.sensors) and not self.missing)

    def lines(self) -> list[str]:
        """Return what came of it."""
        status, dropped = self.intake.status, self.intake.meter.dropped
        found = [f"{self.pipeline.name}: {status.state}" + (f", {status.reason}" if status.reason else "")]
        for name, seen in sorted(self.intake.sensors.items()):
            if seen.last is not None:
                found.append(f"  {name}  {seen.last.value:g} {seen.last.unit}".rstrip())
        found += [f"  {name}  nothing yet" for name in self.missing]
        found += [f"  left out: {count} {reason}" for reason, count in dropped.items()]
        refused = legible(self.intake.refused)
        return [*found, f"  such as: {plain(str(refused))}"] if refused else found

    def _read(self) -> None:
        with suppress(GaugewayError):  # its status says what is wrong
            for _ in self.intake.bursts():
                if self.pipeline.stopping.is_set():
                    return


def try_out(plan: Plan, say: Callable[[str], object], patience: float = PATIENCE) -> bool:
    """Open every source and show the first readings; tell whether each sensor that is written out has spoken."""
    with ExitStack() as kept_out:
        if plan.storage.dir.exists():  # a gateway that runs holds the ports
            try:
                kept_out.enter_context(Lock(plan.storage.dir))
            except ConfigError:
                shown = (
                    "`gaugeway monitor` and `gaugeway health` show what comes; to try it all the same, stop it first"
                )
                raise ConfigError(f"this gateway runs, and holds its ports: {shown}") from None
        return _listen(plan, say, patience)


def _listen(plan: Plan, say: Callable[[str], object], patience: float) -> bool:
    builder = Builder(plan, Registry.discover(plan.plugin_folders))
    made = [builder.pipeline(one, [], threading.Event()) for one in plan.pipelines]
    builder.finish()
    attempts = [Attempt(pipeline) for pipeline in made if pipeline is not None]
    say(f"\nListening for {patience:.0f} s at most ...")
    for attempt in attempts:
        attempt.start()
    until = time.monotonic() + patience
    while time.monotonic() < until and not all(attempt.done for attempt in attempts):
        time.sleep(LOOK_EVERY)
    for attempt in attempts:
        attempt.stop()
    for attempt in attempts:
        attempt.join()
        say("\n".join(attempt.lines()))
    return all(attempt.intake.sensors and not attempt.missing for attempt in attempts)
