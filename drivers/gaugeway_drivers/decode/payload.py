"""One message, its topic and its payload, decoded into readings: JSON or a plain number."""

import re
from collections.abc import Iterator
from datetime import UTC, tzinfo
from typing import Annotated, Final, Protocol

import msgspec

from gaugeway import ConfigError, Meta, Reading, Reject, Sensor, Sensors
from gaugeway_drivers.decode.framing import SHOWN
from gaugeway_drivers.decode.json_payload import Dating, Found, Members, Message, OneValue, StatedFields
from gaugeway_drivers.decode.number import Decimal, NotANumber, number
from gaugeway_drivers.decode.sensor_name import SensorName
from gaugeway_drivers.decode.topic import Topic, met

LONGEST_NUMBER: Final = 64
PLAIN: Final = re.compile(rb"-?[0-9]{1,15}(?:\.[0-9]{1,15})?").fullmatch


class Decoder(Protocol):
    """Turns messages into readings; knows no broker."""

    def topic(self, name: str) -> Topic | None:
        """Look at a topic, once; None where it lacks a level that the sensor's name needs."""
        ...

    def usual(self, messages: Iterator[Message]) -> list[Reading]:
        """Return the readings of payloads that hold one each and are as most are, up to the first that is not.

        That one is taken from `messages` too: it is looked at more closely by itself.
        """
        ...

    def readings(self, topic: Topic, payload: bytes) -> Found:
        """Return what one payload holds, whatever it is."""
        ...


class JsonPayload(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="json", forbid_unknown_fields=True):
    """JSON. Places in it are written `outer.inner` or `list[0].name`, levels of the topic `topic[1]`, from 0."""

    sensor: Annotated[
        str | None,
        Meta(
            description="Where the sensor's name stands: in the payload, in the topic, or a template of such places, "
            "in which {field} is the name of the member that holds the value. Default: {field}.",
            examples=["sensor", "topic[1]", "{topic[1]}_{field}"],
        ),
    ] = None
    value: Annotated[str | None, Meta(description="Where the one value stands. Default: each member is a value.")] = (
        None
    )
    time: Annotated[str | None, Meta(description="Where the device's time stands.", examples=["ts"])] = None
    fields: Annotated[
        dict[str, str] | None,
        Meta(
            description="Where the value of each sensor stands.",
            examples=[{"boiler_temp": "temp", "{topic[1]}_flow": "data.flow"}],
        ),
    ] = None

    def decoder(self, sensors: Sensors[Sensor], zone: tzinfo = UTC) -> Decoder:
        """Make it ready for use; ConfigError where the options do not go together."""
        dating = Dating(self.time, zone)
        if self.fields is not None:
            if self.sensor is not None or self.value is not None:
                raise ConfigError("`fields` says all: leave out `sensor` and `value`, or leave out `fields`")
            return StatedFields(self.fields, dating, sensors)
        if self.value is not None:
            if self.sensor is None:
                raise ConfigError("with `value` say where the sensor's name stands: add `sensor`")
            return OneValue(self.sensor, self.value, dating)
        name = SensorName(self.sensor or "{field}", plain="place")
        if not name.has_field:
            raise ConfigError("add `value`, where the value stands, or let `sensor` contain {field}")
        return Members(name, dating, sensors)


class NumberPayload(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="number", forbid_unknown_fields=True
):
    """A number and nothing else; the topic says whose it is."""

    sensor: Annotated[
        str,
        Meta(
            description="The level of the topic that names the sensor, maybe with text around it, or a fixed name.",
            examples=["topic[1]", "{topic[1]}_temp", "boiler_temp"],
        ),
    ] = "topic[-1]"
    decimal: Annotated[Decimal, Meta(description="How the device writes the decimal point.")] = "."

    def decoder(self, sensors: Sensors[Sensor], zone: tzinfo = UTC) -> Decoder:
        """Make it ready for use."""
        del sensors, zone
        name = SensorName(self.sensor, plain="name")
        if not name.of_topic_alone:
            raise ConfigError(f"a number has no members: {self.sensor!r} can name levels of the topic, like topic[1]")
        return PlainNumber(name, self.decimal)


Payload = JsonPayload | NumberPayload


class PlainNumber:
    """Decodes a payload that is a number."""

    def __init__(self, name: SensorName, decimal: Decimal) -> None:
        self._name = name
        self._decimal: Decimal = decimal

    def topic(self, name: str) -> Topic | None:
        """Look at a topic, once."""
        return met(name, self._name)

    def usual(self, messages: Iterator[Message]) -> list[Reading]:
        """Return the readings of numbers as machines write them."""
        found: list[Reading] = []
        for topic, payload in messages:
            if topic is None or self._decimal != "." or not PLAIN(payload):
                break
            found.append(Reading(topic.sensor, float(payload)))
        return found

    def readings(self, topic: Topic, payload: bytes) -> Found:
        """Return the one reading."""
        try:
            text = payload.decode() if len(payload) <= LONGEST_NUMBER else "too long"
            return [Reading(topic.sensor, number(text, decimal=self._decimal))]
        except NotANumber as fault:
            return [Reject(fault.reason, payload[:SHOWN], topic.sensor)]
        except UnicodeDecodeError:
            return [Reject("not a number", payload[:SHOWN], topic.sensor)]
