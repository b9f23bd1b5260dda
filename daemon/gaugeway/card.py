"""Explicit registration of plugins: a decorator leaves a card on a class or function."""

from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

import msgspec

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
