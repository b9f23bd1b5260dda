"""A panel with a clock of its own: tests say what happens and when, and look at what is said of it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from gaugeway import Clock, Quality, Quantity, Reading, Rule, Sensor, Sensors
from gaugeway.reading import Stamp
from gaugeway_sinks.alarms.alarm.command import Result
from gaugeway_sinks.alarms.alarm.event import Event, Name, Told
from gaugeway_sinks.alarms.alarm.snapshot import describe
from gaugeway_sinks.alarms.orders import Order, Orders
from gaugeway_sinks.alarms.panel.memory import Memory
from gaugeway_sinks.alarms.panel.panel import Panel
from gaugeway_sinks.alarms.panel.view import View
from gaugeway_sinks.alarms.papers.book import Book
from gaugeway_sinks.alarms.post.envelope import Envelope, unpack
from gaugeway_sinks.alarms.post.post import Post
from gaugeway_sinks.alert.summary import Summary, summary

START: Final = 1_800_000_000.0
HOT: Final = Rule(sensor="t", above=Quantity(85, "°C"), clear_below=Quantity(82, "°C"))


class Bench:
    """Hands readings and ticks to a panel. `now` is the stream's time; `step` is by how much the wall clock was set."""

    def __init__(
        self,
        rules: Mapping[str, Rule] | None = None,
        sensors: Mapping[str, Sensor] | None = None,
        *,
        stale_after: float = 3600.0,
        flood: int = 1000,
        live: bool = True,
    ) -> None:
        self.rules = rules or {}
        self.sensors = {"t": Sensor(unit="°C")} if sensors is None else sensors
        self.stale_after = stale_after
        self.post = Post(flood)
        self.now = START
        self.step = 0.0
        self.clock = Clock(live=live, now=START)
        self.events: list[Event] = []
        self.answers: list[Result] = []
        self.orders = Orders(Book(Path(os.devnull) / "orders.jsonl"))
        self.panel = self.fresh()
        self.tick()

    def fresh(self) -> Panel:
        """Return a panel that knows nothing yet."""
        return Panel("plant1", self.rules, Sensors(self.sensors), stale_after=self.stale_after)

    @property
    def said(self) -> list[str]:
        """What was said so far, one word an event; events of implicit rules are left out."""
        return [str(event.event) for event in self.events if "@" not in event.id]

    def of(self, alarm: str) -> list[str]:
        """Return what was said by one alarm."""
        return [str(event.event) for event in self.events if event.id.split(":")[1] == alarm]

    def read(
        self, value: float, sensor: str = "t", *, time: float | None = None, quality: Quality = "good", **results: float
    ) -> None:
        """One sensor says something now; with a time, the device says when."""
        stamp: Stamp = "gateway" if time is None else "device"
        moment = self.now + self.step if time is None else time
        declared = Sensors(self.sensors).find(sensor)
        reading = Reading(sensor, value, moment, declared.unit if declared and declared.unit else "°C", quality, stamp)
        for name, result in results.items():
            reading.put(name, result)
        self.take(reading)

    def take(self, *readings: Reading) -> None:
        """A batch comes now."""
        self.clock.now = self.now
        self._heard(self.panel.consume(readings, self.clock))

    def wait(self, seconds: float, every: float = 1.0) -> None:
        """Time passes, with a tick every second."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(self.now + every, until)
            self.tick()

    def tick(self) -> None:
        """A tick comes now."""
        self.clock.now = self.now
        self._heard(self.panel.tick(self.now, self.clock))

    def command(
        self, cmd: str, occurrence: int | None = None, *, time: float | str = 60.0, alarm: str = "hot"
    ) -> Result:
        """Somebody sends a command, to shelve for some time; return the answer."""
        sent: dict[str, object] = {"cmd": cmd, "by": "ann", "occurrence": occurrence}
        if cmd == "shelve":
            sent["for"] = time
        return self.deliver(msgspec.json.encode(sent), alarm)

    def deliver(self, payload: bytes, alarm: str = "hot", *, retained: bool = False) -> Result:
        """A message comes on the command topic of an alarm; return the answer."""
        self.orders.take(Order(key=alarm, payload=payload, reply=self.answers.append, retained=retained))
        self.orders.carry_out(self.panel, self.clock, lambda _key, result: self.answers.append(result))
        self.tick()
        return self.answers[-1]

    def series(self, *values: float, sensor: str = "t", every: float = 1.0) -> None:
        """One value after the other comes, the first now and each a while after the one before."""
        for value in values:
            self.read(value, sensor)
            self.wait(every)

    def restart(self, rules: Mapping[str, Rule] | None = None, sensors: Mapping[str, Sensor] | None = None) -> None:
        """The gateway goes down and comes back, with another configuration if one is given."""
        saved = msgspec.json.encode(self.panel.save())
        self.rules = self.rules if rules is None else rules
        self.sensors = self.sensors if sensors is None else sensors
        self.panel = self.fresh()
        self.panel.restore(msgspec.json.decode(saved, type=Memory))

    def snapshot(self, alarm: str, event: Name | Literal["last"] | None = "last") -> Event:
        """Return the present state of an alarm, as it would be published after its last event."""
        found = self.panel.alarms[alarm]
        track = self.panel.tracks.get(found.sensor)
        word = found.standing.event if event == "last" else event
        return describe(found, "plant1", word, found.line.stream.now, track)

    def summary(self) -> Summary:
        """Return the sum of all alarms as it would be published."""
        return summary(View(self.panel), self.post)

    def _heard(self, told: list[Told]) -> None:
        """Take in what the panel came to, as a broker would be told of it."""
        for message in self.post.pack(told):
            envelope = unpack(message)
            assert isinstance(envelope, Envelope)
            self.events.append(msgspec.json.decode(envelope.payload, type=Event))
        self.post.ended(self.panel.made)
