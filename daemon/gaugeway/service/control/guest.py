"""One who is connected to the control socket: what it has asked, and what it has still to be told."""

import socket
import time
from typing import Final

from gaugeway.service.control.peers import Peer
from gaugeway.service.control.taps import Tap

REQUEST: Final = 64 * 1024
PIECE: Final = 64 * 1024
ASKED: Final = 4 * 1024
IDLE: Final = 60.0


class GoneError(Exception):
    """The guest has hung up, or is to be hung up on."""


class Guest:
    """A connection that is never waited for. It may ask one thing at a time."""

    def __init__(self, connection: socket.socket, peer: Peer) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.peer = peer
        self.tap: Tap | None = None
        self.asking = False
        self.gone = False
        self._inbox = bytearray()
        self._outbox = bytearray()
        self.moved_at = time.monotonic()

    @property
    def waits(self) -> bool:
        """Whether there is something that it has not taken yet."""
        return bool(self._outbox)

    @property
    def idle(self) -> bool:
        """Whether it is connected and nothing more: it awaits no answer and has taken all that it was told."""
        return not (self.asking or self.waits or self.tap is not None)

    @property
    def has_room(self) -> bool:
        """Whether it keeps up with what it is told."""
        return len(self._outbox) < PIECE

    @property
    def overdue(self) -> bool:
        """Whether it has neither asked nor taken anything for too long."""
        waiting_for_us = (self.asking or self.tap is not None) and not self.waits
        return not waiting_for_us and time.monotonic() - self.moved_at > IDLE

    def receive(self) -> None:
        """Take in what has come."""
        try:
            piece = self.connection.recv(ASKED)
        except BlockingIOError:
            return
        except OSError as error:
            raise GoneError from error
        if not piece:
            raise GoneError
        self._inbox += piece
        if len(self._inbox) > REQUEST + PIECE:
            raise GoneError
        self.moved_at = time.monotonic()

    def request(self) -> bytes | None:
        """Return the next whole request, None where there is none; ValueError for one that has no end."""
        line, newline, rest = self._inbox.partition(b"\n")
        if newline:
            self._inbox = rest
            return bytes(line)
        if len(self._inbox) > REQUEST:
            raise ValueError(f"a request is one line of at most {REQUEST} bytes")
        return None

    def say(self, line: bytes) -> None:
        """Tell it something, now or as soon as it takes it."""
        self._outbox += line + b"\n"
        self.send()

    def send(self) -> None:
        """Send what it takes."""
        try:
            sent = self.connection.send(self._outbox[:PIECE]) if self._outbox else 0
        except BlockingIOError:
            return
        except OSError as error:
            raise GoneError from error
        if sent:
            del self._outbox[:sent]
            self.moved_at = time.monotonic()

    def close(self) -> None:
        """Hang up."""
        if self.tap is not None:
            self.tap.close()
        self.connection.close()
