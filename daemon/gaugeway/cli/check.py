"""`gaugeway check`: everything that can be wrong with a configuration, and what it will cost to run."""

import sys

import msgspec

from gaugeway.cli.speech import exits
from gaugeway.cli.speech.chosen import CHOSEN, config_file
from gaugeway.cli.speech.folded import folded
from gaugeway.cli.speech.words import Words
from gaugeway.config import Report, load_report
from gaugeway.config.cost.cost import cost
from gaugeway.errors import ConfigError
from gaugeway.plan import Plan


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Find every mistake in a configuration, all at once, each with its place, and say what it will cost to run.\n"
        "Nothing is opened or started, unless you ask for --live.",
        "gaugeway check plant/gaugeway.yaml",
    )
    taken.value("config", CHOSEN, "", metavar="CONFIG")
    taken.switch("--live", "also open the ports and brokers of its sources, and show a first reading of each sensor")
    taken.switch("--resolved", "print instead what the file says once everything is filled in, and where it comes from")
    taken.value("--explain", "say what there is to know of a key, such as serial.baud", metavar="KEY")
    taken.switch("--json", "print JSON")
    return taken


def run(words: Words) -> int:
    """Check one file, or explain a key."""
    key, given = words.maybe("--explain"), words.text("config")
    if key is not None:
        return explain(key, given)
    file = config_file(given)
    report = load_report(file)
    if words.on("--json"):
        print(msgspec.json.format(msgspec.json.encode(as_dict(report)), indent=2).decode())
    else:
        show_findings(report)
    if report.plan is None:
        return exits.CONFIGURATION
    if words.on("--resolved"):
        from gaugeway.config.shown.resolved import resolved  # noqa: PLC0415  (only who asks pays for it)

        print(resolved(file))
    elif not words.on("--json"):
        show_plan(report.plan, warnings=len(report.warnings))
    if words.on("--live"):
        from gaugeway.log.way import set_up  # noqa: PLC0415  (likewise)
        from gaugeway.service.trial.live import try_out  # noqa: PLC0415  (likewise: drivers, sockets)

        set_up("error")  # what else there is to say is said of each source
        return exits.WELL if try_out(report.plan, print) else exits.UNWELL
    return exits.WELL


def explain(key: str, file: str) -> int:
    """Print the documentation of a key, with the plugins of a configuration where one is named."""
    from gaugeway.config.shown.explain import explain as explained  # noqa: PLC0415  (only who asks pays for it)
    from gaugeway.registry import Registry  # noqa: PLC0415  (likewise)

    plan = load_report(config_file(file)).plan if file else None
    try:
        print(folded(explained(key, Registry.discover(plan.plugin_folders if plan else ()))))
    except ConfigError as error:
        print(f"gaugeway check: {error}", file=sys.stderr)
        return exits.USAGE
    return exits.WELL


def show_findings(report: Report) -> None:
    """Print for a person what was found wrong or doubtful."""
    for warning in report.warnings:
        print(f"warning: {warning}\n", file=sys.stderr)
    for problem in report.problems:
        print(f"{problem}\n", file=sys.stderr)
    if report.problems:
        count = len(report.problems)
        print(f"{count} mistake{'s' if count > 1 else ''} to mend", file=sys.stderr)


def show_plan(plan: Plan, *, warnings: int) -> None:
    """Draw the pipelines, and say what they cost at the worst."""
    from gaugeway.cli.speech.picture import of_plan  # noqa: PLC0415  (a mistake is told without it)

    print("\n".join(of_plan(plan).lines()))
    print("\nAt the worst:")
    print(folded("\n".join(f"  {line}" for line in cost(plan).lines())))
    doubts = f"It runs as it is, with {warnings} warning{'s' if warnings > 1 else ''}: see above."
    print(f"\n{doubts if warnings else 'Nothing is wrong.'}")


def as_dict(report: Report) -> dict[str, object]:
    """Return it for a program."""
    found: dict[str, object] = {
        "well": not report.problems,
        "problems": [msgspec.to_builtins(problem) for problem in report.problems],
        "warnings": [msgspec.to_builtins(warning) for warning in report.warnings],
    }
    if report.plan is not None:
        found["cost"] = msgspec.to_builtins(cost(report.plan))
    return found
