"""A terminal that is drawn on as a whole, and gives single keys; it is left as it was found."""

import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Sequence
from contextlib import ExitStack
from types import FrameType
from typing import Final, Self

ENTER: Final = "\x1b[?1049h\x1b[?25l"
LEAVE: Final = "\x1b[?25h\x1b[?1049l"
HOME: Final = "\x1b[H"
REST_OF_LINE: Final = "\x1b[K"
REST_OF_SCREEN: Final = "\x1b[J"
LONGEST_KEY: Final = 16


class Screen:
    """The terminal of standard input and output: `with Screen() as screen: screen.show(lines)`."""

    def __init__(self) -> None:
        self._keys = sys.stdin.fileno()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._resized, self._resizing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._open.callback(os.close, self._resized)
        self._open.callback(os.close, self._resizing)
        before = termios.tcgetattr(self._keys)
        self._open.callback(termios.tcsetattr, self._keys, termios.TCSADRAIN, before)
        tty.setcbreak(self._keys)
        self._open.callback(self._write, LEAVE)
        self._write(ENTER)
        for number, handler in ((signal.SIGWINCH, self._resize), (signal.SIGTERM, _end), (signal.SIGHUP, _end)):
            self._open.callback(signal.signal, number, signal.signal(number, handler))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def columns(self) -> int:
        """How wide it is now."""
        return os.get_terminal_size(sys.stdout.fileno()).columns

    @property
    def rows(self) -> int:
        """How high it is now."""
        return os.get_terminal_size(sys.stdout.fileno()).lines

    def show(self, lines: Sequence[str]) -> None:
        """Replace what is shown, without a flicker."""
        self._write(HOME + "\n".join(f"{line}{REST_OF_LINE}" for line in lines) + REST_OF_SCREEN)

    def key(self, seconds: float) -> str:
        """Return the next key; empty when the time is up, or at once when the size has changed."""
        ready, _, _ = select.select([self._keys, self._resized], [], [], max(0.0, seconds))
        if self._resized in ready:
            os.read(self._resized, LONGEST_KEY)
        if self._keys not in ready:
            return ""
        return os.read(self._keys, LONGEST_KEY).decode(errors="replace") or "q"  # the terminal is gone

    def _resize(self, _number: int, _frame: FrameType | None) -> None:
        os.write(self._resizing, b"!")

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
