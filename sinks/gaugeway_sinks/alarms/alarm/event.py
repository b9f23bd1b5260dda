"""What is told of an alarm: one event, or how it stands."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

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
