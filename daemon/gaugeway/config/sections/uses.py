"""Plugins in a list: stages and behaviours, each its name, or its name with its options."""

from collections.abc import Mapping as Table
from typing import Final, cast

import msgspec

from gaugeway.config.sections.plugins import Plugins
from gaugeway.config.shapes.collections import ListShape
from gaugeway.config.shapes.record import Field, Record
from gaugeway.config.shapes.scalars import Text
from gaugeway.config.shapes.shape import Schema, refuse
from gaugeway.config.text.nodes import Entry, Mapping, Node, Scalar
from gaugeway.config.text.review import WRONG, Review, Wrong
from gaugeway.errors import Place
from gaugeway.plan import Use
from gaugeway.plugin import Plugin
from gaugeway.registry import Registry

SELECT: Final = Field(
    name="select",
    shape=ListShape(Text(least=1), tuple, single=True),
    description="The sensors it applies to: names, globs and kinds; all where it is left out.",
    examples=(["temperature"], ["boiler_*", "hall_temp"]),
)


class Part:
    """One stage or behaviour in a list: its name, or its name with its options."""

    def __init__(self, plugins: Plugins, beside: Table[str, Field]) -> None:
        self.plugins = plugins
        self.beside = beside

    @property
    def words(self) -> str:
        """What is allowed."""
        role = self.plugins.role
        return f"the name of a {role}, or its name with its options"

    def read(self, node: Node, review: Review) -> "Found | Wrong":
        """Return the plugin with its options, and the engine's keys apart from them."""
        if isinstance(node, Scalar):
            plugin = self.plugins.named(node, review)
            empty = Mapping(node.text, node.line, node.column, node.width)
            return WRONG if plugin is None else self._use(plugin, node, empty, {}, review)
        if not isinstance(node, Mapping):
            return refuse(node, review, self.words)
        return self._written_out(node, review)

    def _written_out(self, node: Mapping, review: Review) -> "Found | Wrong":
        own = [entry for entry in node if entry.key.value not in self.beside]
        if not own:
            return review.error(
                node,
                f"this names no {self.plugins.role}",
                f"write {{name: {{…}}}}; there is {', '.join(self.plugins.names())}",
            )
        plugin = self.plugins.named(own[0].key, review)
        if plugin is None:
            return WRONG
        if len(own) > 1:
            return self._two(plugin, own[1], review)
        options = own[0].value
        if isinstance(options, Scalar) and options.empty:
            options = Mapping(options.text, options.line, options.column, options.width)
        if not isinstance(options, Mapping):
            with review.inside(plugin.name, own[0].key):
                first = next(iter(plugin.options), None)
                hint = f"did you mean {{{first}: {options.echo}}}?" if first and isinstance(options, Scalar) else ""
                return refuse(options, review, f"a mapping of the options of {plugin.name}", hint)
        outside = {entry.key.value: entry for entry in node if entry is not own[0]}
        return self._use(plugin, own[0].key, options, outside, review)

    def _two(self, plugin: Plugin, second: Entry, review: Review) -> Wrong:
        name = second.key.value
        if name in plugin.options:
            return review.error(second.key, f"'{name}' belongs under '{plugin.name}'", "indent it further")
        hint = "begin it with a dash of its own" if name in self.plugins.names() else ""
        return review.error(second.key, f"'{plugin.name}' and '{name}' stand in one item of the list", hint)

    def _use(
        self, plugin: Plugin, at: Scalar, options: Mapping, outside: dict[str, Entry], review: Review
    ) -> "Found | Wrong":
        fields = [
            *self.plugins.fields(plugin),
            *(field for name, field in self.beside.items() if name not in plugin.options),
        ]
        keys = Record(self.beside.values())
        with review.inside(plugin.name, at):
            inside = Record(fields, f"for {self.plugins.role} '{plugin.name}'").read(options, review)
            apart = keys.read(msgspec.structs.replace(options, entries=outside), review)
        if isinstance(inside, Wrong) or isinstance(apart, Wrong):
            return WRONG
        mine = {name: inside.pop(name) for name in self.beside if name in inside and name not in plugin.options}
        written = msgspec.structs.replace(options, entries=options.entries | outside)
        return Found(plugin, at, written, inside, mine | apart)

    def schema(self) -> Schema:
        """Describe it to editors."""
        alone: list[str] = []
        written: Schema = {}
        for plugin in self.plugins.registry.usable(self.plugins.role):
            fields = self.plugins.fields(plugin)
            record = Record([*fields, *(field for name, field in self.beside.items() if name not in plugin.options)])
            if not any(field.required for field in fields):
                alone.append(plugin.name)
            written[plugin.name] = {**record.schema(), "type": ["object", "null"], "description": plugin.description}
        beside = {name: field.schema() for name, field in self.beside.items()}
        whole: Schema = {"type": "object", "properties": {**written, **beside}, "additionalProperties": False}
        return {"if": {"type": "string"}, "then": {"enum": alone}, "else": whole}


class Found(msgspec.Struct, frozen=True):
    """A plugin of a list, its options, and what the engine was told beside them."""

    plugin: Plugin
    at: Scalar
    written: Mapping
    options: dict[str, object]
    keys: dict[str, object]

    @property
    def place(self) -> Place | None:
        """Where its name stands."""
        return self.at.problem("").place

    def node(self, key: str) -> Node:
        """Return where a key's value stands; the plugin's name where there is no such key."""
        return self.written.get(key) or self.at


def behaviours(registry: Registry) -> ListShape:
    """Return the shape of `with:`, the behaviours around a source, a stage or a sink."""
    return ListShape(Part(Plugins("behaviour", registry), {}), tuple, single=True)


def around(keys: Table[str, object]) -> tuple[Found, ...]:
    """Return the behaviours that `with` names."""
    return cast("tuple[Found, ...]", keys.get("with", ()))


def wrapped_in(keys: Table[str, object]) -> tuple[Use, ...]:
    """Return what `with` says, as uses of plugins."""
    return tuple(
        Use(type=found.plugin.name, id=found.plugin.name, options=found.options, place=found.place)
        for found in around(keys)
    )


def chosen_sensors(keys: Table[str, object]) -> tuple[str, ...]:
    """Return what `select` says."""
    return cast("tuple[str, ...]", keys.get("select", ()))
