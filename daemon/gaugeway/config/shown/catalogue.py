"""Every key of a configuration and what there is to say of it: the one source of the reference and of `--explain`."""

import inspect
from collections.abc import Iterable, Iterator
from typing import cast

import msgspec

from gaugeway.config.sections.chain import ChainShape
from gaugeway.config.sections.entries import EntriesShape
from gaugeway.config.sections.keys import keys
from gaugeway.config.sections.plugins import Plugins
from gaugeway.config.sections.rules import RULE
from gaugeway.config.sections.sensors import SensorsShape, is_sensors, own_fields
from gaugeway.config.sections.setting import Setting
from gaugeway.config.sections.templates import EACH_FIELD, LIKE_FIELD
from gaugeway.config.shapes.collections import ListShape, RowShape, TableShape
from gaugeway.config.shapes.record import Field, Record, StructShape
from gaugeway.config.shapes.union import Either, Optional, Tagged
from gaugeway.plugin import Plugin
from gaugeway.registry import Registry
from gaugeway.sensor import Sensor


class Topic(msgspec.Struct, frozen=True):
    """Keys that stand together: where, what they are about, and the keys."""

    path: str
    title: str
    text: str
    fields: tuple[Field, ...]


def topics(registry: Registry) -> Iterator[Topic]:
    """Yield all topics in the order in which a reader meets them."""
    setting = Setting(registry)
    fields = keys(setting).fields
    yield Topic("", "The file", "What may stand at the top of the file. Only `sources` has to.", tuple(fields.values()))
    for name in ("storage", "defaults", "limits", "logging", "http", "retry"):
        yield from _within(name, fields[name])
    yield from _entries("sources", cast("EntriesShape[object]", fields["sources"].shape), "A source")
    sensor = tuple(SensorsShape(Sensor, setting).sensor.record.fields.values())
    text = "What is known of each sensor, by its name or a glob. Some sources take more of each; see there."
    yield Topic("sensors", "Sensors", text, (*sensor, LIKE_FIELD, EACH_FIELD))
    yield from _stages(cast("ChainShape", fields["stages"].shape))
    yield from _entries("sinks", cast("EntriesShape[object]", fields["sinks"].shape), "A sink")
    text = "A rule chooses sensors, states one condition, and says how to go about it."
    yield Topic("alerts", "Alarm rules", text, (*RULE.record.fields.values(), LIKE_FIELD, EACH_FIELD))
    yield from _nested("alerts", RULE.record.fields.values())


def _entries(name: str, shape: EntriesShape[object], article: str) -> Iterator[Topic]:
    plugins = shape.plugins.registry.usable(shape.plugins.role)
    kind = Field(name="type", shape=shape.kind(), required=True, description=f"Which {shape.plugins.role} it is.")
    own = [msgspec.structs.replace(field) for field in shape.own(plugins[0])] if plugins else []
    text = f"{article} has a name of your choice; under it stand its `type`, these keys, and the options of its type."
    yield Topic(name, name.capitalize(), text, (kind, *own, LIKE_FIELD, EACH_FIELD))
    yield from _nested(name, own)
    taken = {field.name for field in own}
    for plugin in plugins:
        yield from _plugin(name, plugin, shape.plugins, taken)


def _stages(chain: ChainShape) -> Iterator[Topic]:
    text = (
        "A stage is its name (`in_range`), or its name with its options (`average: {last: 10}`). These keys stand "
        "among its options; where a stage has an option of the same name, the key stands beside its name instead."
    )
    yield Topic("stages", "Stages", text, tuple(chain.part.beside.values()))
    for plugin in chain.part.plugins.registry.usable("stage"):
        yield from _plugin("stages", plugin, chain.part.plugins, set())
    behaviours = Plugins("behaviour", chain.part.plugins.registry)
    text = "What stands under `with:` is wrapped around a source, a stage or a sink."
    yield Topic("with", "Behaviours", text, ())
    for plugin in behaviours.registry.usable("behaviour"):
        yield from _plugin("with", plugin, behaviours, set())


def _plugin(path: str, plugin: Plugin, plugins: Plugins, taken: set[str]) -> Iterator[Topic]:
    fields = plugins.fields(plugin, tuple(taken))
    text = inspect.getdoc(plugin.target) or plugin.description
    yield Topic(f"{path}.{plugin.name}", f"`{plugin.name}`", text, tuple(fields))
    yield from _nested(f"{path}.{plugin.name}", fields)
    for option in plugin.options.values():
        if is_sensors(option.annotation) and (of_each := own_fields(option.annotation)):
            text = "What it takes of each sensor besides what every sensor has."
            yield Topic(f"{path}.{plugin.name}.sensors", "`sensors`", text, tuple(of_each))
            yield from _nested(f"{path}.{plugin.name}.sensors", of_each)


def _nested(path: str, fields: Iterable[Field]) -> Iterator[Topic]:
    for field in fields:
        yield from _within(f"{path}.{field.name}", field)


def _within(path: str, field: Field) -> Iterator[Topic]:
    """Yield the topics of the records that a field's value may be."""
    for label, text, record in _records(field.shape):
        here = f"{path}.{label}" if label else path
        title = f"`{field.name}: {{{label}}}`" if label else f"`{field.name}`"
        yield Topic(here, title, text or field.description, tuple(record.fields.values()))
        yield from _nested(here, record.fields.values())


def _records(shape: object) -> Iterator[tuple[str, str, Record]]:
    if isinstance(shape, Record):
        yield "", "", shape
    elif isinstance(shape, StructShape):
        struct = cast("StructShape[object]", shape)
        yield "", (isinstance(struct.struct, type) and inspect.getdoc(struct.struct)) or "", struct.record
    elif isinstance(shape, Optional):
        yield from _records(shape.shape)
    elif isinstance(shape, ListShape):
        yield from _records(shape.item)
    elif isinstance(shape, TableShape):
        yield from _records(shape.value)
    elif isinstance(shape, Either | RowShape):
        for inner in shape.shapes if isinstance(shape, Either) else shape.items:
            yield from _records(inner)
    elif isinstance(shape, Tagged):
        for tag, inner in shape.kinds.items():
            yield from ((f"{shape.tag}: {tag}", text, record) for _, text, record in _records(inner))
