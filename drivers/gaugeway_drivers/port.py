"""A serial port: opened by path, waited for, read in one go, closed; it knows nothing of what it carries."""

import errno
import os
import select
import termios
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import msgspec

from gaugeway import ConfigError, DeviceError

Parity = Literal["none", "even", "odd", "mark", "space"]

AT_ONCE: Final = 4096
"""How much is read at most at a time: as much as a terminal holds for who reads it."""

LASTING: Final = Path("/dev/serial/by-id")
MOST_SHOWN: Final = 3
TROUBLES: Final[dict[int | None, str]] = {
    errno.ENOENT: "is not there: is the adapter plugged in?",
    errno.ENODEV: "is not there: is the adapter plugged in?",
    errno.ENXIO: "is not there: is the adapter plugged in?",
    errno.EAGAIN: "is held by another program: stop that one (`fuser -v` shows it)",
    errno.EBUSY: "is held by another program: stop that one (`fuser -v` shows it)",
    errno.EPERM: "may not be used by this service: its devices were listed before the adapter was first plugged in; "
    "restart the service",
    errno.EIO: "does not answer: was the adapter unplugged?",
    errno.ENOTTY: "is no serial port",
    errno.EISDIR: "is no serial port",
}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a port is set up."""

    baud: int = 9600
    bytesize: Literal[5, 6, 7, 8] = 8
    parity: Parity = "none"
    stopbits: Literal[1, 2] = 1


class Port:
    """An open serial port."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)

    def wait(self, seconds: float) -> bool:
        """Wait until there is something to read, or the port is gone; False when the time is up."""
        return bool(self._poll.poll(max(0.0, seconds) * 1000))

    def read(self) -> bytes:
        """Return all that has come; DeviceError where the port is gone."""
        try:
            data = os.read(self._fd, AT_ONCE)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise trouble(self.path, error) from error
        if not data:
            raise DeviceError(f"port {self.path} is gone: was the adapter unplugged?")
        return data

    def write(self, data: bytes) -> None:
        """Send a request; DeviceError where the port is gone or takes no more."""
        try:
            sent = os.write(self._fd, data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise trouble(self.path, error) from error
        if sent < len(data):
            raise DeviceError(f"port {self.path} takes no more requests: does the device hold them up?")


@contextmanager
def opened(path: Path, settings: Settings) -> Generator[Port]:
    """Open the port for us alone, and close it; DeviceError says what is to be done where it cannot be opened."""
    import serial  # noqa: PLC0415 - only who uses a port pays for it

    try:
        line = serial.Serial(
            str(path),
            settings.baud,
            settings.bytesize,
            settings.parity[0].upper(),
            settings.stopbits,
            timeout=0,
            exclusive=True,
        )
    except ValueError as error:
        raise ConfigError(f"port {path} cannot be set to {settings.baud} baud: {error}") from error
    except (OSError, termios.error) as error:
        raise trouble(path, error) from error
    with line:
        yield Port(path, line.fileno())


def trouble(path: Path, error: Exception) -> DeviceError:
    """Return what the operator should be told of a port that fails."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error.__context__, termios.error):  # which pyserial puts into words of its own
        number = error.__context__.args[0]
    if number is None and path.exists() and not path.is_char_device():
        number = errno.ENOTTY
    if number == errno.EACCES:
        return DeviceError(f"no permission to use port {path}: add the user to the group {_group(path)}")
    there_are = others(path) if number == errno.ENOENT else ""
    return DeviceError(f"port {path} {TROUBLES.get(number, f'fails: {error}')}{there_are}")


def others(path: Path, lasting: Path = LASTING) -> str:
    """Return which ports there are in the place of one that is not, by the names that they keep."""
    folder = path.parent if path.parent.name == lasting.name else lasting
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return ""
    shown = ", ".join(str(folder / name) for name in names[:MOST_SHOWN])
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return f" There is {shown}{more}" if names else ""


def _group(path: Path) -> str:
    """Return the group that may use the port."""
    import grp  # noqa: PLC0415  (only to be kind)

    try:
        return grp.getgrgid(path.stat().st_gid).gr_name
    except (OSError, KeyError):
        return "dialout"
