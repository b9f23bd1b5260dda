"""Which version this is, as the installed package says."""

import sys
from pathlib import Path


def version() -> str:
    """Return the version; from the package's own metadata, without the cost of `importlib.metadata`."""
    for folder in map(Path, sys.path):
        for found in folder.glob("gaugeway-*.dist-info"):
            return found.name.removeprefix("gaugeway-").removesuffix(".dist-info")
    return "unknown"
