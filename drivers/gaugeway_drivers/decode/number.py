"""One number as a device wrote it, read strictly: what is not surely a number is refused, with the reason."""

from math import isfinite
from typing import Final, Literal

Decimal = Literal[".", ","]
NumberReason = Literal["empty", "not a number", "not finite", "cut short", "unavailable"]

NOTHING_TO_SAY: Final = frozenset("*./-_?#!~ ")
NO_VALUE_WORDS: Final = frozenset(
    {"err", "error", "fail", "fault", "n/a", "na", "none", "null", "over", "unavailable", "under", "unknown"}
)
NOT_FINITE_WORDS: Final = frozenset({"nan", "inf", "infinity"})


class NotANumber(ValueError):  # noqa: N818 - a handler reads `except NotANumber`
    """A field that holds no number; `reason` is one of a few fixed words that can be counted."""

    def __init__(self, reason: NumberReason) -> None:
        super().__init__(reason)
        self.reason: NumberReason = reason


def number(given: object, *, decimal: Decimal = ".") -> float:
    """Return the finite number that `given` is or spells; NotANumber where there is none.

    White space around it is not minded, nor are a sign, leading zeros, an exponent or a missing zero before
    the point (`.5`, as SDI-12 devices write it). `21.` is refused: nobody writes it, but a short read of `21.53`
    leaves it. So are `inf`, `nan`, `1e400`, `1_000`, digits of other scripts, and true and false.
    """
    if isinstance(given, str):
        return _spelled(given, decimal)
    if given is None:
        raise NotANumber("unavailable")
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise NotANumber("not a number")
    try:
        value = float(given)
    except OverflowError:
        raise NotANumber("not finite") from None
    if not isfinite(value):
        raise NotANumber("not finite")
    return value


def _spelled(text: str, decimal: Decimal) -> float:
    text = text.strip()
    plain = text if decimal == "." else _with_point(text)
    # float() itself takes more than devices mean: ending in a digit rules out `21.`, inf and nan.
    if plain[-1:].isdigit() and plain.isascii() and "_" not in plain:
        try:
            value = float(plain)
        except ValueError:
            raise NotANumber("not a number") from None
        if isfinite(value):
            return value
        raise NotANumber("not finite")
    raise NotANumber(_why_not(text, plain))


def _with_point(text: str) -> str:
    if "." in text:
        return ""
    return text.replace(",", ".")


def _why_not(text: str, plain: str) -> NumberReason:
    if not text:
        return "empty"
    word = text.lower()
    if word.lstrip("+-") in NOT_FINITE_WORDS:
        return "not finite"
    if word in NO_VALUE_WORDS or NOTHING_TO_SAY.issuperset(text):
        return "unavailable"
    cut = plain.rstrip(".eE+-")
    if cut != plain and cut.lstrip("+-").replace(".", "", 1).isdigit():
        return "cut short"
    return "not a number"
