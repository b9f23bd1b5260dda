"""What the operating system says of this process, its disk and its clock."""

import os
import time
from pathlib import Path
from typing import Final

from gaugeway.engine.timekeeper import SET_AFTER
from gaugeway.service.health.report import Clock, Disk

PAGE: Final = os.sysconf("SC_PAGE_SIZE")
LITTLE: Final = 500_000_000
FEW_PERCENT: Final = 0.05
TIMESYNC: Final = Path("/run/systemd/timesync")


def memory() -> int:
    """Return the resident memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def open_files() -> int:
    """Return how many file descriptors this process has open."""
    return len(os.listdir("/proc/self/fd")) - 1  # one is that of the listing itself


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


def clock() -> Clock:
    """Return what the clock shows and whether somebody has set it.

    Asking the kernel is not allowed in the sandbox of the service; systemd leaves a file when the clock was set.
    """
    now = time.time()
    if (TIMESYNC / "synchronized").exists():
        return Clock(now=now, set=True)
    return Clock(now=now, set=False if now < SET_AFTER or TIMESYNC.is_dir() else None)


def threads() -> int:
    """Return how many threads this process has, those of libraries too."""
    return len(os.listdir("/proc/self/task"))
