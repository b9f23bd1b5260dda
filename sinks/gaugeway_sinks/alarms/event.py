"""What travels: the payload of an event or a snapshot, and how it waits in the outbox."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from gaugeway import Reading, Urgent

Name = Literal[
    "raised", "cleared", "acked", "reminded", "shelved", "unshelved",
    "inhibited", "resumed", "stale", "recovered", "chattering", "removed",
]  # fmt: skip
SCHEMA: Final = "gaugeway.alert/1"
STAMPS: Final = {"gateway": "synced", "device": "device", "unsynced": "unsynced"}
OPERATORS: Final = frozenset({"acked", "shelved", "unshelved", "removed"})
"""Events that a person caused: they are said even in a flood."""


class Event(msgspec.Struct, kw_only=True):
    """One transition of an alarm, or, retained, its present state. The order of the fields is that of the JSON."""

    schema: str = SCHEMA
    id: str
    node: str
    rule: str
    sensor: str
    event: Name | None
    occurrence: int
    n: int
    seq: int
    condition: str
    active: bool
    isa: str
    acked: bool
    acked_by: str | None
    suppressed: str | None
    suppressed_by: str | UnsetType | None = UNSET
    suppressed_until: str | UnsetType | None = UNSET
    unknown: bool
    severity: str
    value: float | None
    unit: str
    quality: str
    op: str
    threshold: float | str | tuple[float, float]
    clear_at: float | None
    peak: float | None
    samples: int
    first_crossed: str | None
    raised: str | None
    cleared: str | None
    emitted: str | None
    time_quality: str
    boot: str = ""
    uptime_ms: int = 0
    historical: bool = False
    dropped_before: int = 0
    message: str
    labels: dict[str, str]


class Told(msgspec.Struct, array_like=True):
    """An event on its way to all who tell of alarms: the key of its alarm, and the moment by the stream."""

    key: str
    made: float
    event: Event


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
