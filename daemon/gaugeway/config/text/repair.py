"""The smallest edit that makes a broken text YAML again: what was probably meant, and where the slip is."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from operator import itemgetter
from typing import Final

from gaugeway.config.text.events import first_fault
from gaugeway.config.text.indents import indent_of, irregular, says_something, unrest
from gaugeway.config.text.slips import EDITS, Repair
from gaugeway.config.text.text import Judge, Text

Rank = tuple[bool, int, int, int]
LARGEST: Final = 150_000
NEAR: Final = 4
MOST_TRIES: Final = 150
MOST_CHARACTERS: Final = 4_000_000
MOST_JUDGED: Final = 6


def repair(text: Text, error: int, began: int, judge: Judge | None = None) -> Repair | None:
    """Return the likeliest single-line edit; `error` is where the parser gave up, `began` where that part begins.

    Where several do, the one is chosen after which the least is wrong, then the one that looks most regular.
    """
    if len(text.content) > LARGEST:
        return None
    near = _near(text, error, began)
    tries = min(MOST_TRIES, MOST_CHARACTERS // (len(text.content) + 1) + 1)
    for edits in EDITS:
        found: list[tuple[Rank, Repair]] = []
        for one in islice(edits(text, near), tries):
            lines = _edited(text, one)
            fault = first_fault("\n".join(lines) + "\n")
            if fault is None or fault > error + NEAR:
                found.append(((fault is not None, irregular(lines), unrest(lines), abs(one.line - error)), one))
        if found:
            return _judged(text, [one for _, one in sorted(found, key=itemgetter(0))], judge)
    return None


def _judged(text: Text, found: list[Repair], judge: Judge | None) -> Repair:
    if judge is None or len(found) == 1:
        return found[0]
    return min(found[:MOST_JUDGED], key=lambda one: judge(mended(text, one)))


def mended(text: Text, one: Repair) -> Text:
    """Return the text with the repair made."""
    return Text(text.name, "\n".join(_edited(text, one)) + "\n")


def _near(text: Text, error: int, began: int) -> list[int]:
    """Return the numbers of the lines where the slip may be, the likeliest first."""
    telling = [number for number, line in enumerate(text.lines) if says_something(line)]
    close = sorted(telling, key=lambda number: (abs(number - error), -number))[: 2 * NEAR]
    context = [number for number in telling if began - 1 <= number <= began + 1]
    odd = [number for number in telling if number <= error and indent_of(text.lines[number]) % 2][:NEAR]
    above = list(_above(text, error))
    below = [number for at in above for number in telling[bisect_right(telling, at) :][:1]]
    return list(dict.fromkeys([*close, *above, *below, *context, *odd, *telling[:1]]))


def _above(text: Text, error: int) -> Iterator[int]:
    """Yield the lines that a line belongs to: upwards, each that is indented less than all below it."""
    least = indent_of(text.line(error)) + 1
    for number in range(error - 1, -1, -1):
        line = text.lines[number] if number < len(text.lines) else ""
        if says_something(line) and indent_of(line) < least:
            least = indent_of(line)
            yield number


def _edited(text: Text, one: Repair) -> list[str]:
    return [*text.lines[: one.line], one.better, *text.lines[one.line + 1 :]]
