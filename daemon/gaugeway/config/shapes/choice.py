"""One of a few words or numbers."""

from collections.abc import Mapping as Table

import msgspec

from gaugeway.config.shapes.shape import Schema, list_hint, refuse
from gaugeway.config.text.nearest import listed, nearest
from gaugeway.config.text.nodes import Node, Scalar
from gaugeway.config.text.review import Review, Wrong


class Choice(msgspec.Struct, frozen=True):
    """What may be written, and the value that each word stands for."""

    values: Table[str, object]

    @property
    def words(self) -> str:
        """What is allowed."""
        return " or ".join(self.values) if len(self.values) <= 2 else "one of " + listed(self.values)

    def read(self, node: Node, review: Review) -> object | Wrong:
        """Return what the word stands for; words that YAML reads otherwise (`on`) are taken as they are written."""
        if not isinstance(node, Scalar):
            return refuse(node, review, self.words, list_hint(node))
        if node.value in self.values:
            return self.values[node.value]
        guess = nearest(node.value, self.values)
        return refuse(node, review, self.words, f"did you mean {guess}?" if guess else "")

    def schema(self) -> Schema:
        """Describe it to editors."""
        numbers = {
            word: value for word, value in self.values.items() if isinstance(value, int) and not isinstance(value, bool)
        }
        return {"enum": [numbers.get(word, word) for word in self.values]}
