"""A condition on a reading, as people type it: `value>80`, `quality!=good`, `average<=3 and value>3`."""

import operator
import re
from collections.abc import Callable
from typing import Final

from gaugeway.reading import Reading

Condition = Callable[[Reading], bool]
PART: Final = re.compile(r"\s*([A-Za-z_]\w*)\s*(>=|<=|!=|==|=|>|<)\s*(\S+)\s*")
NUMBERS: Final[dict[str, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
}
WORDS: Final = ("quality", "unit", "stamp", "sensor")


def condition(text: str) -> Condition:
    """Return what a text asks for; ValueError says what is wrong with it."""
    parts = [_part(part) for part in text.split(" and ")]
    return parts[0] if len(parts) == 1 else lambda reading: all(part(reading) for part in parts)


def _part(text: str) -> Condition:
    found = PART.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text.strip()}' is no condition; one looks like value>80 or quality!=good")
    name, compared, wanted = found.groups()
    if name in WORDS:
        return _of_words(name, compared, wanted)
    try:
        limit = float(wanted)
    except ValueError:
        raise ValueError(f"'{wanted}' is no number, and '{name}' is one") from None
    compare = NUMBERS[compared]

    def holds(reading: Reading) -> bool:
        value = reading.get(name)
        return value is not None and compare(value, limit)

    return holds


def _of_words(name: str, compared: str, wanted: str) -> Condition:
    if compared not in ("=", "==", "!="):
        raise ValueError(f"'{name}' is a word: it can be = or !=")
    same = compared != "!="
    return lambda reading: (getattr(reading, name) == wanted) is same
