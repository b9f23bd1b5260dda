"""Events for systemd's journal in its own protocol: every fact is a field to search by, a traceback is one entry."""

import logging
import re
import socket
from collections.abc import Callable, Iterator
from typing import Final

from gaugeway.log.lines import facts_of

SOCKET: Final = "/run/systemd/journal/socket"
IDENTIFIER: Final = "gaugeway"
PRIORITIES: Final = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}
USUAL: Final = 6
PREFIX: Final = "GAUGEWAY_"
LONGEST_NAME: Final = 64
LONGEST: Final = 16 * 1024
"""A field is cut there, so that an entry fits into one datagram."""
MOST_FIELDS: Final = 8
PATIENCE: Final = 0.5
ODD: Final = re.compile(r"[^A-Z0-9_]")


class Journald(logging.Handler):
    """Sends events to the journal; while that does not listen, `otherwise` handles them.

    A journal that is too busy is waited for only briefly: readings are worth more than what is said about them.
    """

    def __init__(
        self,
        text: Callable[[logging.LogRecord], str],
        otherwise: logging.Handler,
        address: str = SOCKET,
    ) -> None:
        super().__init__()
        self._text = text
        self._otherwise = otherwise
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(PATIENCE)
        self._left_out = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Send one event."""
        try:
            self._socket.sendto(b"".join(self._entry(record)), self._address)
        except TimeoutError:
            self._left_out += 1
        except OSError:
            self._otherwise.handle(record)
        else:
            self._left_out = 0

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        self._otherwise.close()
        super().close()

    def _entry(self, record: logging.LogRecord) -> Iterator[bytes]:
        yield _field("MESSAGE", self._text(record))
        yield _field("PRIORITY", PRIORITIES.get(record.levelname, USUAL))
        yield _field("SYSLOG_IDENTIFIER", IDENTIFIER)
        yield _field("LOGGER", record.name)
        for name, fact in list(facts_of(record).items())[:MOST_FIELDS]:
            yield _field((PREFIX + ODD.sub("_", name.upper()))[:LONGEST_NAME], fact)
        if self._left_out:
            yield _field(f"{PREFIX}LEFT_OUT", self._left_out)


def _field(name: str, value: object) -> bytes:
    """Return a field as the journal reads it: one of several lines is led by its length."""
    content = str(value).encode("utf-8", "backslashreplace")[:LONGEST]
    if b"\n" not in content:
        return b"%s=%s\n" % (name.encode(), content)
    return b"%s\n%s%s\n" % (name.encode(), len(content).to_bytes(8, "little"), content)
