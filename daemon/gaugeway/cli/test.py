"""`gaugeway test`: the tests that a configuration carries, run in virtual time."""

import sys

import msgspec

from gaugeway.cli.speech import exits
from gaugeway.cli.speech.chosen import CHOSEN, config_file
from gaugeway.cli.speech.words import Words
from gaugeway.config import load
from gaugeway.registry import Registry
from gaugeway.service.trial.trial import Trial, Verdict


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Run the tests that stand in a configuration under `tests:`. Readings go through the stages and the alarm\n"
        "rules in virtual time, silences included; nothing is opened, sent or written.",
        "gaugeway test plant/gaugeway.yaml",
    )
    taken.value("config", CHOSEN, "", metavar="CONFIG")
    taken.switch("--json", "print JSON")
    return taken


def run(words: Words) -> int:
    """Run them all."""
    plan = load(config_file(words.text("config")))
    verdicts = list(Trial(plan, Registry.discover(plan.plugin_folders)).run())
    if words.on("--json"):
        shown = [msgspec.to_builtins(verdict) | {"passed": verdict.passed} for verdict in verdicts]
        print(msgspec.json.format(msgspec.json.encode(shown), indent=2).decode())
    else:
        show(verdicts)
    return exits.WELL if all(verdict.passed for verdict in verdicts) else exits.UNWELL


def show(verdicts: list[Verdict]) -> None:
    """Print them for a person."""
    if not verdicts:
        print("There are no tests: write some under `tests:`, as the samples in configs/ do.", file=sys.stderr)
        return
    for verdict in verdicts:
        print(f"{'well  ' if verdict.passed else 'FAILED'}  {verdict.name}")
        if not verdict.passed:
            print("\n".join(difference(verdict)))
    failed = sum(not verdict.passed for verdict in verdicts)
    print(f"{len(verdicts) - failed} passed, {failed} failed")


def difference(verdict: Verdict) -> list[str]:
    """Return what was expected and did not come, what came unexpected, and all that came."""
    lines = [f"        - {one}   expected, did not come" for one in verdict.missing]
    lines += [f"        + {one}   came, was not expected" for one in verdict.surplus]
    lines += ["        what came:", *(f"          {one}" for one in verdict.seen or ["nothing"])]
    return lines
