"""Every sensor that a configuration declares, well or not."""

import msgspec

from gaugeway.config.nodes import Entry, Mapping, Node
from gaugeway.config.review import Review
from gaugeway.sensor import GLOB_CHARACTERS, Sensor, Sensors


class Declared(msgspec.Struct, frozen=True):
    """One sensor, or glob of sensors: where it is declared, and its properties if they are well."""

    entry: Entry
    sensor: Sensor | None


class Census:
    """Collects the sensors of all sources, so that rules and `select` can be held against them.

    It is not complete where a source could not be read so far that its sensors are known.
    """

    def __init__(self) -> None:
        self.declared: dict[str, Declared] = {}
        self.complete = True

    def enter(self, entry: Entry, sensor: Sensor | None, review: Review) -> None:
        """Take in one sensor; a name that is taken is a mistake, a glob is not."""
        name = entry.key.value
        first = self.declared.setdefault(name, Declared(entry, sensor))
        glob = GLOB_CHARACTERS.intersection(name)
        if first.entry is not entry and first.entry.key is not entry.key and not glob:
            where = first.entry.key
            review.error(
                entry.key,
                f"there are two sensors called '{name}'",
                f"the other is in {where.text.name}, line {where.line + 1}",
            )

    def spoilt(self, sensors: Node) -> bool:
        """Tell whether a mapping of sensors holds one that is not well."""
        keys = [entry.key for entry in sensors] if isinstance(sensors, Mapping) else []
        return any(declared.sensor is None and declared.entry.key in keys for declared in self.declared.values())

    def names(self) -> list[str]:
        """Return the names that are written out."""
        return [name for name in self.declared if not GLOB_CHARACTERS.intersection(name)]

    def find(self, name: str) -> Declared | None:
        """Return what is declared for a name, by itself or by a glob."""
        if name in self.declared:
            return self.declared[name]
        index = Sensors({declared: Sensor(label=declared) for declared in self.declared})
        found = index.find(name)
        return None if found is None else self.declared[found.label]
