"""Keeps one pipeline running on its thread: a bug stops it, and it is started again a bounded number of times."""

import math
import threading
import time
from collections import deque
from typing import Final

from gaugeway.contain import Contained, in_words
from gaugeway.delivery.backoff import Backoff
from gaugeway.engine.pipeline import Pipeline
from gaugeway.engine.wheel import Abandoned
from gaugeway.errors import ConfigError
from gaugeway.log import logger
from gaugeway.plan import Retry

log = logger(__name__)

RESTARTS: Final = 3
PAUSES: Final = Retry(first=1.0)
WITHIN: Final = 600.0
TICK: Final = 1.0
LEFT_BEHIND: Final = 3
"""So many threads of one pipeline may hang at once; they cost memory, and what they hang in is not to be trusted."""


class Supervisor:
    """One pipeline and its thread. Devices that fail are the pipeline's own business; this is about bugs."""

    def __init__(self, pipeline: Pipeline, *, restarts: int = RESTARTS, retry: Retry = PAUSES) -> None:
        self.pipeline = pipeline
        self.restarts = 0
        self._allowed = restarts
        self._backoff = Backoff(retry)
        self._times: deque[float] = deque(maxlen=restarts + 1)
        self._left_behind: list[threading.Thread] = []
        self._thread = self._new_thread()

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
        """Whether its pipeline is at work, or will be again."""
        return self._thread.is_alive() and self.pipeline.status.state != "failed"

    @property
    def left_behind(self) -> int:
        """How many threads that hung before it still hang."""
        return sum(thread.is_alive() for thread in self._left_behind)

    def leave_behind(self) -> None:
        """Have a thread that does not end, because it hangs in its source, end when it ever comes back from there."""
        self.pipeline.wheel.snatch()
        log.error("source does not end, its thread is left behind", source=self.pipeline.name)

    def replace_thread(self) -> bool:
        """Let another thread drive the pipeline, if this one hangs in its source; tell whether it does now.

        The old thread is left behind: should it ever come back, it ends before it has touched anything.
        """
        if self.left_behind >= LEFT_BEHIND or not self.pipeline.wheel.snatch():
            return False
        self._thread.name += " (left behind)"
        self._left_behind = [thread for thread in self._left_behind if thread.is_alive()] + [self._thread]
        self._thread = self._new_thread()
        self.restarts += 1
        self._thread.start()
        return True

    def _new_thread(self) -> threading.Thread:
        return threading.Thread(target=self._run, name=f"pipeline {self.pipeline.name}", daemon=True)

    def _run(self) -> None:
        try:
            self._keep_running()
        except Abandoned:
            log.info("a thread that was left behind has ended", source=self.pipeline.name)
        finally:
            drives = threading.current_thread() is self._thread
            if drives and self.pipeline.status.state == "running":  # it was ended by what is not caught anywhere
                self.pipeline.status.become("failed", "its thread was ended")

    def _keep_running(self) -> None:
        pipeline = self.pipeline
        while not pipeline.stopping.is_set():
            with Contained() as fault:
                pipeline.run()
                self._wait_for_sinks()
                return
            error = fault.error or RuntimeError("ended in an unknown way")
            mended_by_operator = isinstance(error, ConfigError)
            bug = None if mended_by_operator else error
            log.error("pipeline failed", source=pipeline.name, reason=in_words(error), error=bug)
            if mended_by_operator or not self._may_restart():
                pipeline.status.become("failed", in_words(error))
                self._let_time_pass(math.inf)
                return
            seconds = self._backoff.next()
            pipeline.status.become("waiting", in_words(error), retry_in=seconds)
            self._let_time_pass(seconds)

    def _let_time_pass(self, seconds: float) -> None:
        """Wait, and tell the sinks that time passes: the sensors of a pipeline that stands still are silent."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self.pipeline.stopping.wait(min(left, TICK)):
            with Contained() as fault:
                self.pipeline.let_time_pass()
            if fault.error is not None:
                log.warning("a sink cannot be told the time", source=self.pipeline.name, reason=in_words(fault.error))

    def _wait_for_sinks(self) -> None:
        """Let a source that has ended be over only when the sinks have taken what it gave; a stop ends the waiting."""
        pipeline = self.pipeline
        while any(outlet.behind for outlet in pipeline.outlets) and not pipeline.stopping.wait(TICK):
            pipeline.let_time_pass()

    def _may_restart(self) -> bool:
        """Count one more failure; too many in a short time are final."""
        now = self.pipeline.intake.time.now()
        self._times.append(now)
        self.restarts += 1
        return len(self._times) <= self._allowed or now - self._times[0] > WITHIN
