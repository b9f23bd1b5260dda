"""Runs gaugeway with a wall clock that is set from outside: `python stepped.py CLOCK COMMAND...`.

CLOCK is a file with one double: by how many seconds the clock is off. All else goes on as it is: libfaketime, which
could do this to any program, also disturbs `time.sleep`, because it takes the clock that never steps for one that does.
"""

import mmap
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

OFFSET: Final = struct.Struct("d")


class SetClock:
    """The clock of a computer that is set while it runs."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.write_bytes(OFFSET.pack(0.0))

    def set(self, offset: float) -> None:
        """Let it be off by so many seconds."""
        with self.file.open("r+b") as file:
            file.write(OFFSET.pack(offset))

    def before(self) -> tuple[str, str, str]:
        """Return what stands before the command of a process that is to look at this clock."""
        return sys.executable, __file__, str(self.file)


def looking_at(file: Path) -> Callable[[], float]:
    """Return what stands in for `time.time`."""
    right = time.time
    with file.open("rb") as opened:
        view = mmap.mmap(opened.fileno(), OFFSET.size, prot=mmap.PROT_READ)
    return lambda: right() + float(OFFSET.unpack_from(view)[0])


if __name__ == "__main__":
    time.time = looking_at(Path(sys.argv[1]))
    from gaugeway.cli import main

    sys.exit(main(sys.argv[sys.argv.index("gaugeway") + 1 :]))
