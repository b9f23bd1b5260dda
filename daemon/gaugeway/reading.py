"""The record that flows: one reading of one sensor, and the tick that says "nothing more right now"."""

from typing import Final, Literal

import msgspec

Quality = Literal["good", "uncertain", "bad", "stale"]
Stamp = Literal["gateway", "device", "unsynced"]


class Reading(msgspec.Struct, gc=False, omit_defaults=True):
    """What one sensor said at one moment. Stages change it in place; as JSON it is one flat line.

    A source has to fill in `sensor` and `value` only. The engine completes what is left: the `unit`
    from the configuration, and the `time` where the device sent none. `stamp` tells who took the
    time: the gateway, the device, or the gateway before its clock was set.

    Stages leave their results beside the value: `normal` and `average` have a field of their own,
    any other name goes through `put` and `get`. Fields that stand at their default are left out of
    the JSON, so a line without `quality` is a good one.
    """

    sensor: str
    value: float
    time: float = 0.0
    unit: str = ""
    quality: Quality = "good"
    stamp: Stamp = "gateway"
    normal: float | None = None
    average: float | None = None
    more: dict[str, float] | None = None
    fate: str | None = None

    def put(self, name: str, value: float) -> None:
        """Leave a result under `name` for the stages, rules and sinks that come after."""
        if name in OWN_RESULTS:
            setattr(self, name, value)
        elif name in self.__struct_fields__:
            raise ValueError(f"a result cannot be called '{name}', a reading has a field of that name")
        elif self.more is None:
            self.more = {name: value}
        else:
            self.more[name] = value

    def get(self, name: str) -> float | None:
        """Return the result called `name`: `value` itself, a stage's result, or None where there is none."""
        if name in OWN_RESULTS:
            found: float | None = getattr(self, name)
            return found
        return None if self.more is None else self.more.get(name)

    def drop(self, reason: str) -> None:
        """Say why this reading goes no further. The stage that says so then simply does not yield it."""
        self.fate = reason


OWN_RESULTS: Final = frozenset({"value", "normal", "average"})


class Reject(msgspec.Struct, gc=False, frozen=True):
    """Input that did not become a reading, and why: yielded by a source so that the engine counts it and logs it.

    `reason` is one of a small fixed set of words ("crc", "not a number"); `raw` is the start of what came.
    """

    reason: str
    raw: bytes = b""
    sensor: str = ""


class Tick(msgspec.Struct, gc=False):
    """Nothing more right now: a live source yields one before it waits, and at least one every second.

    A source yields `Tick()`; the engine fills in `now`, the stream's time, before a stage or sink sees it.
    `full` says that the sender will not send more until what came so far is acknowledged.
    A tick answers `sensor` with the empty name, so a stage that looks its sensor up in a table meets ticks
    only on the path that it takes for strangers.
    """

    now: float = 0.0
    full: bool = False
    sensor: str = ""
    fate: None = None
