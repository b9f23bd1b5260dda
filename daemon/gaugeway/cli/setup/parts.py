"""The files that come with gaugeway to be put in place, and where each belongs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import gaugeway
from gaugeway.cli.setup.layout import Layout
from gaugeway.errors import GaugewayError

USUAL: Final = "/opt/gaugeway/bin/gaugeway"
LINK: Final = Path("/usr/local/bin/gaugeway")
SHARED: Final = {
    "modules-load.d/gaugeway.conf": Path("/etc/modules-load.d/gaugeway.conf"),
    "sysusers.d/gaugeway.conf": Path("/etc/sysusers.d/gaugeway.conf"),
    "tmpfiles.d/gaugeway.conf": Path("/etc/tmpfiles.d/gaugeway.conf"),
    "udev/60-gaugeway.rules": Path("/etc/udev/rules.d/60-gaugeway.rules"),
    "bash-completion/gaugeway": Path("/usr/local/share/bash-completion/completions/gaugeway"),
}
SYSTEMD: Final = Path("/run/systemd/system")
"""It is there on a machine that systemd runs."""
UNITS: Final = Path("/etc/systemd/system")
WANTED: Final = UNITS / "multi-user.target.wants"


def folder() -> Path:
    """Return the folder they come in: inside the package, or beside it in a checkout."""
    package = Path(gaugeway.__file__).parent
    for found in (package / "systemd", package.parents[1] / "systemd"):
        if (found / "gaugeway.service").is_file():
            return found
    raise GaugewayError(f"this installation of gaugeway has lost its systemd files: {package / 'systemd'}")


def parts(layout: Layout, executable: str) -> Iterator[tuple[Path, str]]:
    """Yield the path and the text of every file of one gateway; those of its configuration are made elsewhere."""
    came = folder()
    unit = (came / layout.unit_file).read_text(encoding="utf-8")
    yield UNITS / layout.unit_file, unit.replace(USUAL, executable)
    for name, place in SHARED.items():
        yield place, (came / name).read_text(encoding="utf-8")
