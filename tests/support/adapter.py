"""A serial adapter for tests: a pseudo-terminal, plugged in and out."""

import os
import tty
from pathlib import Path
from typing import Self


class Adapter:
    """A serial adapter with a device at its end, found under a path that stays the same when it is plugged in again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.device = -1

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        if self.device >= 0:
            self.unplug()

    def plug(self) -> None:
        """Make a pseudo-terminal and let the path lead to it."""
        self.device, terminal = os.openpty()
        tty.setraw(terminal)
        self.node = os.ttyname(terminal)
        self.path.symlink_to(self.node)
        os.close(terminal)

    def unplug(self) -> None:
        """Take the pseudo-terminal and the path away."""
        self.path.unlink()
        os.close(self.device)
        self.device = -1

    def send(self, data: bytes) -> None:
        """Let the device send something."""
        os.write(self.device, data)

    def received(self, count: int) -> bytes:
        """Return what the device was sent, `count` bytes of it."""
        data = b""
        while len(data) < count:
            data += os.read(self.device, count - len(data))
        return data
