"""Tells systemd how the gateway is, over the socket that it names in $NOTIFY_SOCKET; without one, nothing is told."""

import os
import socket
import time
from collections.abc import Mapping
from typing import Final

from gaugeway.log import logger

log = logger(__name__)

LONGEST: Final = 1000
PATIENCE: Final = 1.0


class Notifier:
    """Sends what `sd_notify` would; a message that cannot be sent is never a reason to fail."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        given = os.environ if environment is None else environment
        self._address = _address(given.get("NOTIFY_SOCKET", ""))
        self._status = ""
        self.watchdog: Final = _watchdog(given)
        """Within how many seconds `alive` has to be called again and again; None where nobody watches."""

    def ready(self, status: str = "") -> None:
        """Tell that every pipeline was built and started, or that a reload is over."""
        self._status = status
        self._send("READY=1", f"STATUS={_line(status)}")

    def status(self, text: str) -> None:
        """Show a line in `systemctl status`; the same one again costs nothing."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={_line(text)}")

    def reloading(self) -> None:
        """Tell that a reload begins; `ready` ends it, whatever it came to."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, status: str = "stopping") -> None:
        """Tell that everything is brought to disk and the gateway ends."""
        self._send("STOPPING=1", f"STATUS={_line(status)}")

    def alive(self) -> None:
        """Feed the watchdog: every pipeline has made progress."""
        if self.watchdog is not None:
            self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
                to.settimeout(PATIENCE)
                to.connect(self._address)
                to.sendall("\n".join(lines).encode())
        except OSError as error:
            log.warning("systemd cannot be told", reason=error.strerror or str(error))


def _address(named: str) -> str | None:
    """Return the address of the socket: a path, or an abstract name, whose first byte, 0, is written as an @."""
    if named.startswith("@"):
        return f"\0{named[1:]}"
    return named if named.startswith("/") else None


def _watchdog(environment: Mapping[str, str]) -> float | None:
    """Return the watchdog's time, if it is this process that is watched."""
    for_whom = environment.get("WATCHDOG_PID", "")
    microseconds = environment.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or int(microseconds) == 0 or for_whom not in ("", str(os.getpid())):
        return None
    return int(microseconds) / 1e6


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]
