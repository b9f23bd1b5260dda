"""Lines that are JSON: an object of many values, or objects of one reading each."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Final

import msgspec

from gaugeway import ConfigError, Meta
from gaugeway_drivers.decode.field import Field, Unreadable
from gaugeway_drivers.decode.json_path import MISSING, Getter, is_array, is_object, json_path
from gaugeway_drivers.decode.naming import Naming, naming
from gaugeway_drivers.decode.number import Decimal

Picker = Callable[[object], Iterator[tuple[str, object]]]
"""From a document to the names of its sensors and what stands for their values."""

DEEPEST: Final = 8


class JsonLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="json"):
    """JSON. Places in it are written `outer.inner` or `list[0].name`."""

    sensor: Annotated[
        str | None,
        Meta(
            description="Where the sensor's name stands, or a template of places, in which {field} is the name of the "
            "member that holds the value. Default: {field}.",
            examples=["name", "{model}-{id}.{field}"],
        ),
    ] = None
    value: Annotated[
        str | None, Meta(description="Where the one value of an object stands. Default: each member is a value.")
    ] = None
    time: Annotated[str | None, Meta(description="Where the device's time stands.", examples=["ts"])] = None
    fields: Annotated[
        dict[str, str] | None,
        Meta(
            description="Where the value of each sensor stands.",
            examples=[{"hall_temp": "data.t", "main_press": "data.p[0]"}],
        ),
    ] = None

    def layout(self) -> "JsonLayout":
        """Make it ready for use."""
        return JsonLayout(self._names(), self._picker(), self.time)

    def _names(self) -> frozenset[str] | None:
        return None if self.fields is None else frozenset(self.fields)

    def _picker(self) -> Picker:
        if self.fields is not None:
            if self.sensor is not None or self.value is not None:
                raise ConfigError("`fields` says all: leave out `sensor` and `value`, or leave out `fields`")
            return chosen({name: json_path(path) for name, path in self.fields.items()})
        if self.value is not None:
            if self.sensor is None:
                raise ConfigError("with `value` say where the sensor's name stands: add `sensor`")
            return single(naming(self.sensor), json_path(self.value))
        if self.sensor is not None and "{field}" not in self.sensor:
            raise ConfigError("add `value`, where the value stands, or let `sensor` contain {field}")
        return members(naming(self.sensor or "{field}"), self.time)


def chosen(getters: Mapping[str, Getter]) -> Picker:
    """Pick the values whose places are stated."""

    def pick(document: object) -> Iterator[tuple[str, object]]:
        for name, get in getters.items():
            value = get(document)
            if value is not MISSING:
                yield name, value

    return pick


def single(name: Naming, get: Getter) -> Picker:
    """Pick the one reading of an object that says which sensor it is of."""

    def pick(document: object) -> Iterator[tuple[str, object]]:
        value = get(document)
        if value is not MISSING:
            yield name(document, ""), value

    return pick


def members(name: Naming, time: str | None) -> Picker:
    """Pick every member of an object but the time; those of an object inside are named with a dot between."""

    def pick(document: object) -> Iterator[tuple[str, object]]:
        for field, value in _flat(document, "", DEEPEST):
            if field != time:
                yield name(document, field), value

    return pick


def _flat(document: object, prefix: str, depth: int) -> Iterator[tuple[str, object]]:
    if not is_object(document) or not depth:
        return
    for name, value in document.items():
        if is_object(value):
            yield from _flat(value, f"{prefix}{name}.", depth - 1)
        else:
            yield prefix + name, value


class JsonLayout:
    """Decodes a line and lets the picker choose; a list is a line of several objects."""

    decimal: Decimal = "."

    def __init__(self, names: frozenset[str] | None, pick: Picker, time: str | None) -> None:
        self.names = names
        self._pick = pick
        self._time: Getter = json_path(time) if time is not None else lambda _: MISSING

    def fields(self, line: str) -> Iterator[Field]:
        """Take one line apart."""
        for document in _documents(line):
            when = self._time(document)
            for name, value in self._pick(document):
                yield name, value, when


def _documents(line: str) -> list[object]:
    try:
        document: object = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        raise Unreadable("not json") from None
    return document if is_array(document) else [document]
