"""How the lines of a text are indented, and how regular that is."""

from collections.abc import Iterator
from itertools import pairwise


def irregular(lines: list[str]) -> int:
    """Count the lines that are indented further than the line above by another step than most of the text."""
    usual = usual_step(lines)
    steps = [further for above, below in _pairs(lines) if (further := below - above) > 0]
    return sum(step != usual for step in steps) + sum(below % usual != 0 for _, below in _pairs(lines))


def usual_step(lines: list[str]) -> int:
    """Return by how many blanks most lines are indented further than the one above, if they are."""
    steps = [further for above, below in _pairs(lines) if (further := below - above) > 0]
    return max(set(steps), key=steps.count) if steps else 2


def unrest(lines: list[str]) -> int:
    """Add up by how much each line is indented differently from the one above."""
    return sum(abs(below - above) for above, below in _pairs(lines))


def _pairs(lines: list[str]) -> Iterator[tuple[int, int]]:
    indents = [indent_of(line) for line in lines if says_something(line)]
    return pairwise(indents)


def says_something(line: str) -> bool:
    """Tell whether there is more in a line than blanks and a comment."""
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith("#")


def indent_of(line: str) -> int:
    """Return how many blanks stand in front of a line."""
    return len(line) - len(line.lstrip())
