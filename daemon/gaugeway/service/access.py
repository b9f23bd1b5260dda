"""Whether this user can work in the state folder: found out before anything is opened there, with what mends it."""

import os
from collections.abc import Iterator
from pathlib import Path

from gaugeway.delivery.files import Files
from gaugeway.delivery.marker import MARKER
from gaugeway.errors import ConfigError, DeviceError
from gaugeway.plan import FOLDERS, OURS
from gaugeway.users import name_of


def prepare(folder: Path) -> None:
    """Make the state folder if there is none; ConfigError where this user may not use it, or what is in it.

    A disk that can only be read is no mistake of the operator's: `DeviceError`, which is tried again.
    """
    try:
        Files().make_folder(folder)
    except OSError as error:
        raise ConfigError(
            f"the storage folder {folder} cannot be made: {error.strerror or error}; "
            "make it writable or set `storage: {dir: ...}`"
        ) from error
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        raise DeviceError(f"the disk with the storage folder {folder} can only be read: `dmesg` may say why")
    parts = (folder, *(folder / name for name in OURS))
    closed = next((found for part in parts if (found := _closed(part, within=part != folder)) is not None), None)
    if closed is not None:
        raise ConfigError(
            f"the storage folder {folder} cannot be used by the user {_name(os.geteuid())}: {closed} belongs to "
            f"{_name(closed.stat().st_uid)}; `sudo chown -R {_name(os.geteuid())} {folder}` mends that"
            if closed.stat().st_uid != os.geteuid()
            else f"the storage folder {folder} cannot be used: nobody may write to {closed}; `chmod -R u+rwX {folder}` "
            "mends that"
        )
    odd = next(_odd(folder), None)
    if odd is not None:
        raise ConfigError(
            f"{odd} has to be a {'folder' if odd.parent == folder and odd.name in FOLDERS else 'plain file'}, which "
            "the gateway makes itself: move away what is there"
        )


def _odd(folder: Path) -> Iterator[Path]:
    """Yield what cannot be what it is called; to open a pipe would wait for ever."""
    for name in OURS:
        part = folder / name
        if part.exists() and not (part.is_dir() if name in FOLDERS else part.is_file()):
            yield part
    reserve = folder / "reserve"
    if reserve.is_symlink():  # the space is to be set aside on this disk, and to be free when the file is gone
        yield reserve
    for name in FOLDERS:
        for part in (folder / name).glob("**/*"):
            marker = part.name == MARKER and part.parent.parent != folder  # a sink may have that name
            if part.exists() and not part.is_file() and (marker or not part.is_dir()):
                yield part


def _closed(path: Path, *, within: bool = True) -> Path | None:
    """Return a path, or what is within it, that this user may not write to; None where there is nothing of that."""
    if path.is_dir():
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            return path
        entries = sorted(path.iterdir()) if within else []
        return next((found for entry in entries if (found := _closed(entry)) is not None), None)
    return path if path.is_file() and not os.access(path, os.R_OK | os.W_OK) else None


def _name(user: int) -> str:
    return name_of(user) or str(user)
