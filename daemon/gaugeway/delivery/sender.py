"""Delivers on a thread of its own what waits in a backlog, and tries again what fails, for ever."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

from gaugeway.contain import Contained, in_words
from gaugeway.delivery.backlog import Backlog
from gaugeway.delivery.backoff import Backoff
from gaugeway.delivery.lane import Lane
from gaugeway.errors import DeviceError
from gaugeway.log import logger
from gaugeway.plan import Retry

log = logger(__name__)

BATCH: Final = 256

Deliver = Callable[[list[bytes]], int | None]
"""Returns how many of the messages have arrived, from the first on; nothing where all have."""


class Sender:
    """Hands messages to `deliver`, up to 256 at a time, in order; the next ones only when these have arrived.

    One that takes its time may return early and say how many have: those are never handed to it again.
    `DeviceError` and `OSError` mean later: the same messages are tried again, after a pause that doubles. Any other
    error is a bug in `deliver`: then the messages are tried one by one, and one that fails `retry.attempts` times is
    left out, so that it does not block all others.
    """

    def __init__(self, name: str, deliver: Deliver, backlog: Backlog, lock: threading.Lock, retry: Retry) -> None:
        self.name = name
        self.sent = 0
        self.left_out = 0
        self.failing_since: float | None = None
        self.next_try: float | None = None
        self.last_error = ""
        self.bug = ""
        self._deliver = deliver
        self._backlog = backlog
        self._lock = lock
        self._attempts = retry.attempts
        self._backoff = Backoff(retry)
        self._singly = 0
        self._bugs = 0
        self._more = threading.Event()
        self._closing = threading.Event()
        self._give_up_at = 0.0
        self._thread = threading.Thread(target=self._run, name=f"outbox {name}", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def wake(self) -> None:
        """There is something new to deliver."""
        self._more.set()

    def stop(self, within: float) -> bool:
        """Deliver for so many seconds what waits, unless that fails, and end; return whether the thread did."""
        self._give_up_at = monotonic() + within
        self._closing.set()
        self._more.set()
        if self._thread.is_alive():
            self._thread.join(within + 1.0)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            self._more.clear()
            closing = self._closing.is_set()
            seconds = self._turn()
            if closing and (seconds is None or seconds > 0 or monotonic() >= self._give_up_at):
                return
            if seconds is None and not self._closing.is_set():
                self._more.wait()
            elif seconds:
                self._pause(seconds)

    def _turn(self) -> float | None:
        """Deliver the next messages; return how long to wait after that, None for as long as there are none."""
        try:
            with self._lock:
                work = self._backlog.take(1 if self._singly else BATCH)
        except (DeviceError, OSError) as error:
            return self._later(error)
        if work is None:
            return None
        lane, messages = work
        said: object = None
        with Contained() as fault:
            said = self._deliver(messages)
            if type(said) is int and said < 1:
                raise DeviceError("none of the messages has arrived")
        with self._lock:
            if self._backlog.closed:
                return None
            if fault.error is None:
                self._arrived(lane, min(said, len(messages)) if type(said) is int else len(messages))
                return 0.0
            if isinstance(fault.error, DeviceError | OSError):
                return self._later(fault.error)
            return self._after_bug(fault.error, lane, len(messages))

    def _arrived(self, lane: Lane, count: int) -> None:
        lane.acknowledge(count)
        self.sent += count
        self._singly = max(0, self._singly - 1)
        self._bugs = 0
        self._backoff.reset()
        if self.failing_since is not None:
            log.info("delivers again", outbox=self.name, after=round(monotonic() - self.failing_since, 1))
        self.failing_since = self.next_try = None

    def _later(self, error: BaseException) -> float:
        reason = in_words(error)
        news = self.failing_since is None or reason != self.last_error
        self.last_error = reason
        self.failing_since = monotonic() if self.failing_since is None else self.failing_since
        seconds = self._backoff.next()
        self.next_try = monotonic() + seconds
        if news:  # a broker that is away for days would fill the log; `health` says how long it has been
            log.warning("cannot deliver", outbox=self.name, reason=reason, retry_in=round(seconds, 1))
        return seconds

    def _after_bug(self, error: BaseException, lane: Lane, count: int) -> float:
        """Find the message that cannot be delivered by trying one at a time, and give it up in the end."""
        if count > 1:
            log.error("delivery failed, trying one by one", outbox=self.name, reason=in_words(error), error=error)
            self._singly = count
            return self._later(error)
        self._bugs += 1
        if self._bugs < self._attempts:
            return self._later(error)
        log.error("message left out", outbox=self.name, reason=in_words(error), error=error)
        self.left_out += 1
        self.bug = in_words(error)
        self.sent -= 1
        self._arrived(lane, 1)
        return 0.0

    def _pause(self, seconds: float) -> None:
        """Wait before the next try, unless the end comes: then there is one more try at once."""
        self._closing.wait(seconds)
