"""Explicit registration of plugins, and the class for who prefers to inherit."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Literal, TypeVar

import msgspec

from gaugeway.reading import Reading, Tick
from gaugeway.sensor import Kind

Role = Literal["source", "stage", "sink", "behaviour"]
CARD = "__gaugeway__"
T = TypeVar("T", bound=Callable[..., object])


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a plugin says of itself. The description defaults to the first line of its docstring."""

    role: Role
    name: str
    kinds: tuple[Kind, ...] = ("any",)
    description: str = ""
    version: str = ""


def card_of(plugin: object) -> Card | None:
    """Return the card that a decorator left on a class or function, not one that it inherited."""
    own: Mapping[str, object] = getattr(plugin, "__dict__", {})
    card = own.get(CARD)
    return card if isinstance(card, Card) else None


def _registrar(role: Role) -> Callable[..., Callable[[T], T]]:
    def register(
        name: str, *, kinds: tuple[Kind, ...] = ("any",), description: str = "", version: str = ""
    ) -> Callable[[T], T]:
        card = Card(role=role, name=name, kinds=kinds, description=description, version=version)

        def mark(plugin: T) -> T:
            setattr(plugin, CARD, card)
            return plugin

        return mark

    return register


source = _registrar("source")
stage = _registrar("stage")
sink = _registrar("sink")
behaviour = _registrar("behaviour")


class ReadingStage(ABC):
    """A stage for those who like to inherit: `process` takes one reading and returns it, or None to drop it."""

    @abstractmethod
    def process(self, reading: Reading) -> Reading | None:
        """Return the reading, changed or not, or None to leave it out."""


def each(change: Callable[[Reading], Reading | None]) -> "Each":
    """Make a stage of a plain function."""
    return Each(change)


class Each:
    """Adapts a per-reading function to the stage contract; ticks go by it."""

    ticks = "pass"

    def __init__(self, change: Callable[[Reading], Reading | None], holder: object = None) -> None:
        self.change = change
        self.save = getattr(holder, "save", None)
        self.restore = getattr(holder, "restore", None)

    def process(self, stream: Iterator[Reading | Tick]) -> Iterator[Reading | Tick]:
        """Yield what the function returns."""
        change = self.change
        for reading in stream:
            if isinstance(reading, Tick):
                yield reading
                continue
            changed = change(reading)
            if changed is not None:
                yield changed
            elif reading.fate is None:
                reading.drop("returned nothing")


class SourceFunction:
    """Adapts a generator function to the source contract."""

    def __init__(self, function: Callable[..., object], options: Mapping[str, object]) -> None:
        self.stream = partial(function, **options)
        self.ticks = getattr(function, "ticks", False)
        self.live = getattr(function, "live", True)


class SinkFunction:
    """Adapts a function that takes a batch to the sink contract."""

    def __init__(self, function: Callable[..., object], options: Mapping[str, object]) -> None:
        self._function = partial(function, **options)

    def consume(self, stream: Iterable[Reading]) -> None:
        """Hand the batch to the function."""
        self._function(stream)
