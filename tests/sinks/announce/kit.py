"""A way out for alarms with a clock, an outbox of the simplest kind, and nothing else of a gateway around it."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from gaugeway import Clock, DeviceError, Quantity, Reading, Rule, Sensor, Sensors, Site, Tick
from gaugeway_sinks.announce import Announcer

START: Final = 1_800_000_000.0
HOT: Final = Rule(sensor="t", above=Quantity(85, "°C"), clear_below=Quantity(82, "°C"), severity="critical")
T = TypeVar("T", bound=Announcer)


def site(rules: Mapping[str, Rule] | None = None) -> Site:
    """Return the site of a plant with one sensor, and no disk."""
    sensors = Sensors({"t": Sensor(kind="temperature", unit="°C")})
    return Site(
        node="plant1", sensors=sensors, rules={"hot": HOT} if rules is None else rules, storage=Path(os.devnull)
    )


class Plant(Generic[T]):
    """Hands readings and ticks to the panel and then to a sink; `outbox` is what that has said."""

    def __init__(self, make: Callable[[Site], T], rules: Mapping[str, Rule] | None = None) -> None:
        self.outbox: list[bytes] = []
        self.make = make
        self.rules = rules
        self.sink = make(site(rules))
        self.clock.now = START
        self.wait(1)

    @property
    def clock(self) -> Clock:
        """The clock by which the panel judges."""
        return self.sink.station.clock

    def read(self, *values: float) -> None:
        """The sensor says something, a second apart."""
        for value in values:
            batch = [Reading("t", value, self.clock.now, "°C")]
            self.sink.station.consume(batch)
            self.outbox += self.sink.consume(batch)
            self.wait(1)

    def wait(self, seconds: int) -> None:
        """Time passes, in seconds that take none."""
        for _ in range(seconds):
            self.clock.now += 1.0
            self.sink.station.tick(Tick(now=self.clock.now))
            self.outbox += self.sink.tick(Tick(now=self.clock.now))

    def deliver(self) -> None:
        """Do what the sender of an outbox does."""
        self.sink.deliver(self.outbox)
        self.outbox.clear()

    def fails(self) -> str:
        """Deliver, which does not work now; return why."""
        try:
            self.deliver()
        except (DeviceError, OSError) as error:
            return str(error)
        raise AssertionError("it was delivered")

    def restart(self) -> None:
        """The gateway goes down and comes back; the outbox is on disk."""
        now, panel, saved = self.clock.now, self.sink.station.save(), msgspec.json.encode(self.sink.save())
        self.sink = self.make(site(self.rules))
        self.clock.now = now
        self.sink.station.restore(msgspec.json.decode(msgspec.json.encode(panel)))
        self.sink.restore(msgspec.json.decode(saved))
        self.wait(1)
