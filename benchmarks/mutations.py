"""How well mistakes in a configuration are found: every sample is spoilt at random, and what `check` says is counted.

    python benchmarks/mutations.py [--count 200] [--seed N] [--show]

One mutation is one slip in one line: a misspelt key, a wrong type, a wrong unit, a bad indentation, a duplicate, a
dangling reference or a value out of bounds. It counts as caught when there is a problem, as placed when the first
problem stands at the spoilt line, and as suggested when the hint there names the word that was spoilt.
"""

import argparse
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from gaugeway.config import load_report
from gaugeway.config.shapes.collections import AnyShape
from gaugeway.config.shown.catalogue import topics
from gaugeway.config.text.compose import compose
from gaugeway.config.text.review import Review
from gaugeway.config.text.text import Text
from gaugeway.errors import Problem
from gaugeway.registry import Registry

CONFIGS: Final = Path(__file__).resolve().parent.parent / "configs"
KEY: Final = re.compile(r"(?<![\w/.$-])([A-Za-z_]\w*)(?=: |:$)")
PAIR: Final = re.compile(r"(?<![\w/.$-])(\w+): ([^\s,{}\[\]#\"'][^,{}\[\]#\"']*?)(?=\s*(?:[,}#]|$))")
AMOUNT: Final = re.compile(r"(?<=: )(-?[0-9.]+ ?)(°C|bar|m/s|s|min|h|d|MB|MiB|GB|kPa|L/min|m³/h)(?=\s*(?:[,}#]|$))")
REFERENCE: Final = re.compile(r"(?<=\b)(sensor|like|flag|of|inhibited_by): \[?\"?([\w]+)")
RANGE: Final = re.compile(r"range: \[(-?[0-9.]+), (-?[0-9.]+)\]")
THRESHOLD: Final = re.compile(r"(above|below): (-?[0-9.]+)(?= (?:°C|bar|m/s))")
BOUNDS: Final = {
    "baud": "0", "qos": "3", "digits": "40", "last": "0", "version": "2", "remember": "0", "max_sensors": "0",
    "for": "-5s", "every": "-1s", "sync_every": "-1s", "files": "0", "at_least": "0", "clear_for": "-1min",
    "bytesize": "9", "stopbits": "3", "max_latency": "3s", "checkpoint_every": "0s", "times": "0", "attempts": "0",
}  # fmt: skip
FREE_TEXT: Final = {"label", "message", "password", "username", "pattern"}


class Slip(msgspec.Struct, frozen=True):
    """One spoilt line: which, what it became, and the word that a hint should name."""

    kind: str
    line: int
    better: str
    worse: list[str]
    word: str = ""


class Lines:
    """A sample, line by line, and the slips that can be made in it."""

    def __init__(self, text: str, dice: random.Random, vocabulary: set[str]) -> None:
        self.lines = text.splitlines()
        self.dice = dice
        self.vocabulary = vocabulary
        self.begun = next((n for n, line in enumerate(self.lines) if line.startswith("tests:")), len(self.lines))

    def slip(self, kind: str) -> Slip | None:
        """Make one slip of a kind, somewhere."""
        numbers = [n for n in range(self.begun) if self.code(n).strip()]
        self.dice.shuffle(numbers)
        for number in numbers:
            found = SLIPS[kind](self, number)
            if found is not None:
                return found
        return None

    def code(self, number: int) -> str:
        """Return a line without its comment."""
        return re.sub(r"(^|\s)#.*$", "", self.lines[number]).rstrip()

    def changed(self, kind: str, number: int, span: tuple[int, int], new: str, word: str = "") -> Slip:
        """Return the slip that puts `new` in the place of part of a line."""
        line = self.code(number)
        start, end = span
        return Slip(kind, number, line, [line[:start] + new + line[end:]], word)

    def one_of(self, matches: Iterator[re.Match[str]]) -> re.Match[str] | None:
        """Choose one match."""
        some = list(matches)
        return self.dice.choice(some) if some else None

    def spoilt(self, word: str) -> str:
        """Return a word with one slip of the fingers."""
        at = self.dice.randrange(len(word))
        letter = self.dice.choice("abcdefghijklmnopqrstuvwxyz")
        return self.dice.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
            )
        )


def misspelt(lines: Lines, number: int) -> Slip | None:
    """Misspell a key by one letter."""
    known = (match for match in KEY.finditer(lines.code(number)) if match[1] in lines.vocabulary)
    match = lines.one_of(known)
    worse = lines.spoilt(match[1]) if match and len(match[1]) > 2 else ""
    if match is None or not worse or worse in lines.vocabulary or not worse.isidentifier():
        return None
    return lines.changed("misspelt key", number, match.span(1), worse, match[1])


def wrong_type(lines: Lines, number: int) -> Slip | None:
    """Put a list, a mapping or a word where something else belongs."""
    pairs = (match for match in PAIR.finditer(lines.code(number)) if match[1] in lines.vocabulary)
    match = lines.one_of(pairs)
    if match is None:
        return None
    number_like = re.fullmatch(r"-?[0-9.]+", match[2])
    new = lines.dice.choice(("[[1]]", "{wrong: type}", "many") if number_like else ("[[1]]", "{wrong: type}"))
    return lines.changed("wrong type", number, match.span(2), new)


def wrong_unit(lines: Lines, number: int) -> Slip | None:
    """Put the unit of something else."""
    match = lines.one_of(AMOUNT.finditer(lines.code(number)))
    if match is None:
        return None
    others = [unit for unit in ("kg", "parsec", "V", "lx") if unit != match[2]]
    return lines.changed("wrong unit", number, match.span(2), lines.dice.choice(others))


def indentation(lines: Lines, number: int) -> Slip | None:
    """Indent by some blanks too many or too few."""
    line = lines.code(number)
    by = lines.dice.choice((-2, -1, 1, 2, 3))
    depth = len(line) - len(line.lstrip())
    if depth + by < 0:
        return None
    return Slip("bad indentation", number, line, [" " * (depth + by) + line.lstrip()])


def duplicate(lines: Lines, number: int) -> Slip | None:
    """Write a line twice."""
    line = lines.code(number)
    if not re.match(r"\s*[\w\"{}*:]+: \S", line) or line.count("{") != line.count("}"):
        return None
    return Slip("duplicate", number + 1, line, [line, line])


def dangling(lines: Lines, number: int) -> Slip | None:
    """Refer to a name that nothing has."""
    match = lines.one_of(REFERENCE.finditer(lines.code(number)))
    elsewhere = "format:" in lines.code(number)  # where a sensor's name stands in a payload is nothing we could know
    if (
        match is None
        or elsewhere
        or match[2] == "value"
        or "{" in lines.code(number)[match.start(2) : match.end(2) + 1]
    ):
        return None
    return lines.changed("dangling reference", number, match.span(2), match[2][:-2] + "qxz")


def out_of_bounds(lines: Lines, number: int) -> Slip | None:
    """Put a value that cannot be."""
    line = lines.code(number)
    kinds = [*RANGE.finditer(line), *THRESHOLD.finditer(line)]
    kinds += [match for match in PAIR.finditer(line) if match[1] in BOUNDS]
    match = lines.one_of(iter(kinds))
    if match is None:
        return None
    if match.re is RANGE:
        return lines.changed("out of bounds", number, (match.start(1), match.end(2)), f"{match[2]}, {match[1]}")
    if match.re is THRESHOLD:
        return lines.changed("out of bounds", number, match.span(2), "7000")
    return lines.changed("out of bounds", number, match.span(2), BOUNDS[match[1]])


SLIPS: Final[dict[str, Callable[[Lines, int], Slip | None]]] = {
    "misspelt key": misspelt, "wrong type": wrong_type, "wrong unit": wrong_unit, "bad indentation": indentation,
    "duplicate": duplicate, "dangling reference": dangling, "out of bounds": out_of_bounds,
}  # fmt: skip


class Count(msgspec.Struct):
    """What became of the mutations of one kind."""

    made: int = 0
    caught: int = 0
    placed: int = 0
    suggested: int = 0


def spoil(folder: Path, file: Path, slip: Slip) -> str:
    """Write the spoilt file; return its text."""
    lines = file.read_text(encoding="utf-8").splitlines()
    at = slip.line - len(slip.worse) + 1
    text = "\n".join([*lines[:at], *slip.worse, *lines[at + 1 :]]) + "\n"
    (folder / file.relative_to(CONFIGS)).write_text(text, encoding="utf-8")
    return text


def harmless(before: str, after: str) -> bool:
    """Tell whether a slip changed nothing of what the file says."""
    was, now = meaning(before), meaning(after)
    return now is not None and was == now


def meaning(text: str) -> object | None:
    """Return what a text says as plain data; None where it is broken."""
    review = Review(CONFIGS)
    node = compose(Text("", text), review, lambda scalar: scalar)
    return None if node is None or review.problems else (AnyShape().read(node, review),)


def main() -> int:
    parser = argparse.ArgumentParser(description="Spoil every sample at random and count what is found.")
    parser.add_argument("--count", type=int, default=200, help="mutations of each sample")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--show", action="store_true", help="show what was not caught, placed or suggested")
    asked = parser.parse_args()
    print(f"seed {asked.seed}")
    dice = random.Random(asked.seed)
    counts = {kind: Count() for kind in SLIPS}
    registry = Registry.discover((CONFIGS / "plugins",))
    vocabulary = {field.name for topic in topics(registry) for field in topic.fields}
    for sample in CONFIGS.glob("*.yaml"):
        if load_report(sample, registry).problems:
            sys.exit(f"{sample} has mistakes of its own")
    for file in sorted([*CONFIGS.glob("*.yaml"), *CONFIGS.glob("rules/*.yaml")]):
        for _ in range(asked.count):
            one(file, dice, registry, vocabulary, counts, show=asked.show)
    return report(counts)


def one(
    file: Path, dice: random.Random, registry: Registry, vocabulary: set[str], counts: dict[str, Count], *, show: bool
) -> None:
    """Make one mutation and count what becomes of it."""
    text = file.read_text(encoding="utf-8")
    slip = Lines(text, dice, vocabulary).slip(dice.choice(list(SLIPS)))
    if slip is None:
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "configs"
        shutil.copytree(CONFIGS, folder)
        if harmless(text, spoil(folder, file, slip)):
            return
        main_file = file if file.parent == CONFIGS else CONFIGS / USED_BY[file.name]
        problems = load_report(folder / main_file.name, registry).problems
    count = counts[slip.kind]
    count.made += 1
    count.caught += bool(problems)
    placed = bool(problems) and is_at(problems[0], slip, file)
    count.placed += placed
    suggested = any(f"'{slip.word}'" in problem.hint for problem in problems if is_at(problem, slip, file))
    count.suggested += suggested
    if show and not (problems and placed and (suggested or not slip.word)):
        print(f"--- {slip.kind} in {file.name}:{slip.line + 1}\n- {slip.better}\n+ {slip.worse[-1]}")
        print(*problems[:3], sep="\n")


USED_BY: Final = {"pumps.yaml": "water-works.yaml"}


def is_at(problem: Problem, slip: Slip, file: Path) -> bool:
    at = problem.place
    return at is not None and at.line == slip.line + 1 and Path(at.file).name == file.name


def report(counts: dict[str, Count]) -> int:
    """Print the figures; 1 where they are not reached."""
    print(f"{'':20}{'made':>8}{'caught':>9}{'placed':>9}{'suggested':>11}")
    for kind, count in counts.items():
        print(row(kind, count, suggests=kind == "misspelt key"))
    words, all_of = counts["misspelt key"], counts.values()
    made, caught = sum(count.made for count in all_of), sum(count.caught for count in all_of)
    placed = sum(count.placed for count in all_of)
    print(row("all", Count(made, caught, placed, words.suggested), suggests=False))
    reached = caught >= 0.98 * made and placed >= 0.98 * caught and words.suggested >= 0.95 * words.made
    return 0 if reached else 1


def row(title: str, count: Count, *, suggests: bool) -> str:
    suggested = share(count.suggested, count.made) if suggests else ""
    shares = f"{share(count.caught, count.made):>9}{share(count.placed, count.caught):>9}"
    return f"{title:20}{count.made:8}{shares}{suggested:>11}".rstrip()


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


if __name__ == "__main__":
    sys.exit(main())
