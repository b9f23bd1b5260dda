"""Quantities in the options of stages, against the units of the sensors that they meet."""

from collections.abc import Iterator
from collections.abc import Mapping as Table
from collections.abc import Sequence as Row
from typing import cast

import msgspec

from gaugeway import units
from gaugeway.config.checks.subject import Subject
from gaugeway.config.sections.chain import Stage
from gaugeway.config.text.nodes import Mapping, Node, Sequence
from gaugeway.config.text.review import Review
from gaugeway.sensor import Sensor, Sensors, chosen
from gaugeway.units import Quantity


def check_quantities(subject: Subject, review: Review) -> None:
    """Find quantities whose unit fits none of the sensors that their stage is applied to."""
    for chained in subject.chains():
        met = dict(chained.sensors())
        for stage in chained.stages:
            _check_stage(stage, met, review)
            met = {name: _after(stage, name, sensor) for name, sensor in met.items()}


def _check_stage(stage: Stage, met: Table[str, Sensor], review: Review) -> None:
    applies = {name: sensor for name, sensor in met.items() if chosen(stage.use.select, name, sensor)}
    for quantity, node, sensors in _quantities(stage.use.options, stage.found.written, applies):
        known = {sensor.unit for sensor in sensors.values() if sensor.unit in units.UNITS}
        if known and quantity.unit and not any(_fits(quantity.unit, unit) for unit in known):
            review.error(
                node,
                f"{quantity} fits none of the sensors it is for",
                f"they are measured in {', '.join(sorted(known))}",
            )


def _quantities(
    value: object, node: Node | None, sensors: Table[str, Sensor]
) -> Iterator[tuple[Quantity, Node, Table[str, Sensor]]]:
    """Yield each quantity, where it stands, and the sensors it is for: under a sensor's name, that one."""
    if node is None:
        return
    if isinstance(value, Quantity):
        yield value, node, sensors
    elif isinstance(value, msgspec.Struct) and isinstance(node, Mapping):
        names = {field.encode_name: getattr(value, field.name) for field in msgspec.structs.fields(value)}
        yield from _quantities(names, node, sensors)
    elif isinstance(value, Table) and isinstance(node, Mapping):
        for key, inner in cast("Table[str, object]", value).items():
            own = Sensors(sensors).find(key)
            yield from _quantities(inner, node.get(key), sensors if own is None else {key: own})
    elif isinstance(value, list | tuple) and isinstance(node, Sequence):
        for inner, item in zip(cast("Row[object]", value), node.items, strict=False):
            yield from _quantities(inner, item, sensors)


def _after(stage: Stage, name: str, sensor: Sensor) -> Sensor:
    """Return a sensor as the stages behind see it: `unit` among a stage's options is what it turns values into."""
    unit = stage.use.options.get("unit")
    applies = isinstance(unit, str) and chosen(stage.use.select, name, sensor)
    return msgspec.structs.replace(sensor, unit=unit) if applies else sensor


def _fits(unit: str, other: str) -> bool:
    return unit == other or units.UNITS[unit].dimension == units.UNITS[other].dimension
