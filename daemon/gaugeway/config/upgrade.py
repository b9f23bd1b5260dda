"""From an older format of the configuration to the present one, with every comment kept.

A step takes the text of one version to the next by editing lines, never by writing the file anew.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from gaugeway.errors import ConfigError

PRESENT: Final = 1
STATED: Final = re.compile(r"^version:[ \t]*['\"]?([0-9]+)['\"]?[ \t]*(?:#.*)?\r?$", re.MULTILINE)
FIRST_KEY: Final = re.compile(r"^(?![ \t#\r\n]|---|%)", re.MULTILINE)


def state_the_version(text: str) -> str:
    """Write `version: 1` before the first key of a file from before versions were stated."""
    first = FIRST_KEY.search(text)
    at = first.start() if first else len(text)
    end = "\r\n" if "\r\n" in text else "\n"
    return f"{text[:at]}version: 1{end}{text[at:]}"


STEPS: Final[Mapping[int, Callable[[str], str]]] = {0: state_the_version}
"""What leads from each version to the next; 0 is a file that states none."""


def version_of(text: str) -> int:
    """Return the version that a text states, 0 for none."""
    found = STATED.search(text)
    return int(found[1]) if found else 0


def upgraded(text: str) -> str:
    """Return the text in the present format; unchanged where it is that already."""
    version = version_of(text)
    for step in range(version, PRESENT):
        text = STEPS[step](text)
    if version > PRESENT:
        raise ConfigError(
            f"this configuration is of version {version}, and this gaugeway knows up to {PRESENT}: update it"
        )
    return text
