"""The configuration as JSON Schema, for editors that complete and check as people type."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, cast

import msgspec

from gaugeway.config.sections.keys import keys
from gaugeway.config.sections.setting import Setting
from gaugeway.config.shapes.shape import Schema
from gaugeway.registry import Registry

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
LARGE: Final = 300
FILLED: Final[Schema] = {"type": "string", "pattern": r"\{.+\}"}
PLAIN: Final = ("integer", "number", "boolean")
TABLES: Final = ("properties", "$defs")
LISTS: Final = ("anyOf", "allOf", "prefixItems")
SINGLE: Final = ("items", "additionalProperties", "if", "then", "else")


def schema_text(registry: Registry) -> str:
    """Return the JSON Schema as it stands in a file."""
    return msgspec.json.format(msgspec.json.encode(schema(registry)), indent=1).decode() + "\n"


def schema(registry: Registry) -> Schema:
    """Return the JSON Schema of a configuration, with the options of all plugins that can be used."""
    return {
        "$schema": DIALECT,
        "title": "A gaugeway configuration",
        **_shared(_fillable(keys(Setting(registry)).schema())),
    }


def _within(part: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """Return a schema with every schema directly within it changed."""
    found = dict(part)
    for name, inner in part.items():
        if name in TABLES and isinstance(inner, dict):
            found[name] = {key: change(one) for key, one in cast("dict[str, Schema]", inner).items()}
        elif name in LISTS and isinstance(inner, list):
            found[name] = [change(one) for one in cast("list[Schema]", inner)]
        elif name in SINGLE and isinstance(inner, dict):
            found[name] = change(cast("Schema", inner))
    return found


def _fillable(part: Schema) -> Schema:
    """Let a number be filled in: by a name in braces that `each` has, or by a variable of the environment."""
    found = _within(part, _fillable)
    if found.get("type") not in PLAIN:
        return found
    told: Schema = {name: found.pop(name) for name in ("description", "examples", "default") if name in found}
    return {**told, "anyOf": [found, FILLED]}


def _shared(body: Schema) -> Schema:
    """Write large parts that come more than once only once."""
    counts = Counter(text for text, _ in _large(body))
    twice = [text for text, count in counts.items() if count > 1]
    names = {text: f"part{number}" for number, text in enumerate(twice, 1)}

    def referring(part: Schema) -> Schema:
        name = names.get(_text(part))
        return _within(part, referring) if name is None else {"$ref": f"#/$defs/{name}"}

    parts = {text: part for text, part in _large(body) if text in names}
    defined = {names[text]: _within(part, referring) for text, part in parts.items()}
    return {**_within(body, referring), "$defs": defined}


def _large(part: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield every large schema within one, with its text."""
    inner: list[Schema] = []

    def note(one: Schema) -> Schema:
        inner.append(one)
        return one

    _within(part, note)
    for one in inner:
        text = _text(one)
        if len(text) > LARGE:
            yield text, one
            yield from _large(one)


def _text(part: Schema) -> str:
    return msgspec.json.encode(part).decode()
