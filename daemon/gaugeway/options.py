"""Types for the options of plugins: what a person writes in YAML, and what the plugin is handed.

A plugin's options are its keyword arguments; their annotations are the schema. Besides `int`, `float`, `str`, `bool`,
`Literal`, `list[...]`, `dict[str, ...]`, optional types, `msgspec.Struct` types and `Quantity` (`85 °C`) these may be
used, each narrowed or described with `Annotated[Duration, Meta(ge=1, description="...", examples=["5s"])]`:
"""

from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

__all__ = ["Address", "Duration", "FilePath", "Meta", "Secret", "Size", "marker"]

MARK: Final = "gaugeway"

Duration = Annotated[float, Meta(extra={MARK: "duration"})]
"""Written `30s`, `5min`, `1h 30min`; handed over as seconds."""

Size = Annotated[int, Meta(extra={MARK: "size"})]
"""Written `10MB`, `512KiB`; handed over as bytes."""

FilePath = Annotated[Path, Meta(extra={MARK: "path"})]
"""A relative path is taken from the folder of the configuration file."""

Secret = Annotated[str, Meta(extra={MARK: "secret"})]
"""Usually `!secret NAME`; never shown, logged or echoed."""

Address = Annotated[str, Meta(extra={MARK: "address"})]
"""A URL such as `mqtt://localhost:1883`; a password inside it is treated as a secret."""


def marker(meta: Meta) -> str | None:
    """Return which of the special types above this annotation marks, if any."""
    extra = meta.extra
    found = extra.get(MARK) if extra else None
    return found if isinstance(found, str) else None
