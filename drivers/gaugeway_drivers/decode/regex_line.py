"""Lines of any other shape, described by a regular expression with named groups."""

import re
from collections.abc import Iterator
from typing import Annotated

import msgspec

from gaugeway import ConfigError, Meta
from gaugeway_drivers.decode.field import Field, Unreadable, arranged, sensors_among
from gaugeway_drivers.decode.number import Decimal


class RegexLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="regex"):
    """A regular expression whose named groups are sensors."""

    pattern: Annotated[
        str,
        Meta(
            min_length=1,
            description="Looked for anywhere in the line. Each named group is a sensor; `time` is the device's time. "
            "With the groups `sensor` and `value`, every match in the line names its sensor. "
            "Avoid repeats of repeats like (a+)+, they can take very long.",
            examples=["T=(?P<boiler_temp>[-0-9.]+)"],
        ),
    ]
    decimal: Annotated[Decimal, Meta(description="The decimal mark.")] = "."

    def layout(self) -> "RegexLayout":
        """Make it ready for use."""
        try:
            pattern = re.compile(self.pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise ConfigError(f"the pattern {self.pattern!r} is no regular expression: {error}") from None
        if not pattern.groupindex:
            raise ConfigError(
                f"the pattern {self.pattern!r} names no sensor: write a group like (?P<boiler_temp>[-0-9.]+)"
            )
        return RegexLayout(pattern, self.decimal)


class RegexLayout:
    """Looks for the pattern and yields its named groups."""

    def __init__(self, pattern: re.Pattern[str], decimal: Decimal) -> None:
        self.names = sensors_among(pattern.groupindex)
        self.decimal: Decimal = decimal
        self._pattern = pattern

    def fields(self, line: str) -> Iterator[Field]:
        """Take one line apart; a group that took no part in the match is no field."""
        matched = False
        for match in self._pattern.finditer(line):
            matched = True
            yield from arranged({name: part for name, part in match.groupdict().items() if part is not None})
            if self.names is not None:
                return
        if not matched:
            raise Unreadable("no match")
