"""Reads from an MQTT source as the engine does: in the test's own thread, and acknowledging what it is told to."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Final, Literal, Self

import pytest
from tests.support.brokers import publish
from tests.support.waiting import PATIENCE

from gaugeway import Reading, Reject, Sensor, Sensors, Site, Tick
from gaugeway.mqtt import Message
from gaugeway_drivers.decode.payload import NumberPayload, Payload
from gaugeway_drivers.mqtt import Mqtt

LAST: Final = b"-999"
ANY: Sensors[Sensor] = Sensors({"*": Sensor()})


def source(
    address: str,
    topic: str | list[str] = "t/#",
    format: Payload | None = None,
    *,
    qos: Literal[0, 1, 2] = 1,
    version: Literal[5, "3.1.1"] = 5,
    client_id: str | None = "gw",
    receive_maximum: int = 1000,
    retained: Literal["ignore", "accept"] = "ignore",
    max_payload: int = 65536,
    keepalive: float = 60.0,
) -> Mqtt:
    """Return a source that reads plain numbers from `t/SENSOR`, unless something else is asked for."""
    return Mqtt(
        broker=address,
        topic=topic,
        format=format or NumberPayload(),
        sensors=ANY,
        site=Site(node="node"),
        qos=qos,
        version=version,
        client_id=client_id,
        receive_maximum=receive_maximum,
        retained=retained,
        max_payload=max_payload,
        keepalive=keepalive,
    )


class Reader:
    """One opening of a source: what it yielded, and how often it ticked."""

    def __init__(self, mqtt: Mqtt, *, commits: bool = True) -> None:
        self.source = mqtt
        self.readings: list[Reading] = []
        self.rejects: list[Reject] = []
        self.ticks = 0
        self.full = 0
        self._commits = commits
        self._stream: Generator[Reading | Reject | Tick] = mqtt.stream()

    def until(self, enough: Callable[["Reader"], object], patience: float = PATIENCE) -> Self:
        """Read until something holds; like the engine, acknowledge when the source says that the broker waits."""
        deadline = time.monotonic() + patience
        while not enough(self):
            if time.monotonic() > deadline:
                pytest.fail(f"waited in vain, with {len(self.readings)} readings and {self.rejects[:3]}")
            item = next(self._stream)
            if isinstance(item, Reading):
                self.readings.append(item)
            elif isinstance(item, Reject):
                self.rejects.append(item)
            else:
                self.ticks += 1
                self.full += item.full
                if item.full and self._commits:
                    self.source.commit()
        return self

    def count(self, readings: int, rejects: int = 0) -> Self:
        """Read until there are so many of each."""
        return self.until(lambda me: len(me.readings) >= readings and len(me.rejects) >= rejects)

    def drained(self, port: int, topic: str, qos: Literal[0, 1, 2] = 1) -> Self:
        """Read until all that was published so far has come: until a last message has, which does not count."""
        publish(port, Message(topic, LAST, qos))
        self.until(lambda me: me.readings and me.readings[-1].value == float(LAST))
        self.readings.pop()
        self.source.commit()
        return self

    def subscribed(self) -> Self:
        """Read until the subscription is answered."""
        return self.until(lambda me: me.source.connected)

    @property
    def values(self) -> Sequence[float]:
        """The values of all readings."""
        return [reading.value for reading in self.readings]

    def close(self) -> None:
        """End the stream, as the engine does."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with closing(self._stream):
            pass
