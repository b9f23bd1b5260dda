"""Watches that every pipeline makes progress, and feeds systemd's watchdog for as long as that is so."""

import time
from collections.abc import Iterable
from typing import Final

from gaugeway.engine.pipeline import Pipeline
from gaugeway.log import logger
from gaugeway.service.gateway import Gateway
from gaugeway.service.health.stacks import where
from gaugeway.service.notify import Notifier
from gaugeway.service.supervisor import Supervisor

log = logger(__name__)

PATIENCE: Final = 60.0
"""A source ticks at least once a second; the disk or the name service of a bad day may hold it up for longer."""
FEEDINGS: Final = 4


class Watchdog:
    """Looks at the pipelines of a gateway, again and again, on the thread that also starts and stops them.

    A pipeline that hangs in its source gets another thread; all others go on untouched. Where that cannot be done or
    does not help, systemd is no longer told that all is well, and restarts the whole.
    """

    def __init__(self, gateway: Gateway, notifier: Notifier) -> None:
        self.gateway = gateway
        self._notifier = notifier
        self._patience = min(PATIENCE, (notifier.watchdog or 2 * PATIENCE) / 2)
        self._every = self._patience / FEEDINGS
        self._looked_at = 0.0
        self.looks = 0
        self.lost: set[str] = set()
        """The pipelines that hang and cannot be helped."""

    def look(self) -> None:
        """Find what hangs and do what can be done about it; costs nothing when it was done a moment ago."""
        now = time.monotonic()
        if now - self._looked_at < self._every:
            return
        self._looked_at = now
        self.looks += 1
        lost = {name for name, supervisor in self.gateway.supervisors.items() if not self._moves(supervisor, now)}
        self._say(lost - self.lost)
        self.lost = lost
        if not lost:
            self._notifier.alive()

    def _moves(self, supervisor: Supervisor, now: float) -> bool:
        """Tell whether a pipeline makes progress, or will do so with the other thread that it gets here."""
        pipeline = supervisor.pipeline
        if not supervisor.alive or pipeline.status.state != "running":
            return True  # it has ended or waits to be restarted after a bug: that is somebody else's business
        if now - pipeline.moved_at > self._patience:
            return self._other_thread(supervisor, now)
        return not (supervisor.left_behind and self._in_vain(pipeline))

    def _other_thread(self, supervisor: Supervisor, now: float) -> bool:
        name, place = supervisor.pipeline.name, where(f"pipeline {supervisor.pipeline.name}")
        silent = round(now - supervisor.pipeline.moved_at, 1)
        if not supervisor.replace_thread():
            return False
        log.error("source hangs and is opened again on another thread", source=name, silent_for=silent, where=place)
        return True

    def _in_vain(self, pipeline: Pipeline) -> bool:
        """Tell whether another thread did not help: what still hangs may hold the very device that is to be opened."""
        status = pipeline.intake.status
        return status.state == "waiting" and time.time() - status.since > self._patience

    def _say(self, lost: Iterable[str]) -> None:
        end = "systemd will restart the gateway" if self._notifier.watchdog else "only a restart can help"
        for name in lost:
            log.error(f"pipeline hangs, {end}", source=name, where=where(f"pipeline {name}"))
