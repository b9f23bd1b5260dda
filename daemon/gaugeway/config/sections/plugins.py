"""Plugins as the file names them: found by name, their options as the keys of a mapping."""

from collections.abc import Sequence as Row
from typing import Final

from gaugeway.card import Role
from gaugeway.config.shapes.annotation import field_of
from gaugeway.config.shapes.record import Field
from gaugeway.config.shapes.shape import refuse
from gaugeway.config.text.nearest import listed, nearest
from gaugeway.config.text.nodes import Node, Scalar
from gaugeway.config.text.review import Review
from gaugeway.errors import PluginError
from gaugeway.plugin import Plugin
from gaugeway.registry import Registry

SHOWN: Final = 16


class Plugins:
    """The plugins that a file may name, for one role."""

    def __init__(self, role: Role, registry: Registry) -> None:
        self.role: Role = role
        self.registry = registry

    def names(self) -> list[str]:
        """Return the names that may be written."""
        return sorted(self.registry.names(self.role))

    def named(self, node: Node, review: Review) -> Plugin | None:
        """Return the plugin that a node names, imported and fit for use; otherwise the review is told."""
        if not isinstance(node, Scalar) or node.empty:
            refuse(node, review, f"the name of a {self.role}", self._there_is())
            return None
        plugin = self.registry.find(self.role, node.value)
        if plugin is None:
            review.error(node, f"unknown {self.role} type '{node.echo}'", self._meant(node.value))
            return None
        return plugin if self._usable(plugin, node, review) else None

    def fields(self, plugin: Plugin, leave_out: Row[str] = ()) -> list[Field]:
        """Return the plugin's options as fields."""
        return [
            field_of(option.name, option.annotation, option.default, required=option.required)
            for option in plugin.options.values()
            if option.name not in leave_out
        ]

    def usable(self, plugin: Plugin) -> bool:
        """Tell whether a plugin can be used."""
        return self._fault(plugin) is None

    def _usable(self, plugin: Plugin, node: Node, review: Review) -> bool:
        fault = self._fault(plugin)
        if fault is not None:
            where = f"the {self.role} type '{plugin.name}' from {plugin.origin}"
            review.error(node, f"{where} cannot be used: it {fault}")
        return fault is None

    def _fault(self, plugin: Plugin) -> str | None:
        try:
            plugin.check()
            self.fields(plugin, ("sensors",))
        except PluginError as error:
            return str(error)
        return None

    def _meant(self, name: str) -> str:
        guess = nearest(name, self.registry.names(self.role))
        if guess:
            return f"did you mean '{guess}'?"
        for refusal in self.registry.refusals:
            if refusal.name == name and refusal.role in (self.role, None):
                return f"it was found and refused: {refusal.reason}"
        other = next((role for role in ROLES if self.registry.find(role, name)), None)
        return f"'{name}' is a {other}" if other else self._there_is()

    def _there_is(self) -> str:
        names = self.names()
        more = f" and {len(names) - SHOWN} more: see gaugeway plugins" if len(names) > SHOWN else ""
        return f"there is {listed(names[:SHOWN])}{more}"


ROLES: Final[tuple[Role, ...]] = ("source", "stage", "sink", "behaviour")
