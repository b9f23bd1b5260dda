"""The YAML parser: its events, and whether a text has any at all."""

from collections.abc import Iterator
from typing import Final

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent, Event

LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST: Final = 40


def events(content: str) -> Iterator[Event]:
    """Yield the events of a text; `yaml.MarkedYAMLError` where it is no YAML."""
    found: Iterator[Event] = yaml.parse(content, Loader=LOADER)
    return found


def first_fault(content: str) -> int | None:
    """Return the line, counted from 0, where the parser gives up; None where it does not."""
    depth = line = 0
    try:
        for event in events(content):
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            line = event.start_mark.line if event.start_mark else line
            if depth > DEEPEST:
                return line
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return mark.line if mark else 0
    except yaml.YAMLError:
        return 0
    return None
