"""What comes out of a test, and whether it is what should."""

from collections.abc import Mapping, Sequence

import msgspec

from gaugeway.config.text.amounts import duration_words


class Seen(msgspec.Struct, frozen=True):
    """What came out, or should: a reading with its results, or an event of an alarm; `at` is -1 for whenever."""

    at: float
    facts: Mapping[str, object]

    def __str__(self) -> str:
        told = ", ".join(f"{name}: {_shown(fact)}" for name, fact in self.facts.items())
        when = f"at: {duration_words(self.at) if self.at else '0s'}, " if self.at >= 0 else ""
        return f"{{{when}{told}}}"


def is_silence(event: Seen) -> bool:
    """Tell whether an event says only that a sensor has fallen silent, or that it speaks again."""
    return str(event.facts["alert"]).startswith("stale@") or event.facts["event"] in ("stale", "recovered")


def in_order(wanted: Sequence[Seen], seen: Sequence[Seen]) -> tuple[list[str], list[Seen]]:
    """Return what is missing of what was wanted, and what was met, in one pass."""
    missing: list[str] = []
    met: list[Seen] = []
    begin = 0
    for one in wanted:
        found = next((at for at in range(begin, len(seen)) if _meets(one, seen[at])), None)
        if found is None:
            missing.append(str(one))
        else:
            met.append(seen[found])
            begin = found + 1
    return missing, met


def _meets(wanted: Seen, seen: Seen) -> bool:
    if wanted.at >= 0 and abs(wanted.at - seen.at) > 1e-6:
        return False
    return all(name in seen.facts and _alike(value, seen.facts[name]) for name, value in wanted.facts.items())


def _alike(wanted: object, seen: object) -> bool:
    if isinstance(wanted, int | float) and isinstance(seen, int | float):
        return abs(wanted - seen) <= 1e-9 * max(1.0, abs(wanted), abs(seen))
    return wanted == seen


def _shown(fact: object) -> str:
    return f"{fact:.10g}" if isinstance(fact, float) else str(fact)
