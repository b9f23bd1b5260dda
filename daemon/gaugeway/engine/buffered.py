"""Puts an outbox before a sink that knows nothing of one."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from gaugeway.contract import Sink
from gaugeway.reading import Reading

ENCODER: Final = msgspec.json.Encoder()
DECODER: Final = msgspec.json.Decoder(Reading)


class Buffered:
    """Takes readings as messages in the pipeline's thread, and hands them to the sink on the sender's."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        for name in ("flush", "close"):
            if hasattr(sink, name):
                setattr(self, name, getattr(sink, name))

    def consume(self, stream: Iterable[Reading]) -> Sequence[bytes]:
        """Return each reading as a message for the outbox."""
        return [ENCODER.encode(reading) for reading in stream]

    def deliver(self, messages: Sequence[bytes]) -> None:
        """Hand the sink the readings of these messages."""
        self._sink.consume([DECODER.decode(message) for message in messages])
