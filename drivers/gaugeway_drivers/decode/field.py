"""What a line format yields: fields, each a sensor's name, what stands for its value, and what stands for its time."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, Protocol

from gaugeway_drivers.decode.json_path import MISSING
from gaugeway_drivers.decode.number import Decimal

Field = tuple[str, object, object]
"""Name, value, time; the last two are as they came, the time MISSING where the line has none."""

LineReason = Literal["checksum", "not json", "wrong number of fields", "no match", "no sensor name"]

SENSOR: Final = "sensor"
VALUE: Final = "value"
TIME: Final = "time"


class Unreadable(ValueError):  # noqa: N818 - a handler reads `except Unreadable`
    """A line that its format does not fit; `reason` is one of a few fixed words that can be counted."""

    def __init__(self, reason: LineReason) -> None:
        super().__init__(reason)
        self.reason: LineReason = reason


class Layout(Protocol):
    """A format made ready for use; `names` are the sensors it can bring, or None where each line says which."""

    names: frozenset[str] | None
    decimal: Decimal

    def fields(self, line: str) -> Iterable[Field]:
        """Take one line apart; Unreadable where it is no line of this format."""
        ...


def sensors_among(names: Iterable[str]) -> frozenset[str] | None:
    """Return which of a format's names are sensors; None where each line names its sensor under `sensor`."""
    names = frozenset(names)
    return None if {SENSOR, VALUE} <= names else names - {TIME}


def arranged(found: Mapping[str, object]) -> Iterator[Field]:
    """Yield the fields of a line whose parts have names: a sensor each, or `sensor` and `value`; `time` is of all."""
    when = found.get(TIME, MISSING)
    if SENSOR in found and VALUE in found:
        yield str(found[SENSOR]), found[VALUE], when
        return
    for name, value in found.items():
        if name != TIME:
            yield name, value, when
