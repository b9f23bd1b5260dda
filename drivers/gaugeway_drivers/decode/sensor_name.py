"""How a sensor's name is made of the levels of a topic, the fields of a payload and fixed text."""

import re
from collections.abc import Callable, Sequence
from typing import Final, Literal

from gaugeway import ConfigError
from gaugeway_drivers.decode.json_path import json_path

LEVEL: Final = re.compile(r"topic\[(-?\d{1,5})\]")
HOLE: Final = re.compile(r"\{([^{}]*)\}")

Part = str | int | Callable[[object, str], object]
"""Fixed text, the number of a topic's level, or a look at the document and the name of one of its members."""


class SensorName:
    """A name with holes: `topic[1]`, `model`, or with text around them `{topic[1]}_{channel}`.

    Levels of a topic are counted from 0, those before its end from -1. In braces stands a level, a place in the
    document, or `field`, the name of the member that holds the value. Text without braces is a level, or else what
    `plain` says: a place in the document, or the name itself.
    """

    def __init__(self, text: str, *, plain: Literal["place", "name"]) -> None:
        self.parts = _parts(text, plain)
        self.levels = [part for part in self.parts if isinstance(part, int)]
        self.of_topic_alone = not any(callable(part) for part in self.parts)
        self.has_field = "{field}" in text

    def of(self, levels: Sequence[str], document: object = None, field: str = "") -> str:
        """Return the name that a message gives, empty where the topic or the document lacks a part of it."""
        words = [_word(part, levels, document, field) for part in self.parts]
        return "".join(words) if all(words) else ""

    def fits(self, levels: Sequence[str]) -> bool:
        """Tell whether a topic has all the levels that this name looks at."""
        return all(-len(levels) <= level < len(levels) for level in self.levels)


def _word(part: Part, levels: Sequence[str], document: object, field: str) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, int):
        return levels[part] if -len(levels) <= part < len(levels) else ""
    found = part(document, field)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _parts(text: str, plain: Literal["place", "name"]) -> list[Part]:
    if not text:
        raise ConfigError("the name of a sensor is empty: write a place, a level such as topic[1], or a text")
    if "{" not in text and "}" not in text:
        return [_place(text) if plain == "place" or text.startswith("topic[") else text]
    pieces = HOLE.split(text)
    if any("{" in piece or "}" in piece for piece in pieces[::2]):
        raise ConfigError(f"cannot read the template {text!r}: each place stands in braces, like {{model}}-{{id}}")
    return [_place(piece) if at % 2 else piece for at, piece in enumerate(pieces) if piece or at % 2]


def _place(text: str) -> Part:
    level = LEVEL.fullmatch(text)
    if level:
        return int(level[1])
    if text == "field":
        return lambda _, field: field
    look = json_path(text)
    return lambda document, _: look(document)
