"""Puts an outbox before a sink that knows nothing of one."""

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

import msgspec

from gaugeway.contract import Sink
from gaugeway.reading import Reading

ENCODER: Final = msgspec.json.Encoder()
DECODER: Final = msgspec.json.Decoder(Reading)


class Buffered:
    """Takes readings as messages in the pipeline's thread, and hands them to the sink on the sender's.

    The sink is never called by both at once, and no pipeline waits while it is handed something.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._called = threading.Lock()
        self._owed: Callable[[], None] | None = None
        for name in ("flush", "close"):
            if hasattr(sink, name):
                setattr(self, name, partial(self._between, getattr(sink, name)))

    def consume(self, stream: Iterable[Reading]) -> Sequence[bytes]:
        """Return each reading as a message for the outbox."""
        return [ENCODER.encode(reading) for reading in stream]

    def deliver(self, messages: Sequence[bytes]) -> None:
        """Hand the sink the readings of these messages; what had to wait for the last ones comes before them."""
        with self._called:
            if self._owed is not None:
                self._owed()
                self._owed = None
            self._sink.consume([DECODER.decode(message) for message in messages])

    def _between(self, call: Callable[[], None]) -> None:
        """Call into the sink now, or, while it is handed something, before it is handed more.

        A sink that never comes back from that keeps what it has open: to close it would pull it from under its feet.
        """
        if not self._called.acquire(blocking=False):
            self._owed = call
            return
        try:
            call()
        finally:
            self._called.release()
