"""What other rules change, in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import msgspec

from gaugeway.rule import Rule


class Difference(msgspec.Struct, frozen=True):
    """The names of rules that come, go or are others."""

    added: list[str]
    removed: list[str]
    changed: list[str]

    @property
    def names(self) -> list[str]:
        """All of them."""
        return [*self.added, *self.removed, *self.changed]


def difference(old: Mapping[str, Rule], new: Mapping[str, Rule]) -> Difference:
    """Hold rules against each other."""
    return Difference(
        [name for name in new if name not in old],
        [name for name in old if name not in new],
        [name for name in new if name in old and new[name] != old[name]],
    )


def in_words(found: Difference, old: Mapping[str, Rule], new: Mapping[str, Rule]) -> Iterator[str]:
    """Yield a line for each rule, with what is other in it."""
    for name in found.added:
        yield f"+ {name}: {_facts(new[name])}"
    for name in found.removed:
        yield f"- {name}: {_facts(old[name])}"
    for name in found.changed:
        before, after = _keys(old[name]), _keys(new[name])
        keys = [key for key in dict.fromkeys((*before, *after)) if before.get(key) != after.get(key)]
        said = (f"{key} is {after.get(key, 'the default')}, was {before.get(key, 'the default')}" for key in keys)
        yield f"~ {name}: {'; '.join(said)}"


def _facts(rule: Rule) -> str:
    return ", ".join(f"{key} {value}" for key, value in _keys(rule).items())


def _keys(rule: Rule) -> dict[str, str]:
    """Return what a rule says beyond the defaults, by the keys of the file."""
    keys = zip(rule.__struct_fields__, rule.__struct_encode_fields__, rule.__struct_defaults__, strict=True)
    said = ((key, getattr(rule, field), default) for field, key, default in keys)
    return {key: _shown(value) for key, value, default in said if value not in (default, {})}


def _shown(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(str, cast('Sequence[object]', value)))}]"
    return f"{value:g} s" if isinstance(value, float) else str(value)
