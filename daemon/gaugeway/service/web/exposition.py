"""The text format in which Prometheus reads figures, version 0.0.4."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

KIND: Final = "text/plain; version=0.0.4; charset=utf-8"
Kind = Literal["counter", "gauge", "summary"]
Labels = tuple[tuple[str, str], ...]
ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
IN_HELP: Final = str.maketrans({"\\": "\\\\", "\n": "\\n"})


class Sample(NamedTuple):
    """One figure, told from others of its family by its labels; a part of a summary has a `suffix`."""

    value: float
    labels: Labels = ()
    suffix: str = ""


class Family(NamedTuple):
    """Figures of one name, and what they mean."""

    name: str
    kind: Kind
    about: str
    samples: Iterable[Sample]


def written(families: Iterable[Family]) -> bytes:
    """Return families as text; one without samples is left out."""
    lines = "\n".join(line for family in families for line in _lines(family))
    return f"{lines}\n".encode("utf-8", "backslashreplace")


def _lines(family: Family) -> Iterator[str]:
    first = True
    for value, labels, suffix in family.samples:
        if first:
            yield f"# HELP {family.name} {family.about.translate(IN_HELP)}"
            yield f"# TYPE {family.name} {family.kind}"
            first = False
        told = ",".join([f'{name}="{text.translate(ESCAPES)}"' for name, text in labels])
        yield f"{family.name}{suffix}{{{told}}} {_number(value)}" if told else f"{family.name}{suffix} {_number(value)}"


def _number(value: float) -> str:
    """Return a number as Go reads it; Python writes no other that Go does not read."""
    text = repr(value + 0)  # true and false are 1 and 0
    return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(text, text)
