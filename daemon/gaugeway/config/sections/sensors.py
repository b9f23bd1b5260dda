"""The sensors of a source: names or globs, each with its properties."""

from typing import get_args, get_origin

import msgspec

from gaugeway import units
from gaugeway.config.sections.names import check_name
from gaugeway.config.sections.setting import Setting
from gaugeway.config.sections.strays import is_mapping, taken_in
from gaugeway.config.sections.templates import EACH, LIKE, with_repetition
from gaugeway.config.shapes.annotation import struct_shape
from gaugeway.config.shapes.quantities import UnitShape
from gaugeway.config.shapes.record import Field, Record, StructShape
from gaugeway.config.shapes.shape import Schema, refuse
from gaugeway.config.text.nearest import did_you_mean, listed
from gaugeway.config.text.nodes import Mapping, Node
from gaugeway.config.text.review import WRONG, Review, Wrong
from gaugeway.sensor import Sensor, Sensors


class SensorsShape:
    """A mapping of sensor names to their properties, among them those that this source needs of each."""

    def __init__(self, struct: type[Sensor], setting: Setting) -> None:
        self.setting = setting
        found = struct_shape(struct, "of a sensor")
        fields = dict(found.record.fields)
        fields["unit"] = msgspec.structs.replace(fields["unit"], shape=UnitShape())
        self.sensor: StructShape[Sensor] = StructShape(
            struct, found.attributes, Record(fields.values(), "of a sensor", (LIKE, EACH))
        )

    @property
    def words(self) -> str:
        """What is allowed."""
        return "a mapping of sensor names to their properties"

    def read(self, node: Node, review: Review) -> Sensors[Sensor] | Wrong:
        """Return those sensors that are well; the census takes in all."""
        if not isinstance(node, Mapping):
            self.setting.census.complete = False
            return refuse(
                node, review, self.words, "write one line a sensor: boiler_temp: {kind: temperature, unit: °C}"
            )
        found: dict[str, Sensor] = {}
        entries = self.setting.templates.entries(node, review)
        for entry in taken_in(entries, is_mapping, lambda _: self.sensor.record.fields, review):
            named = check_name("sensor", entry.key, review, glob=True, of=entry.value)
            with review.inside(entry.key.value, entry.key):
                sensor = self._sensor(self.setting.templates.of_kind(entry.value), review)
            well = None if isinstance(sensor, Wrong) else sensor
            self.setting.census.enter(entry, well, review)
            if named and well is not None:
                found[entry.key.value] = well
        return Sensors(found)

    def _sensor(self, node: Node, review: Review) -> Sensor | Wrong:
        sensor = self.sensor.read(node, review)
        if isinstance(sensor, Wrong) or not isinstance(node, Mapping):
            return sensor
        well = self._unit_fits(sensor, node, review)
        return sensor if self._range_rises(sensor, node, review) and well else WRONG

    @staticmethod
    def _unit_fits(sensor: Sensor, node: Mapping, review: Review) -> bool:
        place = node.get("unit")
        if place is None or not sensor.unit:
            return True
        if sensor.kind == "any":
            if sensor.unit not in units.UNITS and (guess := units.canonical(sensor.unit.strip())) is not None:
                review.warn(place, f"the unit '{sensor.unit}' is not known", f"did you mean '{guess}'?")
            return True
        if units.fits(sensor.unit, sensor.kind):
            return True
        fitting = [name for name, unit in units.UNITS.items() if unit.dimension == sensor.kind]
        review.error(
            place,
            f"'{sensor.unit}' is no unit of {sensor.kind}",
            did_you_mean(sensor.unit, fitting) or f"there is {listed(fitting)}",
        )
        return False

    @staticmethod
    def _range_rises(sensor: Sensor, node: Mapping, review: Review) -> bool:
        place = node.get("range")
        if sensor.range is None or place is None or sensor.range[0] < sensor.range[1]:
            return True
        low, high = sensor.range
        review.error(
            place,
            f"the range begins at {low:g} and ends at {high:g}: the lowest comes first",
            f"did you mean [{high:g}, {low:g}]?",
        )
        return False

    def schema(self) -> Schema:
        """Describe it to editors."""
        sensor = with_repetition(self.sensor.schema())
        sensor.pop("required", None)  # templates and defaults may fill it in
        return {"type": "object", "additionalProperties": sensor}


def is_sensors(annotation: object) -> bool:
    """Tell whether an option is handed the sensors of a source."""
    return get_origin(annotation) is Sensors


def own_fields(annotation: object) -> list[Field]:
    """Return what a source takes of each of its sensors besides what every sensor has."""
    common = struct_shape(Sensor, "of a sensor").record.fields
    fields = struct_shape(sensor_struct(annotation), "of a sensor").record.fields
    return [field for name, field in fields.items() if name not in common]


def sensor_struct(annotation: object) -> type[Sensor]:
    """Return the struct that a source's keyword `sensors: Sensors[X]` asks for."""
    if is_sensors(annotation):
        (struct,) = get_args(annotation)
        if isinstance(struct, type) and issubclass(struct, Sensor):
            return struct
    return Sensor
