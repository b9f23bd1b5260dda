"""Long lines for people, folded so that what belongs together stays below one another."""

import re
import sys
from textwrap import fill
from typing import Final

from gaugeway.cli.speech.words import columns

NAMED: Final = re.compile(r" *(?:\S+ {2,})?")
"""What a line begins with: blanks, and perhaps a name in a column of its own."""


def folded(text: str) -> str:
    """Return a text as wide as the terminal that it goes to; for a file or another program as it is."""
    return fold(text, columns()) if sys.stdout.isatty() else text


def fold(text: str, width: int) -> str:
    """Return a text with no line wider than that; what a line says of a name stays in its column."""
    return "\n".join(line if len(line) <= width else _folded(line, width) for line in text.split("\n"))


def _folded(line: str, width: int) -> str:
    begins = NAMED.match(line)
    column = begins.end() if begins is not None and begins.end() < width // 2 else 4
    return fill(line, width, subsequent_indent=" " * column, break_on_hyphens=False, drop_whitespace=True)
