"""One connection to the HTTP server: it asks once and is answered once, and that has to be over in a few seconds."""

import socket
import time
from collections.abc import Callable
from typing import Final

from gaugeway.service.web import request
from gaugeway.service.web.request import Page

PATIENCE: Final = 10.0
PIECE: Final = 64 * 1024


class Visitor:
    """A connection that is never waited for."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.gone = False
        self.answered = False
        self._until = time.monotonic() + PATIENCE
        self._inbox = bytearray()
        self._outbox = b""
        self._sent = 0

    @property
    def waits(self) -> bool:
        """Whether there is something that it has not taken yet."""
        return self._sent < len(self._outbox)

    @property
    def overdue(self) -> bool:
        """Whether it has had its time, however busy it seemed."""
        return time.monotonic() > self._until

    def attend(self, page: Callable[[str], Page]) -> None:
        """Take in what it asks, answer that, send what it takes, and note when it is gone."""
        try:
            self._receive(page)
            self._send()
        except BlockingIOError:
            return
        except OSError:
            self.gone = True

    def _receive(self, page: Callable[[str], Page]) -> None:
        try:
            piece = self.connection.recv(request.LONGEST)
        except BlockingIOError:
            return
        if not piece:
            self.gone = not self.waits  # one that has asked may close its side and still read
        elif not self.answered:
            self._inbox += piece
            self._answer(page)

    def _answer(self, page: Callable[[str], Page]) -> None:
        if request.is_whole(self._inbox[: request.LONGEST]):
            asked = request.read(bytes(self._inbox))
        elif len(self._inbox) >= request.LONGEST:
            asked = request.refusal(431, f"a request has at most {request.LONGEST} bytes")
        else:
            return
        self.answered = True
        self._inbox.clear()
        if isinstance(asked, Page):
            self._outbox = request.written(asked)
        else:
            self._outbox = request.written(page(asked.path), head_only=asked.method == "HEAD")

    def _send(self) -> None:
        """Send what it takes; behind the last byte our side ends, and it is the other's turn to close."""
        if self.waits:
            self._sent += self.connection.send(memoryview(self._outbox)[self._sent : self._sent + PIECE])
            if not self.waits:
                self.connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Hang up."""
        self.connection.close()
