"""What is known of each sensor: its kind, unit and range, found by name or by glob."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Generic, Literal, TypeVar, cast

import msgspec
from msgspec import Meta

from gaugeway.options import Duration

Kind = Literal["temperature", "pressure", "flow", "any"]
GLOB_CHARACTERS = frozenset("*?[")


class Sensor(msgspec.Struct, frozen=True, kw_only=True):
    """The properties of one sensor, or of all whose names fit a glob.

    A source that needs more of each sensor (a register, a column) extends this struct with fields of its own
    and annotates its keyword `sensors` with `Sensors[ThatStruct]`.
    """

    kind: Annotated[Kind, Meta(description="What is measured.")] = "any"
    unit: Annotated[str, Meta(description="The unit of its readings.", examples=["°C", "bar", "L/min"])] = ""
    range: Annotated[
        tuple[float, float] | None,
        Meta(description="The lowest and highest value it can measure.", examples=[[0, 120]]),
    ] = None
    label: Annotated[str, Meta(description="A name for people.", examples=["Boiler, upper probe"])] = ""
    stale_after: Annotated[
        Duration | None,
        Meta(
            description="Silent for longer than this, it counts as dead; default: three times its `every`.",
            examples=["60s"],
        ),
    ] = None


S_co = TypeVar("S_co", bound=Sensor, covariant=True)


class Sensors(Generic[S_co]):
    """The sensors of one source: exact names first, then globs in the order of the configuration."""

    def __init__(self, declared: Mapping[str, S_co]) -> None:
        self.declared = declared
        self._globs = [(name, sensor) for name, sensor in declared.items() if GLOB_CHARACTERS.intersection(name)]

    def find(self, name: str) -> S_co | None:
        """Return what is declared for `name`, or None where neither a name nor a glob fits."""
        exact = self.declared.get(name)
        if exact is not None:
            return exact
        for glob, sensor in self._globs:
            if fnmatchcase(name, glob):
                return sensor
        return None

    def names(self) -> Iterator[str]:
        """Yield the names that are written out, not the globs."""
        return (name for name in self.declared if not GLOB_CHARACTERS.intersection(name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sensors) and list(self.declared.items()) == list(
            cast("Sensors[Sensor]", other).declared.items()
        )

    def __hash__(self) -> int:
        return hash(frozenset(self.declared))

    def __len__(self) -> int:
        return len(self.declared)


def chosen(select: tuple[str, ...], name: str, sensor: Sensor | None) -> bool:
    """Tell whether `select` (ids, globs and kinds; empty for all) takes in the sensor called `name`."""
    if not select:
        return True
    kind = sensor.kind if sensor else "any"
    return any(choice == kind or fnmatchcase(name, choice) for choice in select)
