"""A place in a JSON document, written `a.b[0].c`, compiled once to a function that looks there."""

import re
from collections.abc import Callable
from typing import Final, TypeGuard

from gaugeway import ConfigError

Getter = Callable[[object], object]

MISSING: Final = object()
"""What a getter returns where the document has no such place; None is a JSON null."""

STEP: Final = re.compile(
    r"""(?: (?:^|(?<!^)\.) (?P<key>[^.\[\]"]+)  # a name, alone or after a dot
          | \[ (?P<index>-?\d{1,9}) \]              # [0], or [-1] for the last
          | \[" (?P<quoted>[^"]+) "\] )             # ["a name.with dots"]
    """,
    re.VERBOSE,
)


def json_path(path: str) -> Getter:
    """Compile `path`; the getter returns what stands there in a decoded document, or MISSING.

    Names are parted by dots, `[0]` counts in a list from its start and `[-1]` from its end, and a name that itself
    holds dots or brackets is written `["a.b"]`. ConfigError where the path cannot be read.
    """
    steps = _steps(path)
    first = steps[0]
    if len(steps) == 1 and isinstance(first, str):
        return _named(first)

    def get(document: object) -> object:
        for step in steps:
            document = _stepped(document, step)
        return document

    return get


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    at = 0
    while at < len(path):
        found = STEP.match(path, at)
        if found is None:
            break
        index = found["index"]
        steps.append(found["key"] or found["quoted"] if index is None else int(index))
        at = found.end()
    if not steps or at < len(path):
        raise ConfigError(f"cannot read the JSON path {path!r}: write it like 'outer.inner' or 'list[0].name'")
    return steps


def _named(key: str) -> Getter:
    def get(document: object) -> object:
        return document.get(key, MISSING) if is_object(document) else MISSING

    return get


def _stepped(document: object, step: str | int) -> object:
    if isinstance(step, str):
        return document.get(step, MISSING) if is_object(document) else MISSING
    if is_array(document) and -len(document) <= step < len(document):
        return document[step]
    return MISSING


def is_object(document: object) -> TypeGuard[dict[str, object]]:
    """Tell whether a decoded document is a JSON object."""
    return isinstance(document, dict)


def is_array(document: object) -> TypeGuard[list[object]]:
    """Tell whether a decoded document is a JSON array."""
    return isinstance(document, list)
