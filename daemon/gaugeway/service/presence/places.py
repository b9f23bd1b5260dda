"""Where a running gateway leaves what it takes to find it. Read by quick commands: imports next to nothing."""

import os
from collections.abc import Generator
from contextlib import contextmanager

SOCKET = "control.sock"
SYSTEM = "/run/gaugeway"
MEMORY = "/dev/shm/gaugeway-"  # noqa: S108  (its owner is looked at before it is used)
SHORT = 100
"""The kernel takes 107 bytes of a socket's path; a little is kept for what stands in front of a long one."""


def runtime_folder() -> str | None:
    """Return the folder that the service manager made for this process, None where there is none."""
    return os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0] or None


def own_folders() -> list[str]:
    """Return the folders where this process may leave its record, the best first; all are in memory, not on disk."""
    given, session, user = runtime_folder(), os.environ.get("XDG_RUNTIME_DIR"), os.geteuid()
    if given is not None:
        return [given]
    folders = [os.path.join(session, "gaugeway")] if session else []
    return [*folders, *([SYSTEM] if user == 0 else []), f"{MEMORY}{user}"]


def everywhere() -> list[str]:
    """Return every folder that may hold the record of a gateway that this user can speak to."""
    above, name = os.path.split(SYSTEM)
    folders = [*own_folders(), SYSTEM, *_inside(SYSTEM), *_inside(above, f"{name}-")]
    folders += [f"{session}/gaugeway" for session in _inside("/run/user")] if os.geteuid() == 0 else []
    return list(
        dict.fromkeys(os.path.normpath(folder) for folder in folders if os.path.isdir(folder) and _sound(folder))
    )


def socket_path(storage: str) -> str:
    """Return where a gateway with this storage folder listens."""
    return os.path.join(os.path.abspath(runtime_folder() or storage), SOCKET)


@contextmanager
def address(path: str) -> Generator[str]:
    """Yield what to bind or connect to for a path of any length: a long one is reached through its open folder."""
    if len(os.fsencode(path)) <= SHORT:
        yield path
        return
    folder = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{os.path.basename(path)}"
    finally:
        os.close(folder)


def substitutes(storage: str) -> list[str]:
    """Return where else it may listen, because a storage folder on FAT has room for files and none for sockets."""
    name = os.path.abspath(storage).strip("/").replace("/", "-")[-60:]
    return [os.path.join(folder, f"{name}.sock") for folder in own_folders()]


def _inside(folder: str, first: str = "") -> list[str]:
    """Return the folders in a folder that begin like this; to import `glob` would take longer than all else here."""
    try:
        with os.scandir(folder) as found:
            return [entry.path for entry in found if entry.name.startswith(first) and entry.is_dir()]
    except OSError:
        return []


def _sound(folder: str) -> bool:
    """Tell whether a folder is there and was put there by nobody else: where all may make one, it has to be our own."""
    return os.path.isdir(folder) and (not folder.startswith(MEMORY) or os.lstat(folder).st_uid == os.geteuid())
