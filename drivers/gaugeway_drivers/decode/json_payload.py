"""JSON from a broker: one value and its sensor, values at stated places, or every member a value."""

from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from typing import Final, cast

import msgspec

from gaugeway import ConfigError, Reading, Reject, Sensor, Sensors
from gaugeway_drivers.decode.framing import SHOWN
from gaugeway_drivers.decode.json_line import members
from gaugeway_drivers.decode.json_path import MISSING, Getter, is_array, json_path
from gaugeway_drivers.decode.moment import NotATime, moment
from gaugeway_drivers.decode.number import NotANumber, number
from gaugeway_drivers.decode.sensor_name import SensorName
from gaugeway_drivers.decode.topic import Topic, met

FROM: Final = 946_684_800.0
UNTIL: Final = 4_102_444_800.0
"""From 2000 to 2100. What a device dates outside of it, it dates by a clock that was never set."""

NO_PLAIN_KEY: Final = frozenset('.[]{}"')
NOT_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

Found = list[Reading | Reject]
"""What a payload holds: readings, and a reason for what is none; never empty."""
Message = tuple[Topic | None, bytes]
"""A topic, if it is known, and a payload."""


class Dating:
    """Puts the device's time on readings, where there is one and the device's clock was set."""

    def __init__(self, path: str | None, zone: tzinfo) -> None:
        self.path = path
        self._look: Getter = json_path(path) if path is not None else lambda _: None
        self._zone = zone

    def date(self, found: Found, document: object, payload: bytes) -> Found:
        """Return the readings of one document with its time, or the reason why that is none."""
        given = self._look(document)
        return found if given is None or given is MISSING else self.put(found, given, payload)

    def put(self, found: Found, given: object, payload: bytes) -> Found:
        """Return the readings with a time as the device wrote it, or the reason why it is none."""
        try:
            seconds = moment(given, self._zone)
        except NotATime as fault:
            return [Reject(fault.reason, payload[:SHOWN])]
        if FROM <= seconds < UNTIL:
            for item in found:
                if isinstance(item, Reading):
                    item.time, item.stamp = seconds, "device"
        return found


class Flat(msgspec.Struct, gc=False):
    """A payload as most devices send it; its fields get the names that the configuration says."""

    sensor: str
    value: float
    time: float | str | None


class OneValue:
    """Decodes documents with one value each; the usual flat ones by way of a type, which is many times faster."""

    def __init__(self, sensor: str, value: str, dating: Dating) -> None:
        self._name = SensorName(sensor, plain="place")
        self._value = json_path(value)
        self._dating = dating
        in_payload = "" if self._name.of_topic_alone else sensor
        self._flat = _flat_decoder({"sensor": in_payload, "value": value, "time": dating.path or ""})

    def topic(self, name: str) -> Topic | None:
        """Look at a topic, once."""
        return met(name, self._name)

    def usual(self, messages: Iterator[Message]) -> list[Reading]:
        """Return the readings of flat payloads."""
        found: list[Reading] = []
        append, decode = found.append, self._flat
        try:
            for topic, payload in messages:
                if topic is None:
                    break
                flat = decode(payload)
                sensor, when = topic.sensor or flat.sensor, flat.time
                if not sensor:
                    break
                if type(when) is float and FROM <= when < UNTIL:
                    append(Reading(sensor, flat.value, when, "", "good", "device"))
                    continue
                reading: Reading | Reject = Reading(sensor, flat.value)
                if when is not None:
                    reading = self._dating.put([reading], when, payload)[0]
                if isinstance(reading, Reject):
                    break
                append(reading)
        except NOT_JSON:
            pass
        return found

    def readings(self, topic: Topic, payload: bytes) -> Found:
        """Return the one reading, or one for each object of a list."""
        return _decoded(payload, lambda document: self._reading(topic, document, payload), self._dating)

    def _reading(self, topic: Topic, document: object, payload: bytes) -> Iterator[Reading | Reject]:
        sensor = topic.sensor or self._name.of(topic.levels, document)
        given = self._value(document)
        if not sensor:
            yield Reject("no sensor name", payload[:SHOWN])
        elif given is not MISSING:
            yield _reading(sensor, given, payload)


class StatedFields:
    """Decodes documents in which the place of each sensor's value is stated; not every one need be there."""

    def __init__(self, fields: Mapping[str, str], dating: Dating, sensors: Sensors[Sensor]) -> None:
        for name in fields:
            _refuse_unknown(name, sensors)
        self._fields = [(SensorName(name, plain="name"), json_path(path)) for name, path in fields.items()]
        self._dating = dating

    def topic(self, name: str) -> Topic | None:
        """Look at a topic, once."""
        levels = tuple(name.split("/"))
        return Topic(levels) if all(sensor.fits(levels) for sensor, _ in self._fields) else None

    def usual(self, messages: Iterator[Message]) -> list[Reading]:
        """Look at every payload as a whole."""
        next(messages, None)
        return []

    def readings(self, topic: Topic, payload: bytes) -> Found:
        """Return a reading for each value that is there."""
        return _decoded(payload, lambda document: self._readings(topic, document, payload), self._dating)

    def _readings(self, topic: Topic, document: object, payload: bytes) -> Iterator[Reading | Reject]:
        for name, look in self._fields:
            given = look(document)
            if given is not MISSING:
                sensor = name.of(topic.levels, document)
                yield _reading(sensor, given, payload) if sensor else Reject("no sensor name", payload[:SHOWN])


class Members:
    """Decodes documents whose members are values, each named after its member.

    A member that is a sensor written out in the configuration has to be a number. Of those that only fit a glob, or
    of all where no sensor is declared, the numbers are taken, for there may be texts among them.
    """

    def __init__(self, name: SensorName, dating: Dating, sensors: Sensors[Sensor]) -> None:
        self._name = name
        self._pick = members(lambda _, field: field, dating.path)
        self._dating = dating
        self._sensors = sensors

    def topic(self, name: str) -> Topic | None:
        """Look at a topic, once."""
        levels = tuple(name.split("/"))
        return Topic(levels) if self._name.fits(levels) else None

    def usual(self, messages: Iterator[Message]) -> list[Reading]:
        """Look at every payload as a whole."""
        next(messages, None)
        return []

    def readings(self, topic: Topic, payload: bytes) -> Found:
        """Return a reading for each member that is a sensor."""
        return _decoded(payload, lambda document: self._readings(topic, document, payload), self._dating)

    def _readings(self, topic: Topic, document: object, payload: bytes) -> Iterator[Reading | Reject]:
        for field, given in self._pick(document):
            sensor = self._name.of(topic.levels, document, field)
            item = _reading(sensor, given, payload)
            if sensor in self._sensors.declared or (isinstance(item, Reading) and self._wanted(sensor)):
                yield item

    def _wanted(self, sensor: str) -> bool:
        return bool(sensor) and (not len(self._sensors) or self._sensors.find(sensor) is not None)


def _flat_decoder(places: Mapping[str, str]) -> Callable[[bytes], Flat]:
    """Return the fast decoder where every place is a plain member; an empty place is one that is not looked for."""
    wanted = {name: place for name, place in places.items() if place}
    if len(set(wanted.values())) < len(wanted) or any(NO_PLAIN_KEY.intersection(place) for place in wanted.values()):
        return _not_flat
    fields: list[tuple[str, object] | tuple[str, object, object]] = [("value", float)]
    if "sensor" in wanted:
        fields.append(("sensor", str))
    if "time" in wanted:
        fields.append(("time", float | str | None, None))
    absent = {name: default for name, default in (("sensor", ""), ("time", None)) if name not in wanted}
    shape = cast("type[Flat]", msgspec.defstruct("Flat", fields, rename=wanted, namespace=absent, gc=False))
    return msgspec.json.Decoder(shape).decode


def _not_flat(payload: bytes) -> Flat:
    raise msgspec.DecodeError(payload)


def _decoded(payload: bytes, pick: Callable[[object], Iterator[Reading | Reject]], dating: Dating) -> Found:
    """Return what is picked from a payload's document, or from each of a list of documents."""
    if not payload:
        return [Reject("empty")]
    try:
        document: object = msgspec.json.decode(payload)
    except msgspec.ValidationError:
        return [Reject("not finite", payload[:SHOWN])]
    except NOT_JSON:
        return [Reject("not json", payload[:SHOWN])]
    found: Found = []
    for one in document if is_array(document) else (document,):
        found += dating.date(list(pick(one)), one, payload)
    return found or [Reject("no values", payload[:SHOWN])]


def _reading(sensor: str, given: object, payload: bytes) -> Reading | Reject:
    try:
        return Reading(sensor, number(given))
    except NotANumber as fault:
        return Reject(fault.reason, payload[:SHOWN], sensor)


def _refuse_unknown(name: str, sensors: Sensors[Sensor]) -> None:
    """Refuse a fixed name that is not declared: a slip of the pen would be a sensor that is silent."""
    if "{" in name or name.startswith("topic[") or not len(sensors) or sensors.find(name) is not None:
        return
    from difflib import get_close_matches  # noqa: PLC0415  (only to be kind)

    close = get_close_matches(name, list(sensors.names()), 1)
    meant = f": did you mean {close[0]!r}?" if close else ""
    raise ConfigError(f"the format brings {name!r}, but no such sensor is declared{meant}")
