"""What one thread hands another to do: the work, and the bell that wakes the worker."""

import os
import queue
import select
import threading
from collections.abc import Sequence

from gaugeway.errors import DeviceError
from gaugeway.mqtt.message import Message


class Job:
    """Messages that somebody waits for to be published, and others that go with them, whatever becomes of those."""

    def __init__(self, messages: Sequence[Message], along: Sequence[Message] = ()) -> None:
        self.messages = messages
        self.along = along
        self.along_too = False
        """Whether the broker has taken those that went along."""
        self._outcome: queue.SimpleQueue[DeviceError | None] = queue.SimpleQueue()

    def end(self, error: DeviceError | None = None) -> None:
        """Let go of whoever waits."""
        self._outcome.put(error)

    def wait(self, worker: threading.Thread) -> None:
        """Wait for the end; raise what went wrong."""
        while True:
            try:
                error = self._outcome.get(timeout=1.0)
            except queue.Empty:
                if worker.is_alive() or not self._outcome.empty():
                    continue
                error = DeviceError("the connection was closed before the messages were published")
            if error is not None:
                raise error
            return


class Bell:
    """Wakes a thread that waits in a poll."""

    def __init__(self) -> None:
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def ring(self) -> None:
        """Wake who waits, or who will wait next."""
        os.eventfd_write(self.fd, 1)

    def hush(self) -> None:
        """Be silent until it is rung again."""
        try:
            os.eventfd_read(self.fd)
        except BlockingIOError:  # it was silent
            return

    def wait(self, seconds: float) -> bool:
        """Wait until it is rung, no longer than this."""
        return bool(select.select([self.fd], [], [], seconds)[0])

    def close(self) -> None:
        """Take it down."""
        os.close(self.fd)
