"""Values that may look one way or another."""

from collections.abc import Mapping as Table

import msgspec

from gaugeway.config.shapes.shape import Schema, Shape, by_tag, refuse
from gaugeway.config.text.nearest import did_you_mean, listed, nearest
from gaugeway.config.text.nodes import Mapping, Node, Scalar
from gaugeway.config.text.review import WRONG, Review, Wrong


class Optional(msgspec.Struct, frozen=True):
    """A value, or nothing at all."""

    shape: Shape[object]

    @property
    def words(self) -> str:
        """What is allowed."""
        return self.shape.words

    def read(self, node: Node, review: Review) -> object | Wrong:
        """Return the value, or None where the file says nothing."""
        if isinstance(node, Scalar) and node.empty:
            return None
        return self.shape.read(node, review)

    def schema(self) -> Schema:
        """Describe it to editors."""
        return self.shape.schema()


class Either(msgspec.Struct, frozen=True):
    """One of several shapes: the first that takes the node."""

    shapes: tuple[Shape[object], ...]

    @property
    def words(self) -> str:
        """What is allowed."""
        return ", or ".join(shape.words for shape in self.shapes)

    def read(self, node: Node, review: Review) -> object | Wrong:
        """Return what the first fitting shape makes of it, or tell what the likeliest has against it."""
        tries: list[Review] = []
        for shape in self.shapes:
            attempt = review.aside()
            found = shape.read(node, attempt)
            if not isinstance(found, Wrong):
                review.take(attempt)
                return found
            tries.append(attempt)
        inner = [attempt for attempt in tries if attempt.problems and not self._flat(attempt, node)]
        if inner:
            review.take(min(inner, key=lambda attempt: len(attempt.problems)))
            return WRONG
        hints = (problem.hint for attempt in tries for problem in attempt.problems)
        return refuse(node, review, self.words, next((hint for hint in hints if hint.startswith("did you mean")), ""))

    @staticmethod
    def _flat(attempt: Review, node: Node) -> bool:
        """Tell whether a shape refused the node as a whole, not something about or inside it."""
        problem = attempt.problems[0]
        at = problem.place
        same = at is not None and (at.line, at.column) == (node.line + 1, node.column + 1)
        return same and " must be " in problem.message and "not" in problem.message

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"anyOf": [shape.schema() for shape in self.shapes]}


class Tagged(msgspec.Struct, frozen=True):
    """A mapping whose key `tag` says which of several kinds it is, and with that what else it holds."""

    tag: str
    kinds: Table[str, Shape[object]]

    @property
    def words(self) -> str:
        """What is allowed."""
        return f"a mapping whose '{self.tag}' is one of {listed(self.kinds)}"

    def read(self, node: Node, review: Review) -> object | Wrong:
        """Return the struct of the kind that is named; its name alone is enough where nothing else is needed."""
        if isinstance(node, Scalar) and node.value in self.kinds:
            return self.kinds[node.value].read(Mapping(node.text, node.line, node.column, node.width), review)
        if not isinstance(node, Mapping):
            return refuse(node, review, self.words)
        entry = node.entries.get(self.tag)
        if entry is None:
            return self._untagged(node, review)
        kind = entry.value
        if isinstance(kind, Scalar) and kind.value in self.kinds:
            rest = {name: other for name, other in node.entries.items() if name != self.tag}
            return self.kinds[kind.value].read(msgspec.structs.replace(node, entries=rest), review)
        if not isinstance(kind, Scalar) or kind.empty:
            with review.inside(self.tag, entry.key):
                return refuse(kind, review, f"one of {listed(self.kinds)}")
        return review.error(
            kind, f"unknown {self.tag} '{kind.echo}' of {review.subject}", did_you_mean(kind.value, self.kinds)
        )

    def _untagged(self, node: Mapping, review: Review) -> Wrong:
        for entry in node:
            if nearest(entry.key.value, [self.tag]):
                return review.error(
                    entry.key, f"unknown option '{entry.key.echo}' of {review.subject}", f"did you mean '{self.tag}'?"
                )
        return review.error(
            review.place or node, f"{review.subject} has no '{self.tag}'", f"{self.tag} is one of {listed(self.kinds)}"
        )

    def schema(self) -> Schema:
        """Describe it to editors."""
        names: Schema = {"enum": list(self.kinds)}
        whole = by_tag(self.tag, {name: shape.schema() for name, shape in self.kinds.items()})
        return {"if": {"type": "string"}, "then": names, "else": whole}
