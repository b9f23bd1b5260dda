"""Real gateways for tests: the command line and the daemon as processes, each in a folder of its own.

with Home(tmp_path, CONFIG) as home:
assert home.run("start").returncode == 0
home.report()               # what `health --json` prints
home.run("stop")
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self, cast

import msgspec
import pytest
from tests.support.waiting import until

from gaugeway.cli import main
from gaugeway.service.health.report import Report
from gaugeway.service.presence import places
from gaugeway.service.presence.record import Sighting, look, records

GAUGEWAY: Final = (sys.executable, "-P", "-m", "gaugeway")
LONGEST: Final = 60.0
LEAVING_BEHIND: Final = ("start", "restart", "run")
FOREIGN: Final = ("NOTIFY_SOCKET", "RUNTIME_DIRECTORY")
PLAIN: Final = """
node: plant1
sources:
  boiler:
    type: synthetic
    every: 50ms
    sensors:
      boiler_temp: {kind: temperature, unit: °C, range: [0, 120]}
      boiler_press: {kind: pressure, unit: bar, range: [0, 6]}
stages: [in_range, {average: {last: 10, flag: smoothing}}]
flags: {smoothing: true}
sinks:
  archive: {type: file, path: readings.jsonl}
"""


class Done(NamedTuple):
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


class Home:
    """A folder with the configuration of one gateway, where commands are run that see nobody else's."""

    def __init__(self, folder: Path, config: str = PLAIN) -> None:
        self.folder = folder
        self.config = folder / "gateway.yaml"
        self.config.write_text(config)
        self.runtime = folder / "run"
        self.runtime.mkdir()
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        self.environment = kept | {"XDG_RUNTIME_DIR": str(self.runtime), "PYTHONWARNINGS": "", "COLUMNS": "80"}
        self.prefix = list(GAUGEWAY)
        self._started: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._started:
            with process:
                process.terminate()
        if self.alive:
            os.kill(self.pid(), signal.SIGKILL)
            until(lambda: not self.alive)

    @property
    def log(self) -> str:
        """What a gateway in the background wrote."""
        return (self.folder / "state" / "gateway.log").read_text()

    @property
    def alive(self) -> bool:
        """Whether its gateway runs."""
        return any(seen.alive for seen in self._sightings())

    def seen(self) -> Sighting:
        """Return what the gateway has left to be found by."""
        (seen,) = self._sightings()
        return seen

    def pid(self) -> int:
        """Return the process of a gateway that runs."""
        seen = self.seen()
        assert seen.alive
        return seen.record.pid

    def _sightings(self) -> list[Sighting]:
        return [seen for path in records(str(self.runtime / "gaugeway")) if (seen := look(path))]

    def run(self, command: str, *words: str, config: bool = True) -> "Done":
        """Run one command to its end, about this gateway; as a process if it leaves one behind, else in this one."""
        about = (str(self.config),) if config else ()
        return (self.apart if command in LEAVING_BEHIND else self.inside)(command, *words, *about)

    def apart(self, *words: str) -> "Done":
        """Run a command as a process."""
        done = subprocess.run(
            [*self.prefix, *words],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def inside(self, *words: str) -> "Done":
        """Run a command in this process, which takes a hundredth of the time."""
        output, errors = StringIO(), StringIO()
        with (
            chdir(self.folder),
            redirect_stdout(output),
            redirect_stderr(errors),
            pytest.MonkeyPatch.context() as patch,
        ):
            for name, value in self.environment.items():
                patch.setenv(name, value)
            for name in FOREIGN:
                patch.delenv(name, raising=False)
            patch.setattr(places, "SYSTEM", str(self.runtime / "system"))  # other gateways may run on this computer
            try:
                code = main(words)
            except SystemExit as end:
                code = int(str(end.code or 0))
        return Done(code, output.getvalue(), errors.getvalue())

    def background(self, command: str, *words: str) -> subprocess.Popen[str]:
        """Begin a command; it is ended with the home."""
        process = subprocess.Popen(
            [*self.prefix, command, *words, str(self.config)],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def start(self) -> None:
        """Start the gateway in the background."""
        done = self.run("start")
        assert done.returncode == 0, done.stdout + done.stderr

    def report(self) -> Report:
        """Return how it is."""
        return msgspec.json.decode(self.run("health", "--json").stdout, type=Report)

    def json(self) -> dict[str, object]:
        """Return what `health --json` prints, whatever that is."""
        return cast("dict[str, object]", json.loads(self.run("health", "--json").stdout))
