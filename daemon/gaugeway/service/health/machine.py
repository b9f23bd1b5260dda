"""What the operating system says of this process, its disk and its clock.

It says it in files, and so nothing when no file descriptor is free: whoever asks has to go on then too.
"""

import errno
import os
import resource
import threading
import time
from pathlib import Path
from typing import Final

from gaugeway.engine.timekeeper import SET_AFTER
from gaugeway.service.health.report import Clock, Disk, Memory

PAGE: Final = os.sysconf("SC_PAGE_SIZE")
LITTLE: Final = 500_000_000
FEW_PERCENT: Final = 0.05
TIMESYNC: Final = Path("/run/systemd/timesync")
CGROUPS: Final = Path("/sys/fs/cgroup")
PROC: Final = Path("/proc")
SCARCE: Final = 100_000_000
TENTH: Final = 0.1


def resident() -> int:
    """Return the resident memory of this process in bytes; 0 where it cannot be told."""
    try:
        return int(_text("/proc/self/statm").split()[1]) * PAGE
    except OSError:
        return 0


def open_files() -> int:
    """Return how many file descriptors this process has open; 0 where it cannot be told."""
    try:
        return len(os.listdir("/proc/self/fd")) - 1  # one is that of the listing itself
    except OSError as error:
        return open_files_limit() if error.errno == errno.EMFILE else 0


def open_files_limit() -> int:
    """Return how many file descriptors this process may have open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def unit() -> str:
    """Return the systemd unit of ours that this process is; empty where it was started by hand."""
    if "INVOCATION_ID" not in os.environ:
        return ""
    last = Path("/proc/self/cgroup").read_text().strip().rpartition("/")[2]
    return last if last.startswith("gaugeway") and last.endswith(".service") else ""


def disk(folder: Path) -> Disk | None:
    """Return how full the disk with a folder is; None where it cannot be told."""
    try:
        about = os.statvfs(folder)
    except OSError:
        return None
    size, free = about.f_blocks * about.f_frsize, about.f_bavail * about.f_frsize
    return Disk(folder=str(folder), size=size, free=free, nearly_full=free < min(LITTLE, size * FEW_PERCENT))


def memory(cgroups: Path = CGROUPS, proc: Path = PROC) -> Memory | None:
    """Return how full the memory is that this service may use, or else that of the computer; None if both are hidden.

    What the kernel can give back at once, pages of files that were read, counts as free.
    """
    return _given(cgroups, proc) or _installed(proc)


def _given(cgroups: Path, proc: Path) -> Memory | None:
    """Return what `MemoryMax=` of the unit gives."""
    try:
        own = next(line for line in _text(f"{proc}/self/cgroup").splitlines() if line.startswith("0::"))
        group = f"{cgroups}/{own.removeprefix('0::/')}"
        limit, used = int(_text(f"{group}/memory.max")), int(_text(f"{group}/memory.current"))
        idle = _table(f"{group}/memory.stat")["inactive_file"]
    except (OSError, ValueError, KeyError, StopIteration):  # `max` is no number, and there are other kinds of cgroups
        return None
    return _filled(limit, limit - used + idle, ours=True)


def _installed(proc: Path) -> Memory | None:
    try:
        found = _table(f"{proc}/meminfo")
        return _filled(found["MemTotal:"] * 1024, found["MemAvailable:"] * 1024, ours=False)
    except (OSError, ValueError, KeyError):
        return None  # hidden in the sandbox of the service


def _text(file: str) -> str:
    """Return what a file says. A `Path` would make its parts names of Python's, again at every look."""
    with open(file, encoding="utf-8") as opened:
        return opened.read()


def _table(file: str) -> dict[str, int]:
    return {words[0]: int(words[1]) for line in _text(file).splitlines() if len(words := line.split()) > 1}


def _filled(size: int, free: int, *, ours: bool) -> Memory:
    free = max(0, min(free, size))
    return Memory(size=size, free=free, ours=ours, nearly_full=free < min(SCARCE, size * TENTH))


def clock() -> Clock:
    """Return what the clock shows and whether somebody has set it.

    Asking the kernel is not allowed in the sandbox of the service; systemd leaves a file when the clock was set.
    """
    now = time.time()
    if (TIMESYNC / "synchronized").exists():
        return Clock(now=now, set=True)
    return Clock(now=now, set=False if now < SET_AFTER or TIMESYNC.is_dir() else None)


def threads() -> int:
    """Return how many threads this process has, those of libraries too where the system tells of them."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()
