"""The name of a sensor, found in a document or made of what stands there: `{model}-{id}.{field}`."""

import re
from collections.abc import Callable

from gaugeway import ConfigError
from gaugeway_drivers.decode.field import Unreadable
from gaugeway_drivers.decode.json_path import json_path

Naming = Callable[[object, str], str]
"""From a document and the name of one of its members to the name of the sensor."""


def naming(pattern: str) -> Naming:
    """Compile where a sensor's name stands: a place, or a template like `{model}-{id}.{field}`."""
    if "{" not in pattern:
        place = json_path(pattern)
        return lambda document, _: _word(place(document))
    literals = re.split(r"\{([^{}]*)\}", pattern)
    if any("{" in part or "}" in part for part in literals):
        raise ConfigError(f"cannot read the template {pattern!r}: each place stands in braces, like {{model}}-{{id}}")
    parts = [_literal(part) if at % 2 == 0 else _place(part) for at, part in enumerate(literals)]
    return lambda document, field: "".join(part(document, field) for part in parts)


def _literal(text: str) -> Naming:
    return lambda _document, _field: text


def _place(path: str) -> Naming:
    if path == "field":
        return lambda _, field: field
    place = json_path(path)
    return lambda document, _: _word(place(document))


def _word(found: object) -> str:
    """Return what stands in a document as part of a name."""
    if isinstance(found, str | int) and not isinstance(found, bool) and found != "":
        return str(found)
    raise Unreadable("no sensor name")
