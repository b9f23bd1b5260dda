"""Which configuration a command is about that needs none to be running."""

import sys
from pathlib import Path
from typing import Final

from gaugeway.cli.speech import exits
from gaugeway.service.presence.find import USUAL, config_of

CHOSEN: Final = f"the configuration, its folder or the name of the gateway (default: {USUAL[0]} here, else {USUAL[1]})"


def config_file(given: str) -> Path:
    """Return the file that is meant: by its path, its folder or the name of the gateway, or else the usual one."""
    found = config_of(given)
    if found is not None:
        return Path(found)
    where = f"no {USUAL[0]} here and no {USUAL[1]}" if not given else f"no file and no gateway called '{given}'"
    print(f"gaugeway: {where}; `gaugeway scaffold DIR` makes one", file=sys.stderr)
    raise SystemExit(exits.USAGE)
