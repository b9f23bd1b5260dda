"""Leaves out readings that came twice, and sensors that are stuck."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from gaugeway import Duration, Meta, Quality, Reading, Site

Key = tuple[float, float, Quality]


class Heard(msgspec.Struct):
    """What was heard of a sensor: its last readings, and since when its value is the same, if that is watched."""

    recent: list[Key]
    value: float
    since: float | None = None


class Deduplicate:
    """Drops readings that came before with the same time and value, and those of a sensor that is stuck.

    Only a time that the device itself has given tells that two readings are the same one, so readings that the
    gateway stamps are never repeats. A reading of another quality is another reading. With `stuck_after`, a value
    that has not changed at all for so long counts as stuck, and the sensor falls silent until it changes.
    """

    ticks = "pass"

    def __init__(
        self,
        *,
        site: Site,
        remember: Annotated[
            int, Meta(ge=1, le=1000, description="With how many last readings of its sensor each is compared.")
        ] = 20,
        stuck_after: Annotated[
            Annotated[Duration, Meta(gt=0)] | None,
            Meta(description="A value that stays the same for longer is dropped.", examples=["2h"]),
        ] = None,
    ) -> None:
        self._clock = site.clock
        self._remember = remember
        self._stuck_after = stuck_after
        self._heard: dict[str, Heard] = {}

    def process(self, stream: Iterator[Reading]) -> Iterator[Reading]:
        """Yield what is new; the rest is dropped as repeated or stuck."""
        table, stuck_after = self._heard, self._stuck_after
        for reading in stream:
            heard = table.get(reading.sensor)
            if heard is None:
                if reading.sensor:  # no tick
                    self._meet(reading)
                yield reading
            elif self._repeated(reading, heard.recent):
                reading.drop("repeated")
            elif stuck_after is not None and self._unchanged_for(reading, heard) > stuck_after:
                reading.drop("stuck")
            else:
                yield reading

    def save(self) -> object:
        """Return what was heard of each sensor."""
        return msgspec.to_builtins(self._heard)

    def restore(self, saved: object) -> None:
        """Compare with this from now on; of too much to remember, the newest stays."""
        self._heard = msgspec.convert(saved, dict[str, Heard])
        for heard in self._heard.values():
            del heard.recent[: -self._remember]
            if self._stuck_after is None:
                heard.since = None

    def _meet(self, reading: Reading) -> None:
        heard = self._heard[reading.sensor] = Heard([], reading.value)
        self._repeated(reading, heard.recent)
        if self._stuck_after is not None:
            heard.since = self._clock.of(reading)

    def _repeated(self, reading: Reading, recent: list[Key]) -> bool:
        """Tell whether the reading is among the recent ones, and remember it."""
        if reading.stamp != "device":
            return False
        key = (reading.time, reading.value, reading.quality)
        if key in recent:
            return True
        recent.append(key)
        if len(recent) > self._remember:
            del recent[0]
        return False

    def _unchanged_for(self, reading: Reading, heard: Heard) -> float:
        """Return for how long the sensor has said the same; a clock that is set back begins this anew."""
        moment = self._clock.of(reading)
        since = heard.since
        if since is None or moment < since or reading.value != heard.value:
            heard.value, heard.since = reading.value, moment
            return 0.0
        return moment - since
