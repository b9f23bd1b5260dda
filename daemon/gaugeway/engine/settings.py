"""When the clock of this computer was set, and by how much it had been behind: a few lines that outlast a restart."""

from pathlib import Path
from typing import Final

import msgspec

from gaugeway.delivery.files import Files
from gaugeway.log import logger

log = logger(__name__)

REMEMBERED: Final = 64
SLACK: Final = 1.0


class Setting(msgspec.Struct, frozen=True):
    """From when to when the clock showed what it should not have, in its own words, and by how much it was behind."""

    since: float
    until: float
    behind: float


class Settings:
    """The last settings; kept in a file once it is said in which."""

    def __init__(self) -> None:
        self._known: list[Setting] = []
        self._file: Path | None = None

    def keep_in(self, file: Path) -> None:
        """Keep them in a file, and bring back those that are in it; one that cannot be understood is begun anew."""
        self._file = file
        try:
            self._known = msgspec.json.decode(file.read_bytes(), type=list[Setting])
        except FileNotFoundError:
            return
        except (OSError, msgspec.DecodeError) as error:
            log.warning("what is known of earlier times cannot be read", file=str(file), reason=str(error))

    def add(self, setting: Setting) -> None:
        """Remember one more."""
        self._known = [*self._known[1 - REMEMBERED :], setting]
        if self._file is not None:
            try:
                self._write(self._file)
            except OSError as error:
                log.warning("the setting of the clock cannot be kept", reason=error.strerror or str(error))

    def behind(self, shown: float) -> float | None:
        """Return by how much the clock was behind when it showed a wrong time; None where nobody can tell."""
        fit = [one.behind for one in self._known if one.since - SLACK <= shown <= one.until + SLACK]
        return fit[0] if len(fit) == 1 else None  # two starts that began at the same time cannot be told apart

    def _write(self, path: Path) -> None:
        """Write a whole file, or leave the one before it."""
        files, coming = Files(), path.with_name(f"{path.name}.new")
        files.make_folder(path.parent)
        coming.unlink(missing_ok=True)
        file = files.create(coming)
        try:
            files.write(file, [msgspec.json.encode(self._known)], 0)
            files.sync(file)
        finally:
            files.close(file)
        files.rename(coming, path)
        files.sync_folder(path.parent)
