"""The log file of a gateway in the background: what it has to say, bounded, the oldest forgotten."""

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

NAME: Final = "gateway.log"
LARGEST: Final = 1024 * 1024
OUTPUT: Final = 1
ERROR: Final = 2


class LogFile:
    """Takes the place of standard error while the block runs, for libraries and a dying interpreter too.

    What goes to standard output, such as the readings of a sink `console`, is for somebody who looks on: there is
    nobody, and it would soon push all events out of the file.

    An error that ends the block before `let_go` shows where output went before: to who started the gateway.
    """

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        self.path = folder / NAME
        self._largest = largest
        self._before: list[int] = []

    def __enter__(self) -> Self:
        sys.stdout.flush()
        sys.stderr.flush()
        self._before = [os.dup(number) for number in (OUTPUT, ERROR)]
        self._open()
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        os.dup2(nowhere, OUTPUT)
        os.close(nowhere)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, before in zip((OUTPUT, ERROR), self._before, strict=False):
            os.dup2(before, number)
        self.let_go()

    def let_go(self) -> None:
        """Give up what output was before: from here on everything goes to the file, for good."""
        while self._before:
            os.close(self._before.pop())

    def turn_if_full(self) -> None:
        """Begin a new file when this one is full; the one before it is kept, the one before that is not."""
        if os.fstat(ERROR).st_size >= self._largest:
            self.path.replace(self.path.with_name(f"{NAME}.1"))
            self._open()

    def _open(self) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        os.dup2(file, ERROR)
        os.close(file)
