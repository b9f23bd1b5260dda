"""Simulated sensors: lines on a real pseudo-terminal, as an adapter on USB would bring them, and MQTT messages."""

import math
import os
import random
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

EVERY: Final = 0.25
Says = Callable[[float, random.Random], bytes]


def boiler(seconds: float, chance: random.Random) -> bytes:
    """Say what a boiler's probe says: a temperature that swings over 85 °C and back, and the pressure with it."""
    temperature = 78.0 + 12.0 * math.sin(2 * math.pi * seconds / 24) + chance.gauss(0, 0.15)
    pressure = 1.5 + (temperature - 66) / 60 + chance.gauss(0, 0.01)
    return f"T= {temperature:.2f} 'C P= {pressure:.3f} bar\r\n".encode()


def cellar(seconds: float, chance: random.Random) -> bytes:
    """Say what a microcontroller in a damp cellar says: two temperatures, and now and then a line of rubbish."""
    if chance.random() < 0.02:
        return b"\xff\xfe?#12.\r\n"
    inside = 11.0 + math.sin(seconds / 9) + chance.gauss(0, 0.05)
    return f"{inside:.2f},{4 + 2 * math.sin(seconds / 15):.2f}\r\n".encode()


class Wire:
    """One simulated device on a pseudo-terminal, under a path that outlives unplugging, as /dev/serial/by-id does."""

    def __init__(self, path: Path, says: Says, *, unplugged: tuple[float, float] | None = None) -> None:
        self._path = path
        self._says = says
        self._unplugged = unplugged or (math.inf, math.inf)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._talk, name=f"wire {path.name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _talk(self) -> None:
        chance = random.Random(self._path.name)  # noqa: S311  (a simulation)
        began = time.monotonic()
        pulled, replugged = self._unplugged
        self._plugged_in(chance, began, until=began + pulled)
        if not self._ended.wait(max(0.0, replugged - pulled) if math.isfinite(replugged) else 0.0):
            self._plugged_in(chance, began, until=math.inf)

    def _plugged_in(self, chance: random.Random, began: float, until: float) -> None:
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        self._path.symlink_to(os.ttyname(theirs))
        os.close(theirs)
        try:
            while time.monotonic() < until and not self._ended.wait(EVERY):
                self._write(ours, self._says(time.monotonic() - began, chance))
        finally:
            self._path.unlink()
            os.close(ours)

    @staticmethod
    def _write(port: int, line: bytes) -> None:
        """Write a line; nobody may be listening, and then it is gone, as on a real wire."""
        try:
            os.write(port, line)
        except OSError:
            return
