"""From a file to a plan: everything is read, and every mistake of all files is found at its place."""

import os
from collections.abc import Mapping as Table
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from gaugeway.config.document import Document
from gaugeway.config.text.nodes import Node
from gaugeway.config.text.parts import Parts
from gaugeway.config.text.review import Review
from gaugeway.config.text.text import Text
from gaugeway.errors import ConfigError, Problem
from gaugeway.plan import Plan
from gaugeway.registry import Registry

MOST_TOLD: Final = 200


class Report(msgspec.Struct, frozen=True):
    """What came of a configuration: the plan, if nothing is wrong, and what was found, in the order of the files.

    `rule_files` are the paths and globs of files that hold rules.
    """

    plan: Plan | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    rule_files: tuple[str, ...] = ()


def load(path: Path, registry: Registry | None = None, environment: Table[str, str] | None = None) -> Plan:
    """Return the plan of a file; `ConfigError` with all problems where there are any."""
    return _plan(load_report(path, registry, environment))


def load_text(
    content: str,
    registry: Registry | None = None,
    environment: Table[str, str] | None = None,
    *,
    name: str = "gateway.yaml",
    folder: Path | None = None,
) -> Report:
    """Return the report of a text that would stand in a file called `name` in `folder`."""
    path = (Path.cwd() if folder is None else folder) / name
    parts = _parts(path, registry, environment)
    text = Text(name, content)
    bad = text.unprintable()
    return Report(None, (bad,)) if bad is not None else _report(parts.text(text, path), path, registry, parts)


def load_report(
    path: Path,
    registry: Registry | None = None,
    environment: Table[str, str] | None = None,
    *,
    instead: Table[Path, bytes] | None = None,
) -> Report:
    """Return the plan, the problems and the warnings of a file; `instead` is what files that it takes in would hold."""
    whole = Path(path).absolute()
    parts = _parts(whole, registry, environment, instead)
    return _report(parts.file(whole, str(path)), whole, registry, parts)


def _parts(
    path: Path,
    registry: Registry | None,
    environment: Table[str, str] | None,
    instead: Table[Path, bytes] | None = None,
) -> Parts:
    parts = Parts(path.parent, Review(path.parent), os.environ if environment is None else environment, instead)
    parts.judge = partial(_faults, path, registry, parts.environment)
    return parts


def _faults(path: Path, registry: Registry | None, environment: Table[str, str], text: Text) -> int:
    """Count what would be wrong if a text stood in the file."""
    parts = Parts(path.parent, Review(path.parent), environment)
    return len(_report(parts.text(text, path), path, registry, parts).problems)


def _report(node: Node | None, path: Path, registry: Registry | None, parts: Parts) -> Report:
    review = parts.review
    plan = None if node is None else Document(path, registry, parts).plan(node)
    if node is None and not review.problems:
        hint = "write at least `sources:` with one source; `gaugeway scaffold DIR` makes a folder to start from"
        review.problems.append(Problem(f"{parts.shown(path)} says nothing", hint=hint))
    problems = _in_order(review.veiled(review.problems), parts.files)
    warnings = _in_order(review.veiled(review.warnings), parts.files)
    return Report(None if problems else plan, problems, warnings, tuple(parts.rule_files))


def _in_order(problems: list[Problem], files: list[str]) -> tuple[Problem, ...]:
    """Sort by place, the files in the order in which they were read; nothing is said twice."""
    order = {name: number for number, name in enumerate(files, 1)}

    def place(problem: Problem) -> tuple[int, int, int]:
        at = problem.place
        return (order.get(at.file, len(order) + 1), at.line, at.column) if at else (0, 0, 0)

    once = tuple(dict.fromkeys(sorted(problems, key=place)))
    rest = len(once) - MOST_TOLD
    return once if rest <= 0 else (*once[:MOST_TOLD], Problem(f"and {rest} more, which are told when these are mended"))


def _plan(report: Report) -> Plan:
    if report.plan is None:
        raise ConfigError(report.problems)
    return report.plan
