"""The systemd unit of a gateway, and the few things that commands do with one."""

import os
import subprocess
import sys
from typing import Final

from gaugeway.cli.speech import exits
from gaugeway.service.presence.find import FILE, INSTALLED, Meant

BOOTED: Final = "/run/systemd/system"
FOLDERS: Final = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
LINES: Final = "10"


def unit_of(meant: Meant) -> str | None:
    """Return the unit that is in charge of a gateway, because it runs as one or is installed; None without systemd."""
    if meant.seen is not None and meant.seen.alive:
        return meant.seen.record.unit or None
    if meant.config is None or not os.path.isdir(BOOTED):
        return None
    folder, file = os.path.split(os.path.realpath(meant.config))
    above, name = os.path.split(folder)
    if file != FILE:
        return None
    if folder == INSTALLED:
        return "gaugeway.service" if _installed("gaugeway.service") else None
    return f"gaugeway@{name}.service" if above == INSTALLED and _installed("gaugeway@.service") else None


def told(verb: str, unit: str) -> int:
    """Have systemd start, stop or restart a unit and wait until that is done; return the exit code for it."""
    done = subprocess.run(["systemctl", verb, unit], check=False)  # noqa: S607  (its place differs)
    if done.returncode == 0:
        return exits.WELL
    if verb == "stop":
        return exits.UNWELL
    status = shown(unit, "ExecMainStatus")
    command = ["journalctl", "--unit", unit, "--lines", LINES, "--no-pager", "--output", "cat"]
    subprocess.run(command, check=False, stdout=sys.stderr)
    return exits.CONFIGURATION if status == str(exits.CONFIGURATION) else exits.UNWELL


def shown(unit: str, name: str) -> str:
    """Return what systemd says of a unit under some name."""
    command = ["systemctl", "show", "--property", name, "--value", unit]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()


def _installed(file: str) -> bool:
    return any(os.path.exists(os.path.join(folder, file)) for folder in FOLDERS)
