"""Values with parts: lists, fixed rows, tables, and anything at all."""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from gaugeway.config.shapes.shape import DECIMAL, OCTAL, TRUE, WHOLE, Schema, Shape, is_truth, refuse
from gaugeway.config.text.nodes import Mapping, Node, Scalar, Sequence
from gaugeway.config.text.review import WRONG, Review, Wrong

BETWEEN: Final = re.compile(r"\s*([-+]?[0-9.]+)\s*(?:-|–|\.\.+|to|,|;)\s*([-+]?[0-9.]+)\s*")
"""How people write a range who do not think of a list."""


class ListShape(msgspec.Struct, frozen=True):
    """A list of values of one shape; `single` also takes one value that stands alone."""

    item: Shape[object]
    make: Callable[[list[object]], object] = list
    single: bool = False
    least: int = 0
    most: int | None = None

    @property
    def words(self) -> str:
        """What is allowed."""
        return "one value or a list" if self.single else "a list"

    def read(self, node: Node, review: Review) -> object | Wrong:
        """Return all items, if every one is well."""
        if isinstance(node, Sequence):
            found = [self._item(number, item, review) for number, item in enumerate(node.items, 1)]
        elif self.single and isinstance(node, Scalar) and not node.empty:
            found = [self.item.read(node, review)]
        else:
            return refuse(node, review, self.words, self._hint(node))
        if WRONG in found:
            return WRONG
        if len(found) < self.least or (self.most is not None and len(found) > self.most):
            return review.wrong(node, f"must have {self._count()}, and has {len(found)}")
        return self.make(found)

    def _item(self, number: int, node: Node, review: Review) -> object | Wrong:
        with review.inside(f"item {number} of {review.subject}"):
            return self.item.read(node, review)

    def _count(self) -> str:
        if self.most is None:
            return f"at least {self.least} items" if self.least > 1 else "at least 1 item"
        return f"{self.least} to {self.most} items" if self.least else f"at most {self.most} items"

    def _hint(self, node: Node) -> str:
        return f"write [{node.echo}]" if isinstance(node, Scalar) and not node.empty else ""

    def schema(self) -> Schema:
        """Describe it to editors."""
        found: Schema = {"type": "array", "items": self.item.schema()}
        if self.least:
            found["minItems"] = self.least
        if self.most is not None:
            found["maxItems"] = self.most
        return {"anyOf": [self.item.schema(), found]} if self.single else found


class RowShape(msgspec.Struct, frozen=True):
    """A list of a fixed length whose places have shapes of their own, such as `[lowest, highest]`."""

    items: tuple[Shape[object], ...]

    @property
    def words(self) -> str:
        """What is allowed."""
        return f"a list of {len(self.items)}"

    def read(self, node: Node, review: Review) -> object | Wrong:
        """Return the row as a tuple."""
        if not isinstance(node, Sequence):
            between = BETWEEN.fullmatch(node.value) if isinstance(node, Scalar) and len(self.items) == 2 else None
            hint = f"did you mean [{between[1]}, {between[2]}]?" if between else ""
            return refuse(node, review, self.words, hint or f"write [{', '.join('…' for _ in self.items)}]")
        if len(node.items) != len(self.items):
            return review.wrong(node, f"must have {len(self.items)} items, and has {len(node.items)}")
        found: list[object] = []
        for number, (shape, item) in enumerate(zip(self.items, node.items, strict=True), 1):
            with review.inside(f"item {number} of {review.subject}"):
                found.append(shape.read(item, review))
        return WRONG if WRONG in found else tuple(found)

    def schema(self) -> Schema:
        """Describe it to editors."""
        count = len(self.items)
        return {
            "type": "array",
            "prefixItems": [item.schema() for item in self.items],
            "minItems": count,
            "maxItems": count,
        }


class TableShape(msgspec.Struct, frozen=True):
    """A mapping whose keys are free and whose values have one shape."""

    value: Shape[object]
    key: Shape[object] | None = None

    @property
    def words(self) -> str:
        """What is allowed."""
        return "a mapping"

    def read(self, node: Node, review: Review) -> dict[object, object] | Wrong:
        """Return all entries, if every one is well."""
        if not isinstance(node, Mapping):
            return refuse(node, review, self.words)
        found: dict[object, object] = {}
        for entry in node:
            with review.inside(entry.key.value, entry.key):
                key = entry.key.value if self.key is None else self.key.read(entry.key, review)
                found[key] = self.value.read(entry.value, review)
        return WRONG if WRONG in found.values() or WRONG in found else found

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"type": "object", "additionalProperties": self.value.schema()}


class AnyShape(msgspec.Struct, frozen=True):
    """Whatever is written, read as YAML reads it."""

    @property
    def words(self) -> str:
        """What is allowed."""
        return "anything"

    def read(self, node: Node, review: Review) -> object | Wrong:
        """Return lists, dictionaries, texts, numbers and truth values."""
        if isinstance(node, Mapping):
            return {entry.key.value: self.read(entry.value, review) for entry in node}
        if isinstance(node, Sequence):
            return [self.read(item, review) for item in node.items]
        return _plain(node) if isinstance(node, Scalar) else None

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {}


def _plain(scalar: Scalar) -> object:
    value = scalar.value
    if scalar.empty:
        return None
    if is_truth(scalar):
        return value in TRUE
    if scalar.plain and WHOLE.fullmatch(value):
        return int(value, 0)
    if scalar.plain and DECIMAL.fullmatch(value) and not OCTAL.fullmatch(value):
        return float(value)
    return value
