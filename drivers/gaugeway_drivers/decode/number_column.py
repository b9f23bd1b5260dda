"""Many numbers at once, for files with millions of rows."""

from collections.abc import Sequence
from math import isfinite

from gaugeway_drivers.decode.number import Decimal


def numbers(cells: Sequence[str], decimal: Decimal) -> list[float]:
    """Return the numbers in `cells`; ValueError unless every one is surely a number, as `number` would have it.

    The rare cases are looked for in all cells together, which costs much less than looking into each.
    """
    wanted = len(cells)
    together = ";".join(cells) + ";"
    if not together.isascii() or not together.isprintable() or "_" in together:
        raise ValueError("one of them may be no number")
    if decimal + ";" in together or decimal + " " in together:
        raise ValueError("one of them may be cut short")
    if decimal == ",":
        if "." in together:
            raise ValueError("one of them has a point")
        cells = together.replace(",", ".").split(";")[:-1]
    found = list(map(float, cells))
    if not isfinite(sum(found)) or len(found) != wanted:
        raise ValueError("one of them may be infinite, no number, or two")
    return found
