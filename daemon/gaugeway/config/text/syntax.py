"""YAML's own errors, in words that say what to do."""

from typing import Final

import yaml

from gaugeway.config.text.repair import repair
from gaugeway.config.text.slips import TAB, Repair
from gaugeway.config.text.text import Judge, Text
from gaugeway.errors import Problem

WORDS: Final = {
    "mapping values are not allowed in this context": ("a second ': ' stands in this line", "put the text in quotes"),
    "found unexpected end of stream": ("the text that begins here is not closed", "close it with the same quote"),
    "found character that cannot start any token": ("no text can begin with this character", "put it in quotes"),
    "found unknown escape character": ("a backslash means something else in double quotes", "use single quotes"),
    "did not find expected ',' or '}'": ("the { that begins here is not closed", "close it with }"),
    "did not find expected ',' or ']'": ("the [ that begins here is not closed", "close it with ]"),
    "did not find expected node content": ("a value is missing here", ""),
    "could not find expected ':'": ("a key needs a colon and a blank: 'key: value'", ""),
    "did not find expected key": ("this does not go on what stands above", "look at the indentation and the quotes"),
    "did not find expected '-' indicator": (
        "this is no item of the list above",
        "begin it with a dash, or indent it less",
    ),
    "block sequence entries are not allowed in this context": (
        "a list with dashes begins in a line of its own",
        "put it into the next line, or write [a, b]",
    ),
    "did not find expected <document start>": (
        "this is indented less than the first line",
        "begin the top keys in the first column",
    ),
    "found undefined tag handle": ("a text that begins with ! needs quotes", ""),
}
AT_ITS_BEGINNING: Final = (
    "found unexpected end of stream",
    "did not find expected ',' or '}'",
    "did not find expected ',' or ']'",
)


def in_words(error: yaml.MarkedYAMLError, text: Text, judge: Judge | None) -> tuple[Problem, Repair | None]:
    """Return a syntax error as a problem where the slip is, and the repair that mends it, if one is near at hand."""
    here, context = error.problem_mark, error.context_mark
    mark = here or context
    line, column = (mark.line, mark.column) if mark else (0, 0)
    found = repair(text, line, context.line if context else line, judge)
    if found is not None:
        return text.problem(found.line, found.column, found.width, found.message, found.hint), found
    message, hint = WORDS.get(error.problem or "", (f"this is not YAML: {error.problem}", ""))
    if context is not None and error.problem in AT_ITS_BEGINNING:
        line, column = context.line, context.column
    if text.line(line)[column : column + 1] == "\t":  # more of them than one repair can mend
        message, hint = TAB
    return text.problem(line, column, 1, message, hint), None
