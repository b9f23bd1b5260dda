"""Bounds of a number, from `Meta`, in words."""

from collections.abc import Callable, Iterable

import msgspec
from msgspec import Meta

from gaugeway.config.shapes.shape import Schema


def as_number(value: float) -> str:
    """Write a number the short way."""
    return f"{value:g}" if isinstance(value, float) else str(value)


class Bounds(msgspec.Struct, frozen=True):
    """What a number must keep to."""

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    multiple_of: float | None = None

    @classmethod
    def of(cls, metas: Iterable[Meta]) -> "Bounds":
        """Gather the bounds of all annotations; the last that states one wins."""
        found: dict[str, float] = {}
        for meta in metas:
            for name in cls.__struct_fields__:
                bound: float | None = getattr(meta, name)
                if bound is not None:
                    found[name] = bound
        return cls(**found)

    def kept(self, value: float) -> bool:
        """Tell whether a number is inside."""
        return (
            (self.ge is None or value >= self.ge)
            and (self.gt is None or value > self.gt)
            and (self.le is None or value <= self.le)
            and (self.lt is None or value < self.lt)
            and (self.multiple_of is None or value % self.multiple_of == 0)
        )

    def words(self, show: Callable[[float], str] = as_number) -> str:
        """Say what is allowed, as it follows "must be"."""
        if self.ge is not None and self.le is not None:
            parts = [f"from {show(self.ge)} to {show(self.le)}"]
        else:
            parts = [
                f"{word} {show(bound)}"
                for word, bound in (
                    ("at least", self.ge),
                    ("more than", self.gt),
                    ("at most", self.le),
                    ("less than", self.lt),
                )
                if bound is not None
            ]
        if self.multiple_of is not None:
            parts.append(f"a multiple of {show(self.multiple_of)}")
        return " and ".join(parts)

    def schema(self) -> Schema:
        """Return the same as JSON Schema."""
        names = {
            "ge": "minimum",
            "gt": "exclusiveMinimum",
            "le": "maximum",
            "lt": "exclusiveMaximum",
            "multiple_of": "multipleOf",
        }
        return {names[name]: bound for name in names if (bound := getattr(self, name)) is not None}
