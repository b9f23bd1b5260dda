"""Keeps one pipeline running on its thread: a bug stops it, and it is started again a bounded number of times."""

import threading
from collections import deque
from typing import Final

from gaugeway.contain import Contained, in_words
from gaugeway.delivery.backoff import Backoff
from gaugeway.engine.pipeline import Pipeline
from gaugeway.errors import ConfigError
from gaugeway.log import logger
from gaugeway.plan import Retry

log = logger(__name__)

RESTARTS: Final = 3
PAUSES: Final = Retry(first=1.0)
WITHIN: Final = 600.0


class Supervisor:
    """One pipeline and its thread. Devices that fail are the pipeline's own business; this is about bugs."""

    def __init__(self, pipeline: Pipeline, *, restarts: int = RESTARTS, retry: Retry = PAUSES) -> None:
        self.pipeline = pipeline
        self.restarts = 0
        self._allowed = restarts
        self._backoff = Backoff(retry)
        self._times: deque[float] = deque(maxlen=restarts + 1)
        self._thread = threading.Thread(target=self._keep_running, name=f"pipeline {pipeline.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end at the next moment between two bursts."""
        self.pipeline.stopping.set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until it has ended; tell whether it has. One that was never started has."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Whether its thread is at work."""
        return self._thread.is_alive()

    def _keep_running(self) -> None:
        pipeline = self.pipeline
        while not pipeline.stopping.is_set():
            with Contained() as fault:
                pipeline.run()
                return
            error = fault.error or RuntimeError("ended in an unknown way")
            log.error("pipeline failed", source=pipeline.name, reason=in_words(error), error=error)
            if isinstance(error, ConfigError) or not self._may_restart():
                pipeline.status.become("failed", in_words(error))
                return
            seconds = self._backoff.next()
            pipeline.status.become("waiting", in_words(error), retry_in=seconds)
            pipeline.stopping.wait(seconds)

    def _may_restart(self) -> bool:
        """Count one more failure; too many in a short time are final."""
        now = self.pipeline.intake.time.now()
        self._times.append(now)
        self.restarts += 1
        return len(self._times) <= self._allowed or now - self._times[0] > WITHIN
