"""`gaugeway check`: everything that can be wrong with a configuration, before anything is started."""

import sys
from collections.abc import Sized

import msgspec

from gaugeway.cli import exits
from gaugeway.cli.words import Words
from gaugeway.config import Report, load_report
from gaugeway.plan import PipelinePlan, Plan


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Find every mistake in a configuration, all at once, each with its place. Nothing is opened or started.",
        "gaugeway check configs/minimal.yaml",
    )
    taken.value("config", "the configuration file", metavar="CONFIG")
    taken.switch("--json", "print JSON")
    return taken


def run(words: Words) -> int:
    """Check one file."""
    report = load_report(words.path("config"))
    if words.on("--json"):
        print(msgspec.json.format(msgspec.json.encode(as_dict(report)), indent=2).decode())
    else:
        show(report)
    return exits.CONFIGURATION if report.problems else exits.WELL


def show(report: Report) -> None:
    """Print it for a person."""
    for warning in report.warnings:
        print(f"warning: {warning}\n", file=sys.stderr)
    for problem in report.problems:
        print(f"{problem}\n", file=sys.stderr)
    if report.problems:
        count = len(report.problems)
        print(f"{count} mistake{'s' if count > 1 else ''} to mend", file=sys.stderr)
    elif report.plan is not None:
        print("\n".join(drawn(report.plan)))
        print("well")


def drawn(plan: Plan) -> list[str]:
    """Return the pipelines of a plan as a small graph."""
    sinks = ", ".join(f"{sink.id} ({sink.type})" for sink in plan.sinks) or "nowhere"
    lines = [f"{plan.node}: {_count(plan.pipelines, 'source')}, {_count(plan.rules, 'rule')}", ""]
    for pipeline in plan.pipelines:
        lines += _path(pipeline, sinks)
    return [*lines, ""]


def _path(pipeline: PipelinePlan, sinks: str) -> list[str]:
    source = pipeline.source
    names = list(source.sensors.declared)
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return [
        f"  {source.id} ({source.type}): {shown or 'any sensor'}",
        "    -> " + " -> ".join([*(stage.id for stage in pipeline.stages), sinks]),
    ]


def _count(things: Sized, one: str) -> str:
    return f"{len(things)} {one}{'' if len(things) == 1 else 's'}"


def as_dict(report: Report) -> dict[str, object]:
    """Return it for a program."""
    return {
        "well": not report.problems,
        "problems": [msgspec.to_builtins(problem) for problem in report.problems],
        "warnings": [msgspec.to_builtins(warning) for warning in report.warnings],
    }
