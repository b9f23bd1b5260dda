"""What is imported ahead, since it is needed whatever comes of reading a file: the plugins that it seems to name."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from gaugeway.errors import PluginError
from gaugeway.plugin import METHOD
from gaugeway.registry import Registry

GLANCE: Final = 65536


def preload(file: Path) -> None:
    """Import the plugins that a file seems to name, once for all copies that are made of this process from now on.

    Of our own only: somebody else's may start a thread, and a process that has any is not to be forked.
    """
    registry = Registry.discover()
    words = _words(file)
    for role in METHOD:
        for name in registry.names(role):
            plugin = registry.find(role, name) if name in words else None
            if plugin is not None and plugin.built_in:
                with suppress(PluginError):  # told of by who reads the file
                    plugin.target  # noqa: B018  (imported when it is asked for)


def _words(file: Path) -> set[str]:
    """Return the words of a file without those of its comments; none of a pipe, which can be read only once."""
    try:
        if not file.is_file():
            return set()
        with file.open(encoding="utf-8", errors="replace") as text:
            lines = text.read(GLANCE).splitlines()
    except OSError:
        return set()
    return {word for line in lines for word in re.findall(r"\w+", line.partition("#")[0])}
