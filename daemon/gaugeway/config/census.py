"""Every sensor that a configuration declares, well or not."""

import msgspec

from gaugeway.config.nodes import Entry
from gaugeway.config.review import Review
from gaugeway.sensor import GLOB_CHARACTERS, Sensor, Sensors


class Declared(msgspec.Struct, frozen=True):
    """One sensor, or glob of sensors: where it is declared, and its properties if they are well."""

    entry: Entry
    sensor: Sensor | None


class Census:
    """Collects the sensors of all sources, so that rules and `select` can be held against them."""

    def __init__(self) -> None:
        self.declared: dict[str, Declared] = {}

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
