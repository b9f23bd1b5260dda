"""Families of figures that many parts have: every source its own, every sensor, and so on."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from gaugeway.service.web.exposition import Family, Kind, Labels, Sample

T = TypeVar("T")
Value = float | None


class Parts(Generic[T]):
    """All parts of one sort, each with the labels that tell it from the others."""

    def __init__(self, sort: str, parts: Iterable[tuple[Labels, T]]) -> None:
        self._sort = sort
        self._parts: Sequence[tuple[Labels, T]] = list(parts)

    def each(self, name: str, about: str, value: Callable[[T], Value]) -> Family:
        """Return the family with one figure of each part; where that is not known there is no sample."""
        found = ((labels, value(part)) for labels, part in self._parts)
        return self._family(name, about, (Sample(figure, labels) for labels, figure in found if figure is not None))

    def by_reason(self, name: str, about: str, counts: Callable[[T], Mapping[str, int]]) -> Family:
        """Return the family with what each part counts under each reason."""
        samples = (
            Sample(count, (*labels, ("reason", reason)))
            for labels, part in self._parts
            for reason, count in counts(part).items()
        )
        return self._family(name, about, samples)

    def summary(self, name: str, about: str, figures: Callable[[T], tuple[float, int] | None]) -> Family:
        """Return the family with a sum and a count of each part."""
        return Family(f"gaugeway_{self._sort}_{name}", "summary", about, self._summed(figures))

    def _summed(self, figures: Callable[[T], tuple[float, int] | None]) -> Iterator[Sample]:
        for labels, part in self._parts:
            found = figures(part)
            if found is not None:
                yield Sample(found[0], labels, "_sum")
                yield Sample(found[1], labels, "_count")

    def _family(self, name: str, about: str, samples: Iterable[Sample]) -> Family:
        return family(f"gaugeway_{self._sort}_{name}", about, samples)


def family(name: str, about: str, samples: Iterable[Sample]) -> Family:
    """Return a family; by Prometheus' customs its name says whether it only grows."""
    kind: Kind = "counter" if name.endswith("_total") else "gauge"
    return Family(name, kind, about, samples)


def single(name: str, about: str, value: Value) -> Family:
    """Return the family of what there is once."""
    return family(name, about, [] if value is None else [Sample(value)])
