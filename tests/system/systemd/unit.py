"""A gateway as a unit of systemd: configured, started, watched and cleared away."""

import json
import subprocess
from typing import Final, cast

from tests.system.systemd.machine import Machine

SINKS: Final = """
sinks:
  archive: {type: file, path: STATE/readings.jsonl}
"""
CALM: Final = """
  calm:
    type: synthetic
    every: 50ms
    sensors: {calm_temp: {kind: temperature, unit: °C, range: [0, 120], around: 60}}
"""
HEAD: Final = "node: tested\nstorage: {dir: STATE/state, sync_every: 100ms, checkpoint_every: 1s}\nplugins: ./plugins\n"


class Unit:
    """The unit of one gateway; `sources` in its configuration is YAML, the plugins are Python."""

    def __init__(self, machine: Machine, name: str | None = None) -> None:
        self.machine = machine
        self.name = f"gaugeway@{name}.service" if name else "gaugeway.service"
        self.configuration = f"/etc/gaugeway/{name}" if name else "/etc/gaugeway"
        self.state = f"/var/lib/gaugeway-{name}" if name else "/var/lib/gaugeway"

    def configure(self, sources: str = CALM, *, rest: str = SINKS, head: str = HEAD) -> None:
        """Write the configuration."""
        text = f"{head}sources:{sources}{rest}".replace("STATE", self.state)
        self.machine.write(f"{self.configuration}/gaugeway.yaml", text)

    def plugin(self, name: str, text: str) -> None:
        """Write a plugin."""
        self.machine.write(f"{self.configuration}/plugins/{name}.py", text)

    def set(self, **settings: str) -> None:
        """Change settings of the unit by a drop-in, as an operator does with `systemctl edit`."""
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        self.machine.run("mkdir", "-p", f"/etc/systemd/system/{self.name}.d")
        self.machine.write(f"/etc/systemd/system/{self.name}.d/test.conf", f"[Service]\n{lines}")
        self.machine.run("systemctl", "daemon-reload")

    def systemctl(self, word: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Start, stop, reload."""
        return self.machine.run("systemctl", word, self.name, check=check)

    def show(self, name: str) -> str:
        """Return a property of the unit."""
        return self.machine.show(self.name, name)

    def log(self) -> str:
        """Return what it logged."""
        return self.machine.journal(self.name)

    @property
    def pid(self) -> int:
        """Its main process, 0 if there is none."""
        return int(self.show("MainPID"))

    @property
    def restarts(self) -> int:
        """How often systemd has restarted it."""
        return int(self.show("NRestarts"))

    @property
    def running(self) -> bool:
        """Whether it has been started and is ready."""
        return self.show("ActiveState") == "active" and self.show("SubState") == "running"

    def kill(self, signal: str) -> None:
        """Send its main process a signal."""
        self.machine.run("kill", f"-{signal}", str(self.pid))

    def readings(self) -> list[dict[str, object]]:
        """Return what it has written so far; a line that is no reading fails the test."""
        file = f"{self.state}/readings.jsonl"
        text = self.machine.run("sh", "-c", f"cat {file} 2>/dev/null || true").stdout
        whole, _, _ = text.rpartition("\n")
        return [cast("dict[str, object]", json.loads(line)) for line in whole.splitlines()]

    def grows(self) -> None:
        """Wait until it has written something new."""
        before = len(self.readings())
        self.machine.until(lambda: len(self.readings()) > before, "there were new readings")

    def clear(self) -> None:
        """Stop it and forget everything that it was told and has kept."""
        self.machine.run("systemctl", "stop", self.name, check=False)
        self.machine.run("systemctl", "reset-failed", self.name, check=False)
        kept = f"{self.state}/* {self.configuration}/plugins/* {self.configuration}/credentials/*"
        self.machine.run("sh", "-c", f"rm -rf {kept} /etc/systemd/system/{self.name}.d")
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("journalctl", "--rotate", "--vacuum-time=1s", check=False)
