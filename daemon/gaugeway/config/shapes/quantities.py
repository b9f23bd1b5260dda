"""Quantities, rates and units of measurement."""

import math
import re
from typing import Final

import msgspec

from gaugeway import units
from gaugeway.config.shapes.amounts import amount_hint
from gaugeway.config.shapes.shape import DECIMAL, Schema, list_hint, refuse
from gaugeway.config.text.amounts import SECONDS, parts_of
from gaugeway.config.text.nearest import nearest
from gaugeway.config.text.nodes import Node, Scalar
from gaugeway.config.text.review import Review, Wrong
from gaugeway.rule import Rate
from gaugeway.units import Quantity

AMOUNT: Final = re.compile(r"([-+]?(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})(?:[eE][-+]?[0-9]{1,3})?)\s*(.*)")
RATE: Final = re.compile(r"(.+?)(?:\s+per\s+|\s*/\s*)([0-9. ]*[a-z]+)")


class QuantityShape(msgspec.Struct, frozen=True):
    """A number, with a unit or in the unit of the sensor it meets."""

    @property
    def words(self) -> str:
        """What is allowed."""
        return "a number with a unit, such as 85 °C"

    def read(self, node: Node, review: Review) -> Quantity | Wrong:
        """Return the quantity, its unit in the one spelling used inside."""
        if not isinstance(node, Scalar):
            return refuse(node, review, self.words, list_hint(node))
        found = quantity_of(node.value)
        if found is None:
            return refuse(node, review, self.words, amount_hint(node.value, " °C"))
        if isinstance(found, str):
            return review.wrong(node, f"has an unknown unit: '{found}'", unit_hint(found))
        return found

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"type": ["number", "string"], "pattern": r"^\s*[-+]?[0-9.]"}


class RateShape(msgspec.Struct, frozen=True):
    """A change in a time."""

    @property
    def words(self) -> str:
        """What is allowed."""
        return "a change in a time, such as 5 °C per min"

    def read(self, node: Node, review: Review) -> Rate | Wrong:
        """Return the rate."""
        match = RATE.fullmatch(node.value.strip()) if isinstance(node, Scalar) else None
        if match is None:
            return refuse(node, review, self.words, "write an amount, 'per' and a time: 5 °C per min")
        amount = quantity_of(match[1])
        if not isinstance(amount, Quantity):
            return review.wrong(node, f"has an unknown unit: '{amount or match[1]}'", unit_hint(amount or ""))
        time = match[2].strip()
        parts = parts_of(time if time[0].isdigit() else f"1{time}")
        if not parts or any(unit not in SECONDS for _, unit in parts):
            return review.wrong(node, f"has an unknown time: '{time}'", "there is s, min, h and d")
        per = sum(number * SECONDS[unit] for number, unit in parts)
        return Rate(amount, per) if per > 0 else review.wrong(node, "must be a change in a time longer than 0")

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"type": "string", "pattern": r"^\s*[-+]?[0-9.]+.*( per |/).*[a-z]+$"}


class UnitShape(msgspec.Struct, frozen=True):
    """The unit of a sensor; whether it fits the sensor's kind is checked where the kind is known."""

    @property
    def words(self) -> str:
        """What is allowed."""
        return "a unit such as °C, bar or L/min"

    def read(self, node: Node, review: Review) -> str | Wrong:
        """Return the unit in the one spelling used inside; one that is not known stays as it is."""
        if isinstance(node, Scalar) and node.value.strip() == "" and not node.plain:
            return ""
        if not isinstance(node, Scalar) or node.empty or (node.plain and DECIMAL.fullmatch(node.value)):
            return refuse(node, review, self.words, list_hint(node))
        if node.plain and node.value.lower() in ("no", "yes", "on", "off", "true", "false"):
            return refuse(
                node,
                review,
                self.words,
                f"write '{node.value}' in quotes if the text is meant; leave 'unit' out for none",
            )
        return units.canonical(node.value) or node.value

    def schema(self) -> Schema:
        """Describe it to editors."""
        return {"anyOf": [{"enum": list(units.UNITS)}, {"type": "string"}]}


def quantity_of(text: str) -> Quantity | str | None:
    """Return the quantity a text says; its unit alone where that is unknown; None where there is no number."""
    match = AMOUNT.fullmatch(text.strip())
    if match is None or not math.isfinite(float(match[1])):
        return None
    if not match[2]:
        return Quantity(float(match[1]))
    unit = units.canonical(match[2])
    return match[2] if unit is None else Quantity(float(match[1]), unit)


def unit_hint(unit: str) -> str:
    """Guess the unit that was meant."""
    guess = nearest(unit, [*units.UNITS, *units.SPELLINGS])
    if guess:
        return f"did you mean '{units.canonical(guess)}'?"
    return "a number without a unit is in the unit of the sensor it meets"
