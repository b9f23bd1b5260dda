"""Where the parts of an installed gateway are: its unit, configuration and state, each named after it."""

import re
from pathlib import Path
from typing import Final

from gaugeway.errors import ConfigError

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,31}")
TAKEN: Final = frozenset({"credentials", "plugins", "rules", "state", "data"})


class Layout:
    """The places of one gateway: of the machine's only one, or of the one called `name` beside others."""

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not NAME.fullmatch(name) or name in TAKEN):
            raise ConfigError(
                f"'{name}' cannot be the name of a gateway: lower-case letters, digits and _, as in plant_2"
            )
        self.name = name

    @property
    def unit(self) -> str:
        """The unit that systemd runs."""
        return "gaugeway.service" if self.name is None else f"gaugeway@{self.name}.service"

    @property
    def unit_file(self) -> str:
        """The file that describes the unit."""
        return "gaugeway.service" if self.name is None else "gaugeway@.service"

    @property
    def configuration(self) -> Path:
        """The folder of its configuration."""
        return Path("/etc/gaugeway") / (self.name or "")

    @property
    def state(self) -> Path:
        """The folder that it may write to."""
        return Path("/var/lib") / self._own

    @property
    def runtime(self) -> Path:
        """The folder of its socket and of the record that it leaves."""
        return Path("/run") / self._own

    @property
    def _own(self) -> str:
        return "gaugeway" if self.name is None else f"gaugeway-{self.name}"
