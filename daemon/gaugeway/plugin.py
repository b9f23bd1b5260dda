"""One plugin, whoever wrote it: found, held against the contract, asked for its options, made."""

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from types import SimpleNamespace
from typing import Final, cast, get_type_hints

import msgspec

from gaugeway.adapters import Each, ReadingStage, SinkFunction, SourceFunction
from gaugeway.card import Card, Role, card_of
from gaugeway.contain import Blamed
from gaugeway.contract import StageFunction
from gaugeway.errors import PluginError
from gaugeway.sensor import Kind
from gaugeway.signature import REQUIRED, Parameter, is_asynchronous, is_generator, parameters_of

METHOD: Final[Mapping[Role, str]] = {
    "source": "stream",
    "stage": "process",
    "sink": "consume",
    "behaviour": "wrap",
}
INJECTED: Final = frozenset({"site"})
OURS: Final = "package gaugeway"
"""The origin of what comes with gaugeway."""


class Option(msgspec.Struct, frozen=True):
    """One keyword argument of a plugin: its annotation is its schema."""

    name: str
    annotation: object
    default: object = REQUIRED

    @property
    def required(self) -> bool:
        """Whether the plugin has no default for it."""
        return self.default is REQUIRED


class Refusal(msgspec.Struct, frozen=True):
    """A plugin that is not there, and why."""

    role: Role | None
    name: str
    origin: str
    reason: str

    def __str__(self) -> str:
        return f"{self.role or 'plugin'} '{self.name}' ({self.origin}): {self.reason}"


class Plugin:
    """One plugin: where it is from, and, once asked, the object itself with its card and options.

    Nothing is imported before `target` is asked for. What does not keep the contract raises `PluginError`, with
    the reason, at every question.
    """

    def __init__(self, role: Role, name: str, origin: str, load: Callable[[], object]) -> None:
        self.role: Role = role
        self.name = name
        self.origin = origin
        self._load = load

    @property
    def built_in(self) -> bool:
        """Whether it comes with gaugeway."""
        return self.origin == OURS

    @cached_property
    def target(self) -> Callable[..., object]:
        """The class or function, imported and held against the contract."""
        with Blamed("cannot be imported"):
            found = self._load()
        if not callable(found):
            raise PluginError(f"is no class and no function but a {type(found).__name__}")
        self._hold_against_contract(found)
        return found

    def _hold_against_contract(self, found: Callable[..., object]) -> None:
        card = card_of(found)
        if card is not None and card.role != self.role:
            raise PluginError(f"is registered as a {card.role}, and is no {self.role}")
        if isinstance(found, type):
            self._hold_class_against_contract(found, METHOD[self.role])
        elif self.role == "behaviour":
            raise PluginError("is a function; a behaviour is a class with the method wrap()")
        elif self.role == "source" and not is_generator(found):
            raise PluginError("is a function that yields nothing; a source yields readings")
        elif is_asynchronous(found):
            raise PluginError("is asynchronous; it is called from a thread")

    def _hold_class_against_contract(self, found: object, method: str) -> None:
        call: object = getattr(found, method, None)
        if not callable(call) or getattr(call, "__isabstractmethod__", False):
            raise PluginError(f"lacks the method {method}()")
        if is_asynchronous(call):
            raise PluginError(f"has an asynchronous {method}(); it is called from a thread")
        if self.role == "source" and hasattr(found, "commit") and not getattr(found, "ticks", False):
            raise PluginError("has commit() but does not say `ticks = True`: what may be acknowledged is not known")

    @cached_property
    def card(self) -> Card:
        """What the plugin says of itself."""
        card = card_of(self.target) or Card(role=self.role, name=self.name)
        if not card.description:
            first = (self.target.__doc__ or "").strip().partition("\n")[0]  # its own, not an inherited one
            card = msgspec.structs.replace(card, description=first)
        return card

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of sensor it is for."""
        return self.card.kinds

    @property
    def description(self) -> str:
        """One line about it."""
        return self.card.description

    @property
    def version(self) -> str:
        """The version it states, if any."""
        return self.card.version

    @cached_property
    def options(self) -> Mapping[str, Option]:
        """The options it accepts, in the order of its signature."""
        found: dict[str, Option] = {}
        parameters = self._parameters()
        hints = self._hints(parameters)
        for parameter in parameters:
            if parameter.fault:
                raise PluginError(parameter.fault)
            if parameter.name not in INJECTED:
                found[parameter.name] = Option(parameter.name, hints[parameter.name], parameter.default)
        return found

    @cached_property
    def wants_site(self) -> bool:
        """Whether it has a keyword `site`."""
        return any(parameter.name in INJECTED for parameter in self._parameters())

    def check(self) -> None:
        """Raise `PluginError` where the plugin cannot be used: its import, its contract, its signature."""
        self.options  # noqa: B018  (computed once, and all that can be wrong shows on the way)

    @property
    def ticks(self) -> str | bool | None:
        """What the class says of ticks; None where it says nothing."""
        whole: object = self.target
        if self.role == "stage" and (not isinstance(whole, type) or issubclass(whole, ReadingStage)):
            return Each.ticks
        said: str | bool | None = getattr(self.target, "ticks", None)
        return said

    def make(self, **options: object) -> object:
        """Return the plugin with its options, as an object that keeps the contract of its role."""
        if isinstance(self.target, type):
            made = self.target(**options)
            return Each(made.process, made) if isinstance(made, ReadingStage) else made
        if self.role == "source":
            return SourceFunction(self.target, options)
        if self.role == "sink":
            return SinkFunction(self.target, options)
        function = cast("StageFunction", self.target)
        return Each(partial(function, **options) if options else function)

    def _parameters(self) -> list[Parameter]:
        target = self.target
        with Blamed("has a signature that cannot be read"):
            parameters = parameters_of(target)
        given_by_engine = 0 if isinstance(target, type) or self.role == "source" else 1
        if len(parameters) < given_by_engine:
            raise PluginError(f"takes no argument; a {self.role} is handed readings")
        return parameters[given_by_engine:]

    def _hints(self, parameters: Iterable[Parameter]) -> Mapping[str, object]:
        """Return the annotations of the options; those of the rest need not be readable while running."""
        call = getattr(self.target, "__init__", None) if isinstance(self.target, type) else self.target
        names: dict[str, object] | None = getattr(call, "__globals__", None)
        options = SimpleNamespace(__annotations__={one.name: one.annotation for one in parameters})
        with Blamed("has an annotation that cannot be read"):
            hints: Mapping[str, object] = get_type_hints(
                options, vars(sys.modules[self.target.__module__]) if names is None else names, include_extras=True
            )
        return hints
