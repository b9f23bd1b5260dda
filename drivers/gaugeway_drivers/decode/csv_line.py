"""Lines of values in a fixed order: `23.4,1013.2,5.1`."""

from typing import Annotated, Final

import msgspec

from gaugeway import ConfigError, Meta
from gaugeway_drivers.decode.field import Field, Unreadable, arranged, sensors_among
from gaugeway_drivers.decode.number import Decimal

SKIPPED: Final = frozenset({"", "-"})


class CsvLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="csv"):
    """Values in a fixed order, parted by a separator."""

    fields: Annotated[
        list[str],
        Meta(
            min_length=1,
            description="The sensors in the order of their values; `-` skips one, `time` is the device's time. "
            "With `sensor` and `value` among them, each line names its sensor.",
            examples=[["hall_temp", "-", "main_press"]],
        ),
    ]
    separator: Annotated[
        str | None,
        Meta(
            description="What parts the values; a blank stands for any white space. "
            "Default: a comma, or a semicolon where the decimal mark is a comma."
        ),
    ] = None
    decimal: Annotated[Decimal, Meta(description="The decimal mark.")] = "."

    def layout(self) -> "CsvLayout":
        """Make it ready for use."""
        separator = self.separator or (";" if self.decimal == "," else ",")
        if separator == self.decimal:
            raise ConfigError(f"{separator!r} cannot part the values and be their decimal mark: change one of them")
        wanted = [name for name in self.fields if name not in SKIPPED]
        if len(set(wanted)) < len(wanted):
            raise ConfigError("a name stands twice in `fields`: each value needs a name of its own, or `-`")
        return CsvLayout(self.fields, separator, self.decimal)


class CsvLayout:
    """Cuts a line at the separator and gives each part its name."""

    def __init__(self, columns: list[str], separator: str, decimal: Decimal) -> None:
        self.names = sensors_among(name for name in columns if name not in SKIPPED)
        self.decimal: Decimal = decimal
        self._columns = columns
        self._separator = None if separator == " " else separator

    def fields(self, line: str) -> list[Field]:
        """Take one line apart; one with too few or too many values was cut or glued, and none of it is believed."""
        parts = line.split(self._separator)
        if len(parts) == len(self._columns) + 1 and not parts[-1].strip():
            del parts[-1]
        if len(parts) != len(self._columns):
            raise Unreadable("wrong number of fields")
        named = zip(self._columns, parts, strict=True)
        return list(arranged({name: part.strip() for name, part in named if name not in SKIPPED}))
