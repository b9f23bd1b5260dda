"""Many alike: templates (`like: pump`), repetition (`each: {n: 1..20}`), and defaults for each kind of sensor."""

import re
from collections.abc import Iterator
from collections.abc import Mapping as Table
from typing import Final

import msgspec

from gaugeway.config.shapes.collections import AnyShape, ListShape, TableShape
from gaugeway.config.shapes.record import Field
from gaugeway.config.shapes.scalars import Text
from gaugeway.config.shapes.union import Either
from gaugeway.config.text.nearest import did_you_mean
from gaugeway.config.text.nodes import Entry, Mapping, Node, Scalar, Sequence
from gaugeway.config.text.parts import hole
from gaugeway.config.text.review import Review

LIKE: Final = "like"
EACH: Final = "each"
SPAN: Final = re.compile(r"(-?[0-9]{1,6})\.\.(-?[0-9]{1,6})(?:\s+step\s+([1-9][0-9]{0,3}))?")
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MOST: Final = 10_000
MOST_IN_ALL: Final = 20_000


LIKE_FIELD: Final = Field(
    name=LIKE,
    shape=ListShape(Text(least=1), tuple, single=True),
    description="The templates that fill in what is not written here.",
    examples=("pump",),
)
EACH_FIELD: Final = Field(
    name=EACH,
    shape=TableShape(Either((ListShape(AnyShape()), Text()))),
    description="Values for names in braces: there is one entry for each.",
    examples=({"n": "1..20"}, {"n": [1, 2, 5], "register": "0..8 step 4"}),
)


class Templates:
    """Fills in what the entries of a table leave to templates, and repeats those that stand for many."""

    def __init__(self, templates: Node | None = None, defaults: Node | None = None) -> None:
        self.templates = templates.entries if isinstance(templates, Mapping) else {}
        self.defaults = defaults.entries if isinstance(defaults, Mapping) else {}
        self.repeated = 0

    def entries(self, table: Mapping, review: Review) -> list[Entry]:
        """Return the entries of a table; what is written out goes over what was repeated under the same name."""
        found: dict[str, Entry] = {}
        repeated: set[str] = set()
        for entry in table:
            whole = Entry(entry.key, self._completed(entry.value, (), review))
            for one in self._repeated(whole, review):
                name = one.key.value
                if one is not whole and name in repeated:
                    review.error(entry.key, f"'{name}' comes more than once", "put one of the names in braces into it")
                    break
                found[name] = _laid_over(one, found.get(name), under=one is not whole)
                if one is not whole:
                    repeated.add(name)
        return list(found.values())

    def of_kind(self, sensor: Node) -> Node:
        """Return a sensor with the defaults of its kind."""
        kind = sensor.get("kind") if isinstance(sensor, Mapping) else None
        entry = self.defaults.get(kind.value) if isinstance(kind, Scalar) else None
        if entry is None or not isinstance(sensor, Mapping) or not isinstance(entry.value, Mapping):
            return sensor
        return msgspec.structs.replace(sensor, entries=entry.value.entries | sensor.entries)

    def _completed(self, node: Node, within: tuple[str, ...], review: Review) -> Node:
        if not isinstance(node, Mapping) or LIKE not in node.entries:
            return node
        entries = {name: entry for name, entry in node.entries.items() if name != LIKE}
        named = node.entries[LIKE].value
        for name in named.items if isinstance(named, Sequence) else [named]:
            template = self._template(name, within, review)
            if template is None:
                return hole(node)
            entries = template | entries
        return msgspec.structs.replace(node, entries=entries)

    def _template(self, name: Node, within: tuple[str, ...], review: Review) -> dict[str, Entry] | None:
        word = name.value if isinstance(name, Scalar) else ""
        entry = self.templates.get(word)
        if entry is None:
            hint = did_you_mean(word, self.templates) or "write it under 'templates'"
            review.error(name, f"there is no template called '{word}'", hint)
            return None
        if word in within:
            review.error(name, f"the template '{word}' is like itself")
            return None
        whole = self._completed(entry.value, (*within, word), review)
        if not isinstance(whole, Mapping):
            review.error(whole, f"the template '{word}' has to be a mapping")
            return None
        return whole.entries

    def _repeated(self, entry: Entry, review: Review) -> Iterator[Entry]:
        asked = entry.value.get(EACH) if isinstance(entry.value, Mapping) else None
        if asked is None or not isinstance(entry.value, Mapping):
            yield entry
            return
        rest = {name: other for name, other in entry.value.entries.items() if name != EACH}
        body = msgspec.structs.replace(entry.value, entries=rest)
        rows = _rows(asked, review)
        self.repeated += len(rows)
        if self.repeated > MOST_IN_ALL:
            review.error(asked, f"more than {MOST_IN_ALL} entries are repeated in this configuration")
            rows = []
        for values in rows:
            key = filled(entry.key, values)
            if isinstance(key, Scalar):
                yield Entry(key, filled(body, values))


def filled(node: Node, values: Table[str, str]) -> Node:
    """Return a node with values in the place of their names in braces; `{n:02}` fills up with zeros."""
    if isinstance(node, Mapping):
        entries = [Entry(_key(entry.key, values), filled(entry.value, values)) for entry in node]
        return msgspec.structs.replace(node, entries={entry.key.value: entry for entry in entries})
    if isinstance(node, Sequence):
        return msgspec.structs.replace(node, items=[filled(item, values) for item in node.items])
    if not isinstance(node, Scalar) or "{" not in node.value:
        return node
    return _key(node, values)


def _key(scalar: Scalar, values: Table[str, str]) -> Scalar:
    text = scalar.value
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
        for width in "23456789" if f"{{{name}:0" in text else "":
            text = text.replace(f"{{{name}:0{width}}}", value.zfill(int(width)))
    return scalar if text == scalar.value else msgspec.structs.replace(scalar, value=text, loose=True)


def _laid_over(entry: Entry, other: Entry | None, *, under: bool) -> Entry:
    """Return two entries of one name as one; `under` says that the first lies under the other."""
    if other is None or not isinstance(entry.value, Mapping) or not isinstance(other.value, Mapping):
        return entry
    lower, upper = (entry, other) if under else (other, entry)
    assert isinstance(lower.value, Mapping)  # noqa: S101  (either is one of the two above)
    assert isinstance(upper.value, Mapping)  # noqa: S101  (likewise)
    return Entry(upper.key, msgspec.structs.replace(upper.value, entries=lower.value.entries | upper.value.entries))


def _rows(asked: Node, review: Review) -> list[dict[str, str]]:
    """Return the values of each repetition."""
    if not isinstance(asked, Mapping) or not asked.entries:
        review.error(asked, f"'{EACH}' must be a mapping of a name to its values", "write {n: 1..20}")
        return []
    columns = {entry.key.value: _values(entry, review) for entry in asked}
    if any(not values for values in columns.values()):
        return []
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        review.error(asked, f"the values under '{EACH}' go together one by one: {counts}")
        return []
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _values(entry: Entry, review: Review) -> list[str]:
    name, node = entry.key.value, entry.value
    if not NAME.fullmatch(name):
        review.error(entry.key, f"'{entry.key.echo}' is no name for a value", "use letters, such as n")
        return []
    if isinstance(node, Sequence) and node.items and all(isinstance(item, Scalar) for item in node.items):
        return [item.value for item in node.items if isinstance(item, Scalar)]
    span = SPAN.fullmatch(node.value.strip()) if isinstance(node, Scalar) else None
    if span is None:
        review.error(node, f"'{name}' must be a list of values or a range", "write [1, 2, 5], 1..20 or 0..38 step 2")
        return []
    numbers = range(int(span[1]), int(span[2]) + 1, int(span[3] or 1))
    if not 0 < len(numbers) <= MOST:
        review.error(node, f"'{name}' has {len(numbers)} values, and may have 1 to {MOST}")
        return []
    return [str(number) for number in numbers]


def repetition() -> dict[str, object]:
    """Return the JSON Schema of the keys that repeat and complete an entry."""
    return {field.name: field.schema() for field in (LIKE_FIELD, EACH_FIELD)}


def with_repetition(entry: dict[str, object]) -> dict[str, object]:
    """Return the JSON Schema of an entry that may be repeated or be like a template."""
    properties = entry.get("properties")
    return {**entry, "properties": {**(properties if isinstance(properties, dict) else {}), **repetition()}}
