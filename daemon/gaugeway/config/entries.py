"""Sources and sinks: a mapping of ids to plugins, each named by its `type`."""

from collections.abc import Callable, Container, Iterable
from functools import partial
from typing import Annotated, Final, Generic, TypeVar, cast

import msgspec
from msgspec import Meta

from gaugeway.config.chain import SELECT, ChainShape, Stage, behaviours, chosen_sensors, wrapped_in
from gaugeway.config.names import check_name
from gaugeway.config.nearest import nearest
from gaugeway.config.nodes import Entry, Mapping, Node, Scalar
from gaugeway.config.plugins import Plugins
from gaugeway.config.review import Review, Wrong
from gaugeway.config.sensors import SensorsShape, sensor_struct
from gaugeway.config.setting import Setting
from gaugeway.config.shapes.annotation import struct_shape
from gaugeway.config.shapes.choice import Choice
from gaugeway.config.shapes.record import Field, Record, StructShape, build
from gaugeway.config.shapes.shape import Schema, refuse
from gaugeway.config.strays import taken_in
from gaugeway.config.templates import EACH, LIKE, repetition, with_repetition
from gaugeway.errors import Place
from gaugeway.plan import Buffer, OnError, PipelinePlan, Retry, SinkUse, SourceUse
from gaugeway.plugin import Role
from gaugeway.registry import Plugin
from gaugeway.sensor import Sensor, Sensors

T = TypeVar("T")
SOURCE_RETRY: Final = Retry(most=5.0)
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

    @property
    def sensors(self) -> Sensors[Sensor]:
        """The sensors of a source."""
        found = self.keys.get("sensors")
        return cast("Sensors[Sensor]", found) if isinstance(found, Sensors) else Sensors[Sensor]({})

    @property
    def stages(self) -> tuple[Stage, ...] | None:
        """The stages of a source that has some of its own."""
        return cast("tuple[Stage, ...] | None", self.keys.get("stages"))


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
        usable = self.plugins.registry.usable(self.plugins.role)
        cases = [
            {"if": {"properties": {"type": {"const": plugin.name}}}, "then": self._case(plugin)} for plugin in usable
        ]
        typed: Schema = {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"enum": [plugin.name for plugin in usable]}},
            "allOf": cases,
        }
        entry: Schema = {
            "if": {"required": [LIKE]},
            "then": {"type": "object", "properties": repetition()},
            "else": typed,
        }
        return {"type": "object", "additionalProperties": entry}

    def kind(self) -> Choice:
        """Return the shape of `type`."""
        return Choice({name: name for name in self.plugins.names()})

    def _case(self, plugin: Plugin) -> Schema:
        name = Field(name="type", shape=Choice({plugin.name: plugin.name}), description=plugin.description)
        fields = self.record(plugin).fields.values()
        return with_repetition(Record([name, *fields]).schema())


class Source(msgspec.Struct, frozen=True):
    """A source as it was read; what it does not say itself is filled in when it becomes a pipeline."""

    given: Given

    def chain(self, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        """Return its own stages, or those of the file where it has none."""
        return stages if self.given.stages is None else self.given.stages

    def pipeline(self, stages: tuple[Stage, ...], retry: Retry | None) -> PipelinePlan:
        """Return it as a pipeline, with the `stages` and `retry` of the file where it has none of its own."""
        own = cast("Retry | None", self.given.keys.get("retry"))
        use = SourceUse(
            type=self.given.plugin.name,
            id=self.given.id,
            options=self.given.options,
            place=self.given.place,
            sensors=self.given.sensors,
            retry=own or retry or SOURCE_RETRY,
            behaviours=wrapped_in(self.given.keys),
        )
        return PipelinePlan(source=use, stages=tuple(stage.use for stage in self.chain(stages)))


def sources(setting: Setting, chain: ChainShape) -> EntriesShape[Source]:
    """Return the shape of `sources:`."""
    stages = Field(
        name="stages", shape=chain, description="The stages of this source, instead of those under `stages`."
    )

    around = Field(name="with", shape=behaviours(setting.registry), description="Behaviours around it.")

    retry = msgspec.structs.replace(RETRY, shape=_source_retry())

    def own(plugin: Plugin) -> list[Field]:
        option = plugin.options.get("sensors")
        struct = sensor_struct(option.annotation) if option else Sensor
        sensors = Field(
            name="sensors", shape=SensorsShape(struct, setting), description="Its sensors, by name or glob."
        )
        return [sensors, stages, retry, around]

    return EntriesShape("source", setting, own, Source)


def _source_retry() -> StructShape[Retry]:
    """Return the shape of a source's `retry`: a device is asked for again sooner than a broker."""
    shape = struct_shape(Retry, "of retry")
    defaults = msgspec.structs.asdict(SOURCE_RETRY)
    fields = (msgspec.structs.replace(field, default=defaults[field.name]) for field in shape.record.fields.values())
    return StructShape(partial(Retry, **defaults), shape.attributes, Record(fields, shape.record.about))


class SinkKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What every sink takes besides its own options."""

    on_error: Annotated[
        OnError, Meta(description="What a failing sink does: stop its pipelines, skip the batch, be tried again.")
    ] = "retry"
    retry: Annotated[Retry | None, Meta(description="How it is tried again after a failure.")] = None
    buffer: Annotated[
        Buffer | None, Meta(description="The outbox before it; sinks that talk to a network have one without asking.")
    ] = None


class Sink(msgspec.Struct, frozen=True):
    """A sink as it was read."""

    given: Given

    def use(self, retry: Retry | None) -> SinkUse:
        """Return it with the `retry` of the file where it has none of its own."""
        said = self.given.keys
        keys = build(SinkKeys, {name: value for name, value in said.items() if name not in ("select", "with")})
        return SinkUse(
            type=self.given.plugin.name,
            id=self.given.id,
            options=self.given.options,
            place=self.given.place,
            select=chosen_sensors(said),
            on_error=keys.on_error,
            retry=keys.retry or retry or Retry(),
            buffer=keys.buffer,
            behaviours=wrapped_in(said),
        )


def sinks(setting: Setting) -> EntriesShape[Sink]:
    """Return the shape of `sinks:`."""
    fields = [*struct_shape(SinkKeys).record.fields.values(), SELECT]
    fields.append(Field(name="with", shape=behaviours(setting.registry), description="Behaviours around it."))
    return EntriesShape("sink", setting, lambda _: fields, Sink)
