"""Whether the service can use this installation of gaugeway at all: it sees no home folder and no temporary one."""

import os
import stat
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import gaugeway
from gaugeway.errors import ConfigError

HIDDEN: Final = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108  (the service has its own)
ADVICE: Final = """Install gaugeway where every user can read it, and go on from there:

  sudo python3 -m venv /opt/gaugeway
  sudo /opt/gaugeway/bin/pip install .             # in the folder of gaugeway, or its wheel
  sudo /opt/gaugeway/bin/gaugeway install"""


def executable() -> str:
    """Return the path of the command that the service shall run; ConfigError where it could not."""
    command = Path(sysconfig.get_path("scripts")) / "gaugeway"
    if not command.is_file():
        raise ConfigError(f"there is no command {command}: this gaugeway was not installed by pip.\n{ADVICE}")
    library = Path(sysconfig.get_path("purelib"))
    for what in (command, Path(sys.executable), Path(sys.base_prefix), Path(gaugeway.__file__), library):
        obstacle = out_of_reach(what)
        if obstacle is not None:
            raise ConfigError(f"the service cannot use {what}: {obstacle}.\n{ADVICE}")
    return str(command)


def out_of_reach(path: Path, hidden: Sequence[Path] = HIDDEN) -> str | None:
    """Return what keeps another user in a sandbox from a path; None where nothing does."""
    whole = Path(os.path.realpath(path))
    for folder in hidden:
        if whole.is_relative_to(folder):
            return f"{folder} is hidden from it"
    for part in reversed([whole, *whole.parents]):
        mode = part.stat().st_mode
        if not mode & (stat.S_IXOTH if part.is_dir() else stat.S_IROTH):
            return f"{part} is closed to other users"
    return None
