"""Amounts with a unit of their own: durations and sizes."""

import re
from typing import Final

import msgspec

from gaugeway.config.shapes.bounds import Bounds
from gaugeway.config.shapes.shape import Schema, list_hint, refuse
from gaugeway.config.text.amounts import BYTES, NUMBER, SECONDS, SHORT, duration_words, parts_of, size_text
from gaugeway.config.text.nearest import nearest
from gaugeway.config.text.nodes import Node, Scalar
from gaugeway.config.text.review import Review, Wrong

COMMA: Final = re.compile(r"([-+]?[0-9]+),([0-9]+.*)")


class DurationShape(msgspec.Struct, frozen=True):
    """A span of time with its unit."""

    bounds: Bounds = Bounds()

    @property
    def words(self) -> str:
        """What is allowed."""
        limits = self.bounds.words(duration_words)
        return f"a duration such as 30s or 5min{', ' + limits if limits else ''}"

    def read(self, node: Node, review: Review) -> float | Wrong:
        """Return the seconds."""
        if not isinstance(node, Scalar):
            return refuse(node, review, self.words, list_hint(node))
        seconds = self._seconds(node, review)
        if isinstance(seconds, Wrong) or self.bounds.kept(seconds):
            return seconds
        return review.wrong(node, f"must be {self.bounds.words(duration_words)}, not {node.echo}")

    def _seconds(self, node: Scalar, review: Review) -> float | Wrong:
        parts = parts_of(node.value.strip())
        if not parts:
            return refuse(node, review, self.words, amount_hint(node.value, "s"))
        if parts == [(0.0, "")]:
            return 0.0
        total = 0.0
        for number, unit in parts:
            if not unit:
                return review.wrong(node, f"needs a unit of time: {node.echo} has none", f"did you mean {number:g}s?")
            if unit not in SECONDS:
                guess = SHORT[SECONDS[nearest(unit, SECONDS) or "s"]]
                return review.wrong(
                    node,
                    f"has an unknown unit of time: '{unit}'",
                    f"did you mean {number:g}{guess}? there is ms, s, min, h, d and w",
                )
            total += number * SECONDS[unit]
        return total

    def schema(self) -> Schema:
        """Describe it to editors."""
        units_of_time = "|".join(SECONDS)
        return {"anyOf": [{"type": "string", "pattern": rf"^\s*({NUMBER}\s*({units_of_time})\s*)+$"}, {"const": 0}]}


class SizeShape(msgspec.Struct, frozen=True):
    """An amount of memory or disk with its unit."""

    bounds: Bounds = Bounds()

    @property
    def words(self) -> str:
        """What is allowed."""
        limits = self.bounds.words(lambda size: size_text(int(size)))
        return f"a size such as 10MB or 512KiB{', ' + limits if limits else ''}"

    def read(self, node: Node, review: Review) -> int | Wrong:
        """Return the bytes."""
        if not isinstance(node, Scalar):
            return refuse(node, review, self.words, list_hint(node))
        size = self._bytes(node, review)
        if isinstance(size, Wrong) or self.bounds.kept(size):
            return size
        return review.wrong(node, f"must be {self.bounds.words(lambda size: size_text(int(size)))}, not {node.echo}")

    def _bytes(self, node: Scalar, review: Review) -> int | Wrong:
        parts = parts_of(node.value.strip())
        if len(parts) != 1:
            return refuse(node, review, self.words, amount_hint(node.value, "MB"))
        number, unit = parts[0]
        if not unit and number == 0:
            return 0
        if not unit:
            return review.wrong(node, f"needs a unit: {node.echo} has none", f"did you mean {number:g}MB?")
        if unit not in BYTES:
            guess = {"k": "kB", "M": "MB", "G": "GB", "T": "TB"}.get(unit) or nearest(unit, BYTES) or "MB"
            return review.wrong(node, f"has an unknown unit: '{unit}'", f"did you mean {number:g}{guess}?")
        return round(number * BYTES[unit])

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"anyOf": [{"type": "string", "pattern": rf"^\s*{NUMBER}\s*({'|'.join(BYTES)})\s*$"}, {"const": 0}]}


def amount_hint(text: str, unit: str) -> str:
    """Guess what was meant by something that is no amount."""
    comma = COMMA.fullmatch(text.strip())
    if comma:
        return f"did you mean {comma[1]}.{comma[2]}?"
    if text.strip().startswith("-"):
        return "it cannot be negative" if unit != " °C" else ""
    return f"write a number and its unit, such as 10{unit}"
