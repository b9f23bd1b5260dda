"""Every sensor that a configuration declares, well or not."""

from fnmatch import fnmatchcase

import msgspec

from gaugeway.config.text.nodes import Entry, Mapping, Node
from gaugeway.config.text.review import Review
from gaugeway.sensor import GLOB_CHARACTERS, Sensor


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
        self.names: dict[str, Declared] = {}
        self.globs: dict[str, Declared] = {}
        self.complete = True

    def enter(self, entry: Entry, sensor: Sensor | None, review: Review) -> None:
        """Take in one sensor; a name that is taken is a mistake, a glob is not."""
        name = entry.key.value
        kind = self.globs if GLOB_CHARACTERS.intersection(name) else self.names
        first = self.names.get(name)
        if first is not None:
            where, here = first.entry.key, entry.key
            file = "" if where.text is here.text else f"{where.text.name}, "
            hint = f"the other is in {file}line {where.line + 1}: give one of them another name"
            review.error(here, f"there are two sensors called '{name}'", hint)
        elif name not in kind:
            kind[name] = self.declared[name] = Declared(entry, sensor)

    def spoilt(self, sensors: Node) -> bool:
        """Tell whether a mapping of sensors holds one that is not well, or whose name is that of another."""
        keys = [entry.key for entry in sensors] if isinstance(sensors, Mapping) else []
        if any(declared.sensor is None and declared.entry.key in keys for declared in self.declared.values()):
            return True
        return any(key.value in self.names and self.names[key.value].entry.key is not key for key in keys)

    def find(self, name: str) -> Declared | None:
        """Return what is declared for a name, by itself or by a glob."""
        exact = self.declared.get(name)
        fitting = (declared for glob, declared in self.globs.items() if fnmatchcase(name, glob))
        return next(fitting, None) if exact is None else exact
