"""Single values: text, whole numbers, numbers, yes and no."""

import math
import re
from typing import Final

import msgspec

from gaugeway.config.shapes.bounds import Bounds
from gaugeway.config.shapes.shape import (
    DECIMAL,
    FALSE,
    OCTAL,
    TRUE,
    WHOLE,
    Schema,
    is_number,
    is_truth,
    list_hint,
    refuse,
)
from gaugeway.config.text.nodes import Node, Scalar
from gaugeway.config.text.review import Review, Wrong

WITH_UNIT: Final = re.compile(r"([-+]?[0-9.]+)\s*([^\W\d].*|[%°].*)")
COMMA: Final = re.compile(r"[-+]?[0-9]+,[0-9]+")


class Text(msgspec.Struct, frozen=True):
    """Any text; what YAML takes for a number, a truth value or nothing needs quotes to be one."""

    pattern: str | None = None
    least: int = 0
    most: int | None = None
    looks: str = ""
    """What the pattern asks for, in words."""

    @property
    def words(self) -> str:
        """What is allowed."""
        return "a text"

    def read(self, node: Node, review: Review) -> str | Wrong:
        """Return the text as it is written."""
        if not isinstance(node, Scalar):
            return refuse(node, review, self.words, list_hint(node))
        if node.bare and (node.empty or is_number(node) or is_truth(node)):
            hint = "" if node.empty else f"write '{node.value}' in quotes if the text is meant"
            return refuse(node, review, self.words, hint)
        return self._kept(node, review)

    def _kept(self, node: Scalar, review: Review) -> str | Wrong:
        value = node.value
        if len(value) < self.least:
            characters = "character" if self.least == 1 else "characters"
            return review.wrong(node, f"must have at least {self.least} {characters}")
        if self.most is not None and len(value) > self.most:
            return review.wrong(node, f"must have at most {self.most} characters")
        if self.pattern is not None and not re.search(self.pattern, value):
            return review.wrong(node, f"must {self.looks or f'look like {self.pattern}'}, not '{node.echo}'")
        return value

    def schema(self) -> Schema:
        """Describe it to editors."""
        found: Schema = {"type": "string"}
        if self.pattern is not None:
            found["pattern"] = self.pattern
        if self.least:
            found["minLength"] = self.least
        if self.most is not None:
            found["maxLength"] = self.most
        return found


class Whole(msgspec.Struct, frozen=True):
    """A whole number, decimal or `0x` hexadecimal."""

    bounds: Bounds = Bounds()

    @property
    def words(self) -> str:
        """What is allowed."""
        return f"a whole number {self.bounds.words()}".rstrip()

    def read(self, node: Node, review: Review) -> int | Wrong:
        """Return the number."""
        if not isinstance(node, Scalar) or node.quoted or not WHOLE.fullmatch(node.value):
            return refuse(node, review, self.words, _number_hint(node, whole=True))
        value = int(node.value, 16) if node.value.startswith("0x") else int(node.value)
        return value if self.bounds.kept(value) else refuse(node, review, self.words)

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"type": "integer", **self.bounds.schema()}


class Number(msgspec.Struct, frozen=True):
    """A number with or without decimals, finite."""

    bounds: Bounds = Bounds()

    @property
    def words(self) -> str:
        """What is allowed."""
        return f"a number {self.bounds.words()}".rstrip()

    def read(self, node: Node, review: Review) -> float | Wrong:
        """Return the number."""
        if not isinstance(node, Scalar) or node.quoted:
            return refuse(node, review, self.words, _number_hint(node))
        if not DECIMAL.fullmatch(node.value) or OCTAL.fullmatch(node.value):
            return refuse(node, review, self.words, _number_hint(node))
        value = float(node.value)
        kept = math.isfinite(value) and self.bounds.kept(value)
        return value if kept else refuse(node, review, self.words)

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"type": "number", **self.bounds.schema()}


class Truth(msgspec.Struct, frozen=True):
    """True or false, as YAML people write it: `true`, `yes`, `on`."""

    @property
    def words(self) -> str:
        """What is allowed."""
        return "true or false"

    def read(self, node: Node, review: Review) -> bool | Wrong:
        """Return the truth value."""
        if isinstance(node, Scalar) and not node.quoted:
            if node.value in TRUE:
                return True
            if node.value in FALSE:
                return False
        quoted = isinstance(node, Scalar) and not node.plain and node.value in TRUE | FALSE
        return refuse(node, review, self.words, "remove the quotes" if quoted else "")

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"type": "boolean"}


def _number_hint(node: Node, *, whole: bool = False) -> str:
    if not isinstance(node, Scalar) or node.shown is not None:
        return list_hint(node)
    value = node.value.strip()
    hints = (_octal(value), _quoted(node), _comma(value), _fraction(value) if whole else "", _with_unit(value))
    return next(filter(None, hints), "")


def _octal(value: str) -> str:
    plain = value.replace("0o", "").lstrip("0") or "0"
    return f"a leading 0 means octal to some: write {plain}" if OCTAL.fullmatch(value) else ""


def _quoted(node: Scalar) -> str:
    quoted = not node.plain and DECIMAL.fullmatch(node.value)
    return f"remove the quotes: {node.value}" if quoted else ""


def _comma(value: str) -> str:
    return f"did you mean {value.replace(',', '.')}?" if COMMA.fullmatch(value) else ""


def _fraction(value: str) -> str:
    whole = DECIMAL.fullmatch(value) and float(value).is_integer()
    return f"did you mean {float(value):.0f}?" if whole else ""


def _with_unit(value: str) -> str:
    unit = WITH_UNIT.fullmatch(value)
    return f"it takes no unit: write {unit[1]}" if unit and DECIMAL.fullmatch(unit[1]) else ""
