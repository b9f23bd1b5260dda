"""The smallest edit that makes a broken text YAML again: what was probably meant, and where the slip is."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from operator import itemgetter
from typing import Final

import msgspec

from gaugeway.config.text.events import first_fault
from gaugeway.config.text.text import Judge, Text

Rank = tuple[bool, int, int, int]
LARGEST: Final = 150_000
NEAR: Final = 4
MOST_TRIES: Final = 150
MOST_CHARACTERS: Final = 4_000_000
MOST_JUDGED: Final = 6
TAB: Final = ("a tab stands where YAML wants blanks", "indent with blanks only")
NO_BLANK: Final = re.compile(r"(\s*(?:- +)?(?:[\w.-]+|\"[^\"]*\"|'[^']*')):([^\s:/].*)")
NO_COLON: Final = re.compile(r"(\s*(?:- +)?[\w.-]+)(?:(\s+)(\S.*)|\s*)")
STARTS_ODDLY: Final = re.compile(r"([\s\[{,:-]|^)([*@`%&!][^\s,\]}:]*)(?=\s*(?:[,:\]}]|$))")
BRACE_FIRST: Final = re.compile(r"(\s*(?:- +)?[\w.-]+: +)([\[{][^\[\]{}'\"]*[\]}] *[^\s,#\]}'\"][^'\"]*)")
COLON_INSIDE: Final = re.compile(r"(\s*(?:- +)?[\w.-]+: +)([^\s\"'\[{|>].*: .*|[^\s\"'\[{|>].*:)$")


class Repair(msgspec.Struct, frozen=True):
    """A line as it was probably meant, where in it the slip is, and what is to be said about it."""

    line: int
    column: int
    width: int
    better: str
    message: str
    hint: str


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
                found.append(((fault is not None, irregular(lines), _unrest(lines), abs(one.line - error)), one))
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


def irregular(lines: list[str]) -> int:
    """Count the lines that are indented further than the line above by another step than most of the text."""
    usual = usual_step(lines)
    steps = [further for above, below in _pairs(lines) if (further := below - above) > 0]
    return sum(step != usual for step in steps) + sum(below % usual != 0 for _, below in _pairs(lines))


def usual_step(lines: list[str]) -> int:
    """Return by how many blanks most lines are indented further than the one above, if they are."""
    steps = [further for above, below in _pairs(lines) if (further := below - above) > 0]
    return max(set(steps), key=steps.count) if steps else 2


def _unrest(lines: list[str]) -> int:
    """Add up by how much each line is indented differently from the one above."""
    return sum(abs(below - above) for above, below in _pairs(lines))


def _pairs(lines: list[str]) -> Iterator[tuple[int, int]]:
    indents = [_indent(line) for line in lines if _says_something(line)]
    return pairwise(indents)


def _near(text: Text, error: int, began: int) -> list[int]:
    """Return the numbers of the lines where the slip may be, the likeliest first."""
    telling = [number for number, line in enumerate(text.lines) if _says_something(line)]
    close = sorted(telling, key=lambda number: (abs(number - error), -number))[: 2 * NEAR]
    context = [number for number in telling if began - 1 <= number <= began + 1]
    odd = [number for number in telling if number <= error and _indent(text.lines[number]) % 2][:NEAR]
    above = list(_above(text, error))
    below = [number for at in above for number in telling[bisect_right(telling, at) :][:1]]
    return list(dict.fromkeys([*close, *above, *below, *context, *odd, *telling[:1]]))


def _above(text: Text, error: int) -> Iterator[int]:
    """Yield the lines that a line belongs to: upwards, each that is indented less than all below it."""
    least = _indent(text.line(error)) + 1
    for number in range(error - 1, -1, -1):
        line = text.lines[number] if number < len(text.lines) else ""
        if _says_something(line) and _indent(line) < least:
            least = _indent(line)
            yield number


def _edited(text: Text, one: Repair) -> list[str]:
    return [*text.lines[: one.line], one.better, *text.lines[one.line + 1 :]]


def _says_something(line: str) -> bool:
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _tabs(text: Text, near: list[int]) -> Iterator[Repair]:
    for number in near:
        line = text.lines[number]
        lead = line[: _indent(line)]
        if "\t" in lead:
            at = lead.index("\t")
            for width in (2, 4, 8):
                better = lead.replace("\t", " " * width) + line.lstrip()
                yield Repair(number, at, 1, better, *TAB)


def _colons(text: Text, near: list[int]) -> Iterator[Repair]:
    for number in near:
        found = NO_BLANK.fullmatch(text.lines[number])
        if found is not None:
            key, value = found[1], found[2]
            hint = f"did you mean '{key.strip()}: {value.strip()}'?"
            yield Repair(number, len(key), 1, f"{key}: {value}", "a blank is missing after the colon", hint)


def _odd_starts(text: Text, near: list[int]) -> Iterator[Repair]:
    for number in near:
        line = text.lines[number]
        for found in STARTS_ODDLY.finditer(line):
            start, end = found.span(2)
            better = f'{line[:start]}"{found[2]}"{line[end:]}'
            message = f"a text that begins with {found[2][0]} needs quotes"
            yield Repair(number, start, end - start, better, message, f'write "{found[2]}"')


def _quotes(text: Text, near: list[int]) -> Iterator[Repair]:
    for number in near:
        line = text.lines[number]
        for quote in ('"', "'"):
            if line.count(quote) % 2:
                at = line.rindex(quote)
                for end in _ends(line, at):
                    better = line[:end] + quote + line[end:]
                    yield Repair(number, at, 1, better, "this quote is not closed", f"close it with {quote}")


def _ends(line: str, start: int) -> Iterator[int]:
    """Yield where a text that began at `start` may end: at the end of the line, or before what closes a list."""
    yield len(line.rstrip())
    yield from (found.start() + start for found in re.finditer(r"\s*[,\]}#]", line[start:]))


def _brackets(text: Text, near: list[int]) -> Iterator[Repair]:
    for number in near:
        line = text.lines[number].rstrip()
        for open_, close in ("[]", "{}"):
            if line.count(open_) > line.count(close):
                at = line.rindex(open_)
                for end in _ends(line, at + 1):
                    better = line[:end] + close + line[end:]
                    yield Repair(number, at, 1, better, f"this {open_} is not closed", f"close it with {close}")
            elif line.count(close) > line.count(open_):
                at = line.rindex(close)
                better = line[:at] + line[at + 1 :]
                yield Repair(number, at, 1, better, f"this {close} closes nothing", "remove it")


def _indents(text: Text, near: list[int]) -> Iterator[Repair]:
    for number in near:
        line = text.lines[number]
        own = _indent(line)
        if NO_COLON.fullmatch(line) and not line.lstrip().startswith("- "):
            continue  # a key that lacks its colon, which would be taken for the rest of the text above
        for other in _indents_around(text, number):
            if other != own:
                hint = f"did you mean {other} blanks in front of it, not {own}?" if other else "did you mean none?"
                width = len(line.split(":")[0].strip()) or 1
                yield Repair(
                    number,
                    own,
                    width,
                    " " * other + line.lstrip(),
                    "this line is not indented like its neighbours",
                    hint,
                )


def _indents_around(text: Text, number: int) -> list[int]:
    above = [_indent(line) for line in text.lines[max(0, number - 40) : number] if _says_something(line)]
    below = [_indent(line) for line in text.lines[number + 1 : number + 10] if _says_something(line)]
    deeper = [indent + 2 for indent in above[-1:]]
    return list(dict.fromkeys([*above[::-1][:6], *below[:3], *deeper, 0, *sorted(set(above))]))[:8]


def _inner_colons(text: Text, near: list[int]) -> Iterator[Repair]:
    for number in near:
        found = COLON_INSIDE.fullmatch(text.lines[number].rstrip())
        if found is not None:
            value = found[2]
            message = "a text with ': ' in it needs quotes"
            yield Repair(number, len(found[1]), len(value), f"{found[1]}'{value}'", message, f"write '{value}'")


def _no_colons(text: Text, near: list[int]) -> Iterator[Repair]:
    for number in near:
        found = NO_COLON.fullmatch(text.lines[number])
        if found is not None:
            key, value = found[1], found[3] or ""
            value = value.partition(" #")[0] if not value.startswith("#") else ""
            meant = f"{key}: {value}".rstrip()
            hint = f"did you mean '{meant.strip()}'?"
            yield Repair(number, len(key), 1, meant, "a colon is missing after the key", hint)


def _dashes(text: Text, near: list[int]) -> Iterator[Repair]:
    for number in near:
        line = text.lines[number]
        own, said = _indent(line), line.strip()
        if not said.startswith("- ") and any(
            other.startswith(" " * own + "- ") for other in _beside(text, number) if _indent(other) == own
        ):
            better = f"{' ' * own}- {said}"
            hint = f"did you mean '- {said.partition(' #')[0].rstrip()}'?"
            yield Repair(number, own, 1, better, "a dash is missing in front of this item of the list", hint)


def _beside(text: Text, number: int) -> Iterator[str]:
    """Yield the lines that say something right above and below a line."""
    above = (text.lines[at] for at in range(number - 1, -1, -1))
    below = (text.lines[at] for at in range(number + 1, len(text.lines)))
    for lines in (above, below):
        yield from islice(filter(_says_something, lines), 1)


def _flow_starts(text: Text, near: list[int]) -> Iterator[Repair]:
    for number in near:
        found = BRACE_FIRST.fullmatch(text.lines[number].rstrip())
        if found is not None:
            value = found[2]
            message = f"a text that begins with {value[0]} needs quotes"
            better = f"{found[1]}'{value}'"
            yield Repair(number, len(found[1]), len(value), better, message, f"write '{value}'")


EDITS: Final[tuple[Callable[[Text, list[int]], Iterator[Repair]], ...]] = (
    _tabs, _colons, _odd_starts, _flow_starts, _quotes, _brackets, _indents, _inner_colons, _dashes, _no_colons,
)  # fmt: skip
