"""`gaugeway logs`: what a gateway wrote, from the journal of systemd or from its log file."""

import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from gaugeway.cli.running.unit import unit_of
from gaugeway.cli.speech import exits
from gaugeway.cli.speech.words import Words
from gaugeway.service.logfile import NAME
from gaugeway.service.presence.find import MEANT, USUAL, Meant, UnclearError, find

LEVELS: Final = ("debug", "info", "warning", "error")
PRIORITIES: Final = {"debug": "7", "info": "6", "warning": "4", "error": "3"}
LEVEL: Final = re.compile(r'^\S+ \S+ (debug|info|warning|error|critical) |"level": ?"(\w+)"')
LOOK_AGAIN: Final = 0.2


def words(name: str) -> Words:
    """Return its arguments."""
    taken = Words(
        name,
        "Show the log of a gateway, from the journal of systemd if it runs there, else from its log file.",
        "gaugeway logs --follow --level warning --source boiler",
    )
    taken.value("config", MEANT, "", metavar="CONFIG")
    taken.number("--lines", "how many events to show (default 50)", 50, short="-n", metavar="NUMBER")
    taken.switch("--follow", "go on showing what comes, until Ctrl-C", short="-f")
    taken.choice("--level", "only events of this importance and above", LEVELS)
    taken.value("--source", "only events of this source", metavar="NAME")
    return taken


def run(words: Words) -> int:
    """Show it."""
    meant = find(words.text("config"))
    wanted = Wanted(words.maybe("--level") or LEVELS[0], words.maybe("--source"))
    lines, follow = max(1, int(words.amount("--lines") or 0)), words.on("--follow")
    unit = unit_of(meant) or (meant.seen.record.unit if meant.seen else "")
    if unit:
        return from_journal(unit, wanted, lines, follow=follow)
    path = log_file(meant)
    if not path.exists():
        print("gaugeway logs: there is no log file: what `gaugeway run` runs writes to its terminal", file=sys.stderr)
        return exits.NOT_RUNNING
    show(deque(wanted.events(written(path)), lines))
    if follow:
        show(wanted.events(followed(path)))
    return exits.WELL


class Wanted:
    """Which events are to be shown. A traceback belongs to the event before it."""

    def __init__(self, level: str, source: str | None) -> None:
        self.level = level
        self._least = LEVELS.index(level)
        of_source = re.escape(source or "")
        self.source = re.compile(rf"""\b(source|stage|sink)"?(=|: ?)["']?{of_source}\b""") if source else None
        self._showing = False

    def events(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield the lines of the events that are wanted."""
        for line in lines:
            found = LEVEL.search(line)
            if found is not None:
                self._showing = self._wants(found[1] or found[2], line)
            if self._showing:
                yield line

    def _wants(self, level: str, line: str) -> bool:
        important = level == "critical" or (level in LEVELS and LEVELS.index(level) >= self._least)
        return important and (self.source is None or self.source.search(line) is not None)


def log_file(meant: Meant) -> Path:
    """Return the log file of a gateway in the background."""
    if meant.seen is not None:
        return Path(meant.seen.record.log or os.path.join(meant.seen.record.storage, NAME))
    from gaugeway.config import load  # noqa: PLC0415  (only where nothing but the configuration knows)

    if meant.config is None:
        raise UnclearError(f"no gateway runs; name a configuration, or have {USUAL[0]} here")
    return load(Path(meant.config)).storage.dir / NAME


def written(path: Path) -> Iterator[str]:
    """Yield what is in the log file, and before it what is in the one before it."""
    for file in (path.with_name(f"{path.name}.1"), path):
        if file.exists():
            with file.open(encoding="utf-8", errors="replace") as lines:
                yield from lines


def followed(path: Path) -> Iterator[str]:
    """Yield what is written from now on, across the beginning of a new file."""
    file = path.open(encoding="utf-8", errors="replace")
    try:
        file.seek(0, os.SEEK_END)
        while True:
            yield from iter(file.readline, "")
            time.sleep(LOOK_AGAIN)
            if path.exists() and path.stat().st_ino != os.fstat(file.fileno()).st_ino:
                yield from iter(file.readline, "")
                file.close()
                file = path.open(encoding="utf-8", errors="replace")
    finally:
        file.close()


def from_journal(unit: str, wanted: Wanted, lines: int, *, follow: bool) -> int:
    """Show what the journal of systemd has of a unit."""
    command = ["journalctl", "--unit", unit, "--no-pager", "--output", "short-iso"]
    command += ["--priority", PRIORITIES[wanted.level]]
    if wanted.source is None:
        command += ["--lines", str(lines), *(["--follow"] if follow else [])]
        return subprocess.run(command, check=False).returncode
    return _of_source(command, wanted.source, lines, follow=follow)


def _of_source(command: list[str], source: re.Pattern[str], lines: int, *, follow: bool) -> int:
    """Show of the journal what is about one source."""
    asked = [*command, "--lines", "all"]
    with subprocess.Popen(asked, stdout=subprocess.PIPE, text=True, errors="replace") as journal:
        show(deque(filter(source.search, journal.stdout or ()), lines))
    if follow:
        asked = [*command, "--lines", "0", "--follow"]
        with subprocess.Popen(asked, stdout=subprocess.PIPE, text=True, errors="replace") as journal:
            show(filter(source.search, journal.stdout or ()))
    return journal.returncode


def show(lines: Iterable[str]) -> None:
    """Print lines as they come."""
    for line in lines:
        sys.stdout.write(line)
        sys.stdout.flush()
