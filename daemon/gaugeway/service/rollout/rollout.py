"""One file of rules on its way into a configuration: nothing is touched before all of it is found right."""

import glob
import os
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import msgspec

from gaugeway.config import load_report
from gaugeway.errors import ConfigError, Problem
from gaugeway.plan import Plan
from gaugeway.registry import Registry
from gaugeway.service.gateway import Gateway
from gaugeway.service.rollout.difference import Difference, difference
from gaugeway.service.rollout.ledger import Ledger, digest, put_back

NO_RULES: Final = b"{}\n"
"""What stands for a file that is not there: it holds as many rules."""


class Rollout:
    """The configuration as it is and as it would be; `content` is what the rule file called as `file` is to hold.

    Without content it goes back to the version before the one in use.
    """

    def __init__(self, config: Path, file: Path, content: bytes | None) -> None:
        present = load_report(config)
        self.target = _target(present.rule_files, file.name)
        self.before = self.target.read_bytes() if self.target.is_file() else b""
        self.old: Plan | None = present.plan
        storage = present.plan.storage.dir if present.plan else None
        self._back = content is None
        if content is None:
            file = self.target
            content = _former(Ledger(storage, self.target), self.before) if storage else b""
        self.after = content
        self.new = _right(config, self.target, content, file)
        self.ledger = Ledger(self.new.storage.dir, self.target)

    @property
    def difference(self) -> Difference:
        """What it changes."""
        return difference(self.old.rules if self.old else {}, self.new.rules)

    def apply(self, reload: Callable[[], str], by: str) -> str:
        """Put the file in its place and have it taken up; where that fails, put the former one back.."""
        found = self.difference
        facts: dict[str, object] = {"what": "rollback" if self._back else "deploy"}
        facts |= {"before": digest(self.before), "after": digest(self.after)}
        facts |= {"added": found.added, "removed": found.removed, "changed": found.changed}
        with self.ledger.alone():
            if not self._back:
                self.ledger.keep(self.before)
            self.ledger.note({**facts, "outcome": "begun"}, by)
            done = False
            outcome = "put back: it was not taken up"
            try:
                put_back(self.target, self.after)
                outcome = reload()
                done = True
            finally:
                if not done:
                    put_back(self.target, self.before)
                    if not self._back:
                        self.ledger.versions()[-1].unlink()
                self.ledger.note({**facts, "outcome": outcome}, by)
            if self._back:
                self.ledger.forget(self.after)
        return outcome


def _former(ledger: Ledger, present: bytes) -> bytes:
    """Return the last version that is another: a deployment that was cut short has kept what is still there."""
    versions = [content for path in ledger.versions() if (content := path.read_bytes()) != present]
    if not versions:
        raise ConfigError(f"no former version of {ledger.target.name} was kept: there is nothing to go back to")
    return versions[-1]


def _target(patterns: tuple[str, ...], name: str) -> Path:
    """Return the rule file of this name that the configuration takes in, or would take in."""
    named = [Path(path) for pattern in patterns for path in (glob.glob(pattern) or [pattern])]
    found = list(dict.fromkeys(path for path in named if path.name == name and not glob.has_magic(str(path))))
    if not found:
        folders = [(Path(pattern).parent, Path(pattern).name) for pattern in patterns]
        found = [folder / name for folder, fits in folders if fnmatchcase(name, fits) and folder.is_dir()]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"several files of rules are called {name}: {', '.join(str(path) for path in found)}")
    raise ConfigError(
        f"the configuration takes in no file of rules called {name}: write `alerts: rules/*.yaml` in it and keep "
        "the rules in that folder"
    )


def _right(config: Path, target: Path, content: bytes, file: Path) -> Plan:
    """Return the plan as it would be, after all that a start would find wrong was looked for.

    What is wrong with the rules is told where they stand at present, which is in `file`.
    """
    report = load_report(config, instead={target: content or NO_RULES})
    if report.plan is None:
        raise ConfigError([_told_of(problem, target, file) for problem in report.problems])
    Gateway(report.plan, Registry.discover(report.plan.plugin_folders))
    return report.plan


def _told_of(problem: Problem, target: Path, file: Path) -> Problem:
    place = problem.place
    if place is None or os.path.abspath(place.file) != str(target):
        return problem
    return msgspec.structs.replace(problem, place=msgspec.structs.replace(place, file=str(file)))
