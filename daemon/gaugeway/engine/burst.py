"""What a pipeline works through at a time."""

import msgspec

from gaugeway.reading import Reading

Receipt = int | tuple[int, int]
"""What a source wants to know again after a restart of a message that it has given, wholly or in part."""


class Burst(msgspec.Struct, gc=False):
    """What a source gave between two waits, at most 256 readings, and the stream's time when it came."""

    readings: list[Reading]
    now: float
    tick: bool = False
    full: bool = False
    items: int = 0
    position: int | None = None
    receipts: list[Receipt] = []
