"""How a message waits in an outbox."""

import msgspec

from gaugeway import Reading, Urgent


class Envelope(msgspec.Struct, array_like=True, gc=False):
    """A message on its way: what the outbox keeps.

    `made` is the moment, by the stream, at which it was made: what is sent long after that is marked as history, or
    left out if it was worth something at that moment only. `turn` numbers the events of one sort, lasting or fleeting,
    so that it shows how many the outbox had to let go of; it is 0 for what is no event.
    """

    topic: str
    payload: msgspec.Raw
    made: float
    turn: int = 0
    fleeting: bool = False


def pack(envelope: Envelope) -> bytes:
    """Return an envelope as the bytes that the outbox keeps; an event that must not be lost is urgent."""
    packed = msgspec.json.encode(envelope)
    return Urgent(packed) if envelope.turn and not envelope.fleeting else packed


def unpack(packed: bytes) -> Envelope | Reading:
    """Return the envelope that `pack` made these bytes of, or the reading that travels as itself."""
    if packed.startswith(b"{"):
        return msgspec.json.decode(packed, type=Reading)
    return msgspec.json.decode(packed, type=Envelope)
