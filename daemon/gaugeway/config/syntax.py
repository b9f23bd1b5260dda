"""YAML's own errors, in words that say what to do."""

import yaml

from gaugeway.config.text import Text
from gaugeway.errors import Problem


def in_words(error: yaml.MarkedYAMLError, text: Text) -> Problem:
    """Return a syntax error as a problem at its place."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    return text.problem(line, column, 1, error.problem or "this is not YAML", error.context or "")
