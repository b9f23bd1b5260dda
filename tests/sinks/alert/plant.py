"""An alert sink with a clock, an outbox of the simplest kind, and nothing else of a gateway around it."""

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal, Self

import msgspec
from tests.sinks.alarms.kit import START
from tests.support.brokers import Peer
from tests.support.waiting import until

from gaugeway import Reading, Rule, Sensor, Sensors, Site, Tick
from gaugeway.mqtt import Message
from gaugeway_sinks.alarms.alarm.event import Event
from gaugeway_sinks.alert import ThresholdAlertSink
from gaugeway_sinks.alert.home_assistant import HomeAssistant


class Plant:
    """Hands readings and ticks to the panel and then to a sink; `outbox` is what that returned and did not deliver yet.

    `beside` is the plant whose panel it shares, and which hands it everything.
    """

    def __init__(
        self,
        address: str,
        rules: Mapping[str, Rule],
        sensors: Mapping[str, Sensor] | None = None,
        *,
        version: Literal[5, "3.1.1"] = 5,
        readings: Literal[0, 1] | None = None,
        home_assistant: bool | HomeAssistant = False,
        stale_after: float = 300.0,
        keep_commands: float = 3600.0,
        select: tuple[str, ...] = (),
        beside: "Plant | None" = None,
    ) -> None:
        self.outbox: list[bytes] = []
        self.answers = 0
        declared = {"t": Sensor(kind="temperature", unit="°C")} if sensors is None else sensors
        self.site: Site = Site(
            node="plant1",
            name="phone" if beside is None else "other",
            sensors=Sensors(declared),
            rules=rules,
            select=select,
            shared={} if beside is None else beside.site.shared,
            storage=Path(os.devnull),
        )
        self.sink = ThresholdAlertSink(
            broker=address,
            version=version,
            readings=readings,
            home_assistant=home_assistant,
            stale_after=stale_after,
            keep_commands=keep_commands,
            site=self.site,
        )
        self.station = self.sink.station
        self.clock = self.station.clock
        self.clock.now = beside.clock.now if beside else START
        self._beside: list[Plant] = []
        if beside is not None:
            beside._beside.append(self)

    def read(self, value: float, sensor: str = "t") -> None:
        """A sensor says something."""
        self.take(Reading(sensor, value, self.clock.now, "°C"))

    def take(self, *readings: Reading) -> None:
        """A batch comes."""
        self.station.consume(readings)
        for plant in (self, *self._beside):
            plant.keep(plant.sink.consume(readings))

    def wait(self, seconds: float = 0.0) -> None:
        """Time passes, in seconds that take none."""
        for _ in range(round(seconds)):
            self.clock.now += 1.0
            self._tick()
        self._tick()

    def deliver(self) -> None:
        """Do what the sender of an outbox does."""
        self.sink.deliver(self.outbox)
        self.outbox.clear()

    def obey(self, commands: int = 1) -> None:
        """Let commands come until so many were answered in all, and deliver the answers."""

        def answered() -> bool:
            self.wait()
            return self.answers >= commands

        until(answered, "the command is carried out")
        self.deliver()

    def _tick(self) -> None:
        self.station.tick(Tick(now=self.clock.now))
        for plant in (self, *self._beside):
            plant.keep(plant.sink.tick(Tick(now=self.clock.now)))

    def keep(self, messages: Sequence[bytes] | None) -> None:
        """Put into the outbox what the sink has said."""
        self.outbox += messages or ()
        self.answers += sum(b"/result" in message for message in messages or ())

    def replaced_by(self, other: "Plant") -> "Plant":
        """End, and hand everything on to another sink, as over a restart."""
        panel, saved = msgspec.json.encode(self.station.save()), msgspec.json.encode(self.sink.save())
        self.sink.close()
        other.clock.now = self.clock.now
        other.station.restore(msgspec.json.decode(panel))
        other.sink.restore(msgspec.json.decode(saved))
        return other

    def __enter__(self) -> Self:
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.sink.close()


def events(heard: list[Message]) -> list[Event]:
    """Return the events among the messages."""
    return [msgspec.json.decode(message.payload, type=Event) for message in heard if message.topic.endswith("/event")]


def retained(port: int, *topics: str) -> dict[str, bytes]:
    """Return what the broker has stored on some topics; it has sent all that when it sends what comes after."""
    with closing(Peer(port)) as peer:
        peer.listen(*topics, "end")
        peer.publish(Message("end", b""))
        peer.hear_until(lambda heard: any(message.topic == "end" for message in heard))
        return {message.topic: message.payload for message in peer.heard if message.retain}
