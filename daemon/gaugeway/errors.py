"""What can go wrong, sorted by who can mend it.

    GaugewayError
    ├── ConfigError    the operator: an edit, a permission, a missing secret; nothing was started
    ├── DeviceError    time: a device, a broker, a disk; everything else runs on and this is tried again
    └── PluginError    the developer: a plugin that breaks its contract or fails in its own code

An `OSError` from a source or sink counts as a `DeviceError`.
"""

from collections.abc import Sequence
from typing import Final

from gaugeway.spared import spared, uncompiled, without

with uncompiled(), spared("msgspec.inspect"), without("typing_extensions"):  # who needs it comes by here first
    import msgspec

WIDEST: Final = 72
"""With what stands in front of it, a line of a terminal."""


class GaugewayError(Exception):
    """Any fault that gaugeway itself reports."""


class DeviceError(GaugewayError):
    """A device, a broker or a disk does not do what it should; trying again later can help."""


class PluginError(GaugewayError):
    """A plugin breaks its contract, clashes with another or failed in its own code."""


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a text stands: file, line and column, both counted from 1, and how many characters it covers."""

    file: str
    line: int
    column: int
    width: int = 1


class Problem(msgspec.Struct, frozen=True):
    """One mistake in a configuration: what is wrong, where, and what to do about it."""

    message: str
    place: Place | None = None
    hint: str = ""
    source_line: str = ""

    def __str__(self) -> str:
        if self.place is None:
            return f"{self.message}\n    {self.hint}" if self.hint else self.message
        at = self.place
        line, begin = _window(self.source_line, at.column - 1)
        # Tabs are repeated, so that the caret stands below its text however wide a terminal makes them.
        before = "".join("\t" if letter == "\t" else " " for letter in line[:begin])
        caret = "^" * max(1, min(at.width, len(line) - begin))
        return "\n".join(
            (
                f"{at.file}:{at.line}:{at.column}: {self.message}",
                f"{at.line:>5} | {line}",
                f"{'':5} | {before}{caret} {self.hint}".rstrip(),
            )
        )


def _window(line: str, column: int) -> tuple[str, int]:
    """Return the part of a line to show, and where in it the column is."""
    if len(line) <= WIDEST:
        return line, column
    start = max(0, min(column - WIDEST // 3, len(line) - WIDEST))
    end = start + WIDEST
    return ("…" if start else "") + line[start:end] + ("…" if end < len(line) else ""), column - start + bool(start)


class ConfigError(GaugewayError):
    """The configuration, a permission or a credential is wrong; `problems` holds every mistake found."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems = (Problem(problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
