"""A text with gaps, `{message}` or `{value:.1f}`, that are filled from an event."""

import re
import string
from typing import Final, cast

from gaugeway import ConfigError
from gaugeway_sinks.alarms.alarm.event import Event

FIELDS: Final = frozenset((
    "id", "node", "rule", "sensor", "event", "occurrence", "condition", "severity", "value", "unit", "quality", "op",
    "threshold", "clear_at", "peak", "samples", "first_crossed", "raised", "cleared", "emitted", "message",
))  # fmt: skip

UNFIT: Final = re.compile(r"\d{4}|{")
"""Widths that no text has, and gaps in gaps."""


class Template:
    """Knows its gaps beforehand: a wrong one is found when it is made, and a filled one never fails.

    A gap can hold what an event says and nothing that leads further, no attribute and no index.
    """

    def __init__(self, option: str, text: str) -> None:
        try:
            self.parts = tuple(string.Formatter().parse(text))
        except ValueError as error:
            raise ConfigError(
                f"'{option}' cannot be read: {error}; a brace that is meant is written twice, as in {{{{"
            ) from None
        for _, field, form, conversion in self.parts:
            if field is not None and field not in FIELDS:
                raise ConfigError(f"'{option}': there is no {{{field}}}; there is {', '.join(sorted(FIELDS))}")
            if conversion or not (form is None or _is_form(form)):
                raise ConfigError(f"'{option}': {{{field}}} is formatted like {{value:.1f}}, and not '{form}'")

    @property
    def fixed(self) -> bool:
        """Whether there is no gap."""
        return all(field is None for _, field, _, _ in self.parts)

    def fill(self, event: Event) -> str:
        """Return the text for one event; what it does not have is left empty."""
        return "".join(
            literal + ("" if field is None else _shown(getattr(event, field), form or ""))
            for literal, field, form, _ in self.parts
        )


def _is_form(form: str) -> bool:
    """Tell whether a number, a whole number or a text can be formatted like that."""
    return not UNFIT.search(form) and any(_formatted(sample, form) is not None for sample in (1.0, 1, "text"))


def _formatted(value: float | str, form: str) -> str | None:
    try:
        return format(value, form)
    except ValueError:
        return None


def _shown(value: object, form: str) -> str:
    """Return a value as it is to be formatted, or, where that is not possible, as it is."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return " to ".join(_shown(limit, form) for limit in cast("tuple[object, ...]", value))
    formatted = _formatted(value, form) if isinstance(value, int | float | str) else None
    return str(value) if formatted is None else formatted
