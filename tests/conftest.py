"""What holds for every test: it leaves no thread, no child process and no open file behind."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

import pytest
from hypothesis import settings

PATIENCE: Final = 5.0
sys.path.insert(0, str(Path(__file__).parents[1]))  # so that tests share their parts: from tests.engine.kit import Feed
T = TypeVar("T")
settings.register_profile("gaugeway", deadline=None)  # how fast a machine is, no test asks
settings.register_profile("same every time", deadline=None, derandomize=True)  # a gate lets through or not, not by luck
settings.load_profile("same every time" if os.environ.get("CI") else "gaugeway")


@pytest.fixture(autouse=True)
def leaves_nothing_behind() -> Iterator[None]:
    """Fail the test that opened something and did not close it. What ends by itself is given a moment."""
    threads, files, children = set(threading.enumerate()), open_files(), child_processes()
    yield
    until = time.monotonic() + PATIENCE
    for thread in set(threading.enumerate()) - threads:
        thread.join(max(0.0, until - time.monotonic()))
    left = [f"thread '{thread.name}'" for thread in threading.enumerate() if thread not in threads]
    left += [f"process {what}" for what in _lasting(child_processes, children, until)]
    left += [f"open file {number} -> {target}" for number, target in _lasting(open_files, files, until)]
    if left:
        pytest.fail("left behind: " + ", ".join(left), pytrace=False)


def open_files() -> set[tuple[str, str]]:
    """Return the number and the target of every open file."""
    found: set[tuple[str, str]] = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add((entry.name, str(entry.readlink())))
        except FileNotFoundError:
            continue  # the folder itself, which was open while it was listed
    return found


def child_processes() -> set[str]:
    """Return the processes that this one has started, with their names, the dead ones that nobody waited for too."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return set()
    found: set[str] = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = entry.read_text(errors="replace").rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if rest.split()[1] == str(os.getpid()):
            found.add(f"{name})")
    return found


def _lasting(look: Callable[[], set[T]], before: set[T], until: float) -> set[T]:
    """Return what is there and was not before, once it has had its moment to go."""
    while (left := look() - before) and time.monotonic() < until:
        threading.Event().wait(0.01)
    return left
