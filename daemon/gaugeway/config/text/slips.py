"""The slips that people make in YAML, and the edit that each would be mended by."""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

import msgspec

from gaugeway.config.text.indents import indent_of, says_something
from gaugeway.config.text.text import Text

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


def _tabs(text: Text, near: list[int]) -> Iterator[Repair]:
    for number in near:
        line = text.lines[number]
        lead = line[: indent_of(line)]
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
        own = indent_of(line)
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
    above = [indent_of(line) for line in text.lines[max(0, number - 40) : number] if says_something(line)]
    below = [indent_of(line) for line in text.lines[number + 1 : number + 10] if says_something(line)]
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
        own, said = indent_of(line), line.strip()
        if not said.startswith("- ") and any(
            other.startswith(" " * own + "- ") for other in _beside(text, number) if indent_of(other) == own
        ):
            better = f"{' ' * own}- {said}"
            hint = f"did you mean '- {said.partition(' #')[0].rstrip()}'?"
            yield Repair(number, own, 1, better, "a dash is missing in front of this item of the list", hint)


def _beside(text: Text, number: int) -> Iterator[str]:
    """Yield the lines that say something right above and below a line."""
    above = (text.lines[at] for at in range(number - 1, -1, -1))
    below = (text.lines[at] for at in range(number + 1, len(text.lines)))
    for lines in (above, below):
        yield from islice(filter(says_something, lines), 1)


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
