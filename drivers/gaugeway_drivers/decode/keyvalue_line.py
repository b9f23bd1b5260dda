"""Lines in which each value follows its name: `t=23.4 p=1013.2`, `P= 1013.2 hPa T= 31.1 'C`, `Flow: 5.1`."""

import re
from collections.abc import Iterator
from typing import Annotated, Final

import msgspec

from gaugeway import Meta, canonical
from gaugeway_drivers.decode.field import Field
from gaugeway_drivers.decode.json_path import MISSING
from gaugeway_drivers.decode.number import Decimal

# Begins only where a word begins and gives nothing back: a long line without a name costs no more than its length.
NAME: Final = re.compile(r"(?<![^\s=:,;])([^\s=:,;]++)\s*+[=:]")
WITH_UNIT: Final = re.compile(r"([-+]?[0-9.][0-9.,]*)(\D.*)")


class KeyValueLine(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="keyvalue"
):
    """Names with their values, as `name=value` or `name: value`; a unit after the value is not minded."""

    fields: Annotated[
        dict[str, str] | None,
        Meta(
            description="The name in the line for each sensor. Default: they are called the same.",
            examples=[{"hall_temp": "t", "main_press": "p"}],
        ),
    ] = None
    time: Annotated[str | None, Meta(description="The name in the line of the device's time.")] = None
    decimal: Annotated[Decimal, Meta(description="The decimal mark.")] = "."

    def layout(self) -> "KeyValueLayout":
        """Make it ready for use."""
        return KeyValueLayout(self.fields, self.time, self.decimal)


class KeyValueLayout:
    """Finds the names in a line; what stands up to the next name belongs to the one before."""

    def __init__(self, fields: dict[str, str] | None, time: str | None, decimal: Decimal) -> None:
        self.names = None if fields is None else frozenset(fields)
        self.decimal: Decimal = decimal
        self._fields = fields
        self._time = time

    def fields(self, line: str) -> Iterator[Field]:
        """Take one line apart."""
        _, *found = NAME.split(line)
        texts = {name: text.rstrip(" \t,;") for name, text in zip(found[::2], found[1::2], strict=True)}
        if found and self.decimal == ",":
            # At the end of the line a comma is where a number was cut, not where the next field begins.
            texts[found[-2]] = found[-1].rstrip(" \t;")
        when: object = MISSING if self._time is None else texts.pop(self._time, MISSING)
        for sensor, name in (self._fields or {name: name for name in texts}).items():
            if name in texts:
                yield sensor, _value(texts[name]), when


def _value(text: str) -> str:
    """Return the first word after a name, without a unit that is written together with it (`23.4C`, `45%`)."""
    word = text.split(maxsplit=1)[0] if text and not text.isspace() else ""
    joined = WITH_UNIT.fullmatch(word)
    return joined[1] if joined and canonical(joined[2]) else word
