"""Mappings whose keys are known: structs, and whatever else has named fields."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Table
from itertools import pairwise
from typing import Final, Generic, TypeVar

import msgspec

from gaugeway.config.shapes.shape import Schema, Shape, refuse
from gaugeway.config.text.nearest import did_you_mean, nearest, nearest_few
from gaugeway.config.text.nodes import Entry, Mapping, Node, Scalar
from gaugeway.config.text.review import WRONG, Review, Wrong
from gaugeway.errors import ConfigError

T = TypeVar("T")
MANY: Final = 16
FILE: Final = "in this file"


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a mapping: its shape, whether it has to be there, and what people are told of it."""

    name: str
    shape: Shape[object]
    required: bool = False
    default: object = None
    description: str = ""
    examples: tuple[object, ...] = ()

    def schema(self) -> Schema:
        """Return the field's part of a JSON Schema."""
        found = dict(self.shape.schema())
        if self.description:
            found["description"] = self.description
        if self.examples:
            found["examples"] = list(self.examples)
        if self.usual not in (None, "", [], {}):
            found["default"] = self.usual
        return found

    @property
    def usual(self) -> object:
        """What holds where nothing is written, as a person would write it; None where that is nothing."""
        from gaugeway.config.shapes.written import written  # noqa: PLC0415  (it knows all shapes)

        return None if self.required else written(self.shape, self.default)


class Record:
    """A mapping with known keys.

    `about` says whose keys they are: "for source type 'serial'". `also` are keys that were taken out before.
    """

    def __init__(self, fields: Iterable[Field], about: str = "", also: Sequence[str] = ()) -> None:
        self.fields: Table[str, Field] = {field.name: field for field in fields}
        self.about = about
        self.also = also

    @property
    def words(self) -> str:
        """What is allowed."""
        return "a mapping"

    def read(self, node: Node, review: Review) -> dict[str, object] | Wrong:
        """Return what is given, by name; what is left out is left out."""
        if not isinstance(node, Mapping):
            return refuse(node, review, self.words, self._example())
        found = self._all(node, review)
        return WRONG if WRONG in found.values() else found

    def partly(self, node: Mapping, review: Review) -> dict[str, object]:
        """Return what of it is well, for a reader that goes on to find other mistakes."""
        return {name: value for name, value in self._all(node, review).items() if not isinstance(value, Wrong)}

    def _all(self, node: Mapping, review: Review) -> dict[str, object]:
        found: dict[str, object] = {}
        misplaced = self._misplaced(node, review)
        for entry in node:
            if entry.key.value in misplaced:
                found[entry.key.value] = WRONG
            else:
                self._read_entry(entry, node, found, review)
        for field in self.fields.values():
            if field.required and field.name not in found:
                found[field.name] = self._missing(field, node, review)
        return found

    def _misplaced(self, node: Mapping, review: Review) -> set[str]:
        """Find keys that stand beside an empty key and belong under it."""
        found: set[str] = set()
        for above, entry in pairwise(node):
            name = entry.key.value
            empty = isinstance(above.value, Scalar) and above.value.empty and not node.flow
            if not empty or nearest(name, self.fields):
                continue
            if above.key.value in review.file_keys and self.about != FILE:
                found.add(name)
            elif above.key.value in self.fields:
                self._beside(above.key, entry.key, review)
                found |= {name, above.key.value}
        return found

    @staticmethod
    def _beside(above: Scalar, key: Scalar, review: Review) -> None:
        """Say which of two keys that stand beside each other has slipped: the upper one, if it stands too far in."""
        from gaugeway.config.text.indents import usual_step  # noqa: PLC0415  (few files need it)

        parent = review.place
        message = f"'{key.echo}' stands beside '{above.value}'"
        if parent is not None and above.column - parent.column > usual_step(above.text.lines):
            review.error(above, f"{message}, which is indented too far", "indent it less")
        else:
            review.error(key, message, "indent it to put it under it")

    def _read_entry(self, entry: Entry, node: Mapping, found: dict[str, object], review: Review) -> None:
        name = entry.key.value
        field = self.fields.get(name)
        if field is None:
            found[name] = WRONG
            guesses = self._unknown(entry, node, review)
            if len(guesses) != 1 or guesses[0] not in self.fields:
                found.update(dict.fromkeys(guesses, WRONG))
                return
            field = self.fields[guesses[0]]
        with review.inside(name, entry.key):
            value = field.shape.read(entry.value, review)
        found[field.name] = value

    def _unknown(self, entry: Entry, node: Mapping, review: Review) -> list[str]:
        """Say that a key is unknown; return what may have been meant."""
        name = entry.key.value
        if self.about != FILE and review.is_of_the_file(entry.key, f"an option {self.about}".rstrip()):
            return []
        free = [field for field in (*self.fields, *self.also) if field not in node.entries]
        guesses = nearest_few(name, free)
        again = nearest(name, self.fields)
        if guesses:
            hint = did_you_mean(name, free)
        elif again:
            hint = f"'{again}' is there already"
        elif ":" in name:
            hint = "put a blank after the colon"
        else:
            hint = self._allowed(free)
        review.error(entry.key, f"unknown option '{entry.key.echo}' {self.about}".rstrip(), hint)
        return guesses

    def _allowed(self, names: list[str]) -> str:
        shown = ", ".join(names[:MANY])
        more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
        return f"allowed here: {shown}{more}" if names else "nothing more is allowed here"

    def _missing(self, field: Field, node: Mapping, review: Review) -> Wrong:
        if self.about == FILE and field.name in review.misplaced:
            return WRONG
        stray = review.templates.get(field.name)
        if stray is not None:
            message = f"'{field.name}' stands here as a template, and is missing {self.about}"
            return review.error(stray, message, "indent it further")
        hint = f"add '{field.name}', {field.shape.words}"
        if field.examples:
            example = field.examples[0]
            shown = example if isinstance(example, str) else msgspec.json.encode(example).decode()
            hint = f"add '{field.name}: {shown}'"
        return review.error(review.place or node, f"'{field.name}' is missing {self.about}".rstrip(), hint)

    def _example(self) -> str:
        needed = [name for name, field in self.fields.items() if field.required] or list(self.fields)[:1]
        return "write {" + ", ".join(f"{name}: …" for name in needed) + "}"

    def schema(self) -> Schema:
        """Describe it to editors."""
        found: Schema = {
            "type": "object",
            "properties": {name: field.schema() for name, field in self.fields.items()},
            "additionalProperties": False,
        }
        required = [name for name, field in self.fields.items() if field.required]
        return {**found, "required": required} if required else found


class StructShape(Generic[T]):
    """A mapping that becomes a struct; `record` holds its keys."""

    def __init__(self, struct: Callable[..., T], attributes: Table[str, str], record: Record) -> None:
        self.struct = struct
        self.attributes = attributes
        self.record = record

    @property
    def words(self) -> str:
        """What is allowed."""
        return self.record.words

    def read(self, node: Node, review: Review) -> T | Wrong:
        """Return the struct."""
        values = self.record.read(node, review)
        if isinstance(values, Wrong):
            return WRONG
        try:
            return build(self.struct, {self.attributes[name]: value for name, value in values.items()})
        except (TypeError, ValueError, ConfigError) as error:
            return review.wrong(node, f"is not accepted: {error}")

    def schema(self) -> Schema:
        """Describe it to editors."""
        return self.record.schema()


def build(struct: Callable[..., T], values: Table[str, object]) -> T:
    """Make a struct of values that were read by its own shape."""
    return struct(**values)
