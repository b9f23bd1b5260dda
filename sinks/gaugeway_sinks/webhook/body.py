"""What a request carries: an event in gaugeway's own JSON, in the shape of a preset, or in a template."""

from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from gaugeway import ConfigError
from gaugeway_sinks.alarms.alarm.event import Event
from gaugeway_sinks.announce import Template
from gaugeway_sinks.webhook.presets import RECEIVER, SHAPES, Preset

Filled = Callable[[Event], object]


class Body:
    """Turns an event into bytes; `type` says what they are."""

    def __init__(self, preset: Preset, to: str | None, template: str | Mapping[str, object] | None) -> None:
        if to is None and preset in RECEIVER:
            raise ConfigError(f"the preset '{preset}' needs to know whom it is for: write {RECEIVER[preset]} into 'to'")
        if to is not None and preset not in RECEIVER:
            raise ConfigError(f"'to' goes with the presets {', '.join(RECEIVER)}; here 'url' says whom it is for")
        if template is not None and preset != "json":
            raise ConfigError("'template' takes the place of 'preset': leave one of them out")
        self.type = "text/plain; charset=utf-8" if isinstance(template, str) else "application/json"
        self._text = Template("template", template) if isinstance(template, str) else None
        self._filled: Filled = _own if template is None else _gaps(template)
        shape = SHAPES.get(preset)
        if shape is not None:
            self._filled = lambda event: shape(event, to or "")

    def encode(self, event: Event) -> bytes:
        """Return the body for one event."""
        return self._text.fill(event).encode() if self._text else msgspec.json.encode(self._filled(event))


def _own(event: Event) -> object:
    return event


def _gaps(part: object) -> Filled:
    """Return what fills the texts within a mapping; a value that comes into one needs no quoting."""
    if isinstance(part, str):
        return Template("template", part).fill
    if isinstance(part, Mapping):
        named = {name: _gaps(each) for name, each in cast("Mapping[str, object]", part).items()}
        return lambda event: {name: fill(event) for name, fill in named.items()}
    if isinstance(part, list | tuple):
        parts = [_gaps(each) for each in cast("list[object] | tuple[object, ...]", part)]
        return lambda event: [fill(event) for fill in parts]
    return lambda _: part
