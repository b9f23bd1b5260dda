"""The gateway of a campaign, as a process: started, killed at any moment, and asked to stop in the end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

CONFIGURATION: Final = """\
node: plant1
storage: {{sync_every: {sync_every}ms, checkpoint_every: {checkpoint_every}ms, journal: {journal}}}
sources:
  plant:
    type: mqtt
    broker: mqtt://127.0.0.1:{port}
    version: {version}
    topic: plant/+/telemetry
    qos: {qos}
    format: {{type: json, sensor: sensor, value: value, time: ts}}
    sensors: {{"*": {{kind: flow, unit: L/min, range: [0, 60]}}}}
    retry: {{first: 50ms, most: 200ms}}
stages: [in_range, normalise, {{average: {{last: 10}}}}]
sinks:
  archive: {{type: file, path: out.jsonl}}
  phone:
    type: alert
    broker: mqtt://127.0.0.1:{port}
    flood: 1000000
    stale_after: 1d
    retry: {{first: 50ms, most: 200ms}}
alerts:
  high: {{sensors: ["s*"], above: 48 L/min, clear_below: 46 L/min}}
  drift: {{sensors: ["s*"], of: average, below: 15 L/min, clear_above: 16 L/min, severity: critical}}
"""
PATIENCE: Final = 60.0


class Gateway:
    """One folder with a configuration, a state and an output, and the process that works there, if there is one."""

    def __init__(self, folder: Path, port: int, *, qos: int = 1, version: str = "5", journal: bool = True) -> None:
        self.folder = folder
        self.config = folder / "gateway.yaml"
        self.output = folder / "out.jsonl"
        self.log = folder / "gateway.log"
        self._settings: dict[str, object] = {
            "port": port,
            "qos": qos,
            "version": version,
            "journal": str(journal).lower(),
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it is there."""
        return self._process is not None and self._process.poll() is None

    def start(self, *, sync_every: int = 200, checkpoint_every: int = 500, under: tuple[str, ...] = ()) -> None:
        """Start it; both times are in milliseconds."""
        settings = {**self._settings, "sync_every": sync_every, "checkpoint_every": checkpoint_every}
        self.config.write_text(CONFIGURATION.format(**settings))
        command = [*under, sys.executable, "-m", "gaugeway", "run", str(self.config)]
        environment = {**os.environ, "RUNTIME_DIRECTORY": str(self.folder)}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def wait_for_progress(self, patience: float) -> None:
        """Wait until the output changes, for so many seconds at most: it may be held up by something else."""
        before, deadline = self._size(), time.monotonic() + patience
        while self._size() == before and time.monotonic() < deadline:
            time.sleep(0.005)

    def kill(self) -> bool:
        """Kill it; tell whether it was alive until then, as it should have been."""
        return self._end(signal.SIGKILL) == -signal.SIGKILL

    def stop(self) -> int:
        """Ask it to stop and return its exit code."""
        return self._end(signal.SIGTERM)

    def _size(self) -> int:
        return self.output.stat().st_size if self.output.exists() else -1

    def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        assert process is not None, "it was never started"
        process.send_signal(how)
        return process.wait(PATIENCE)

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.kill()
