"""Sources and sinks: a mapping of ids to plugins, each named by its `type`."""

from collections.abc import Callable, Container, Iterable
from typing import Generic, TypeVar

import msgspec

from gaugeway.card import Role
from gaugeway.config.sections.names import check_name
from gaugeway.config.sections.plugins import Plugins
from gaugeway.config.sections.setting import Setting
from gaugeway.config.sections.strays import taken_in
from gaugeway.config.sections.templates import EACH, LIKE, repetition, with_repetition
from gaugeway.config.shapes.annotation import struct_shape
from gaugeway.config.shapes.choice import Choice
from gaugeway.config.shapes.record import Field, Record
from gaugeway.config.shapes.shape import Schema, by_tag, refuse
from gaugeway.config.text.nearest import nearest
from gaugeway.config.text.nodes import Entry, Mapping, Node, Scalar
from gaugeway.config.text.review import Review, Wrong
from gaugeway.errors import Place
from gaugeway.plan import Retry
from gaugeway.plugin import Plugin

T = TypeVar("T")
RETRY = Field(name="retry", shape=struct_shape(Retry, "of retry"), description="How it is tried again after a failure.")


class Given(msgspec.Struct, frozen=True):
    """One entry as it was read: the plugin, its own options, and the engine's keys."""

    id: str
    plugin: Plugin
    options: dict[str, object]
    keys: dict[str, object]
    key: Scalar
    written: Mapping

    @property
    def place(self) -> Place | None:
        """Where its id stands."""
        return self.key.problem("").place

    def node(self, name: str) -> Node:
        """Return where a key's value stands; the id where there is no such key."""
        return self.written.get(name) or self.key


class EntriesShape(Generic[T]):
    """A mapping of ids to plugins of one role; `own` are the keys that each takes besides the plugin's options."""

    def __init__(
        self, role: Role, setting: Setting, own: Callable[[Plugin], Iterable[Field]], make: Callable[[Given], T]
    ) -> None:
        self.plugins = Plugins(role, setting.registry)
        self.setting = setting
        self.own = own
        self.make = make

    @property
    def words(self) -> str:
        """What is allowed."""
        return f"a mapping of names to {self.plugins.role}s"

    def read(self, node: Node, review: Review) -> tuple[T, ...] | Wrong:
        """Return what is made of those entries that are well."""
        role = self.plugins.role
        if not isinstance(node, Mapping):
            return refuse(
                node,
                review,
                self.words,
                f"write a name of your choice, and under it 'type: …' and the options of the {role}",
            )
        entries = self.setting.templates.entries(node, review)
        entries = taken_in(entries, lambda entry: self._is_own(entry, review), self._keys, review)
        found = [self._entry(entry, review) for entry in entries]
        return tuple(self.make(given) for given in found if given is not None)

    def _is_own(self, entry: Entry, review: Review) -> bool:
        return self._type(entry.value) is not None or entry.key.value in review.file_keys

    def _keys(self, entry: Entry) -> Container[str]:
        """Return the keys that an entry may hold, as far as its type is known."""
        kind = self._type(entry.value)
        name = kind.value.value if kind is not None and isinstance(kind.value, Scalar) else ""
        plugin = self.plugins.registry.find(self.plugins.role, name)
        return () if plugin is None or not self.plugins.usable(plugin) else self.record(plugin).fields

    def _entry(self, entry: Entry, review: Review) -> Given | None:
        named = check_name(self.plugins.role, entry.key, review, of=entry.value)
        with review.inside(entry.key.value, entry.key):
            given = self._given(entry, review)
        return given if named else None

    def _given(self, entry: Entry, review: Review) -> Given | None:
        node = entry.value
        if self._type(node) is None and review.is_of_the_file(entry.key, f"a {self.plugins.role}"):
            return None
        if not isinstance(node, Mapping):
            refuse(node, review, f"a mapping with the options of a {self.plugins.role}", "write {type: …}")
            self.setting.census.complete = False
            return None
        plugin = self._plugin(node, review)
        if plugin is None:
            self._note_sensors(node.get("sensors"), review)
            return None
        rest = {name: other for name, other in node.entries.items() if other is not self._type(node)}
        own = {field.name: field for field in self.own(plugin)}
        record = self.record(plugin)
        values = record.read(msgspec.structs.replace(node, entries=rest), review)
        if isinstance(values, Wrong):
            return None
        keys = {name: values.pop(name) for name in own if name in values}
        return Given(entry.key.value, plugin, values, keys, entry.key, node)

    def _note_sensors(self, node: Node | None, review: Review) -> None:
        """Let what refers to the sensors of a source that cannot be read find them all the same."""
        if isinstance(node, Mapping):
            for entry in self.setting.templates.entries(node, review):
                self.setting.census.enter(entry, None, review)
        elif self.plugins.role == "source":
            self.setting.census.complete = False

    def record(self, plugin: Plugin) -> Record:
        """Return the keys that an entry of this type takes, `type` apart."""
        own = list(self.own(plugin))
        fields = self.plugins.fields(plugin, [field.name for field in own])
        return Record([*fields, *own], f"for {self.plugins.role} type '{plugin.name}'", (LIKE, EACH))

    @staticmethod
    def _type(node: Node) -> Entry | None:
        if not isinstance(node, Mapping):
            return None
        exact = node.entries.get("type")
        near = (other for other in node if nearest(other.key.value, ["type"]))
        return exact if exact is not None else next(near, None)

    def _plugin(self, node: Mapping, review: Review) -> Plugin | None:
        entry = self._type(node)
        role = self.plugins.role
        if entry is None and (slip := next((other for other in node if nearest(other.key.value, [LIKE])), None)):
            review.error(
                slip.key, f"unknown option '{slip.key.echo}' of {role} {review.subject}", f"did you mean '{LIKE}'?"
            )
            return None
        if entry is None:
            names = ", ".join(self.plugins.names())
            review.error(
                review.place or node, f"{role} {review.subject} has no 'type'", f"add 'type: …', one of {names}"
            )
            return None
        if entry.key.value != "type":
            review.error(
                entry.key, f"unknown option '{entry.key.echo}' of {role} {review.subject}", "did you mean 'type'?"
            )
        with review.inside("type", entry.key):
            return self.plugins.named(entry.value, review)

    def schema(self) -> Schema:
        """Describe it to editors: what else an entry takes depends on its type, which a template may give."""
        kinds: dict[str, Schema] = {}
        for plugin in self.plugins.registry.usable(self.plugins.role):
            kinds[plugin.name] = {**with_repetition(self.record(plugin).schema()), "description": plugin.description}
        alike: Schema = {"type": "object", "properties": repetition()}
        entry: Schema = {"if": {"required": [LIKE]}, "then": alike, "else": by_tag("type", kinds)}
        return {"type": "object", "additionalProperties": entry}

    def kind(self) -> Choice:
        """Return the shape of `type`."""
        return Choice({name: name for name in self.plugins.names()})
