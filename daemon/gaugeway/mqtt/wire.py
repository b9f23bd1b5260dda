"""The socket between paho and the broker: it cuts the messages out, and hands paho what is left."""

import select
import socket
import time
from typing import Final

from gaugeway.mqtt.packets import Cutter

CHUNK: Final = 65536
PIECE: Final = 16384
"""So much is asked for at a time: room for all of it is made each time, and more would leave holes in memory."""
LINGER: Final = 0.5
QUICK_ACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


class Wire:
    """Reads in big pieces and writes in one stream, so that acknowledgements and paho's packets keep their order.

    It never raises: a broken connection is told in `fault`, and found at the next look. `unsent` is what waits until
    the broker reads again, or never went out; `more` says that there was likely more to take in than was.
    """

    def __init__(self, raw: socket.socket, cutter: Cutter, *, encrypted: bool = False) -> None:
        self.cutter = cutter
        self.fault = ""
        self.matters = False
        self.more = False
        self.unsent = bytearray()
        self._raw = raw
        self._encrypted = encrypted
        self._would_block = _would_block(encrypted=encrypted)

    def fill(self, *, to_the_end: bool = False) -> None:
        """Take in what has arrived, about 64 KiB at most, without waiting; one piece will do for who polls after it.

        Most brokers wait with a small packet until the one before is confirmed, and Linux confirms up to 40 ms late
        where nothing is sent the other way: acknowledgements are, but only when what they are for is on disk. So what
        was read is confirmed at once, and what was held back comes with the next read. An encrypted line is always
        read to the end, which leaves nothing inside the encryption, where no poll would see it.
        """
        taken, enough = 0, CHUNK if to_the_end or self._encrypted else 1
        self.more = False
        try:
            while True:
                data = self._raw.recv(PIECE)
                if not data:
                    self.fault = self.fault or "closed the connection"
                    return
                if QUICK_ACK is not None:  # it does not last
                    self._raw.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)
                self.cutter.feed(data)
                taken += len(data)
                if taken >= enough:
                    self.more = taken >= CHUNK or len(data) == PIECE
                    return
        except self._would_block:
            return
        except OSError as error:
            self.fault = self.fault or f"broke the connection ({error.strerror or error})"

    def flush(self) -> None:
        """Send as much as goes without waiting."""
        try:
            while self.unsent:
                del self.unsent[: self._raw.send(self.unsent)]
        except self._would_block:
            return
        except OSError as error:
            self.fault = self.fault or f"broke the connection ({error.strerror or error})"

    def send(self, buffer: bytes | bytearray) -> int:
        """Send after what waits already; all of it is taken."""
        self.unsent += buffer
        self.flush()
        return len(buffer)

    def recv(self, buffer_size: int) -> bytes:
        """Give paho the next bytes that are no message."""
        rest = self.cutter.rest
        if not rest:
            raise BlockingIOError
        data = bytes(rest[:buffer_size])
        del rest[:buffer_size]
        return data

    def fileno(self) -> int:
        """Return the descriptor, for a poll."""
        return self._raw.fileno()

    def setblocking(self, flag: bool) -> None:
        """Let reads and writes wait, or not."""
        self._raw.setblocking(flag)

    def close(self) -> None:
        """Close the connection, once the broker has read what matters (`matters`).

        To close a socket on which something unread has come would tear the line, and with it what is still on the
        way to the broker: acknowledged messages would all come again.
        """
        try:
            if self.matters and not self.fault:
                self._hang_up()
        except OSError:
            pass  # the line is torn already
        finally:
            self._raw.close()

    def _hang_up(self) -> None:
        """Say that nothing more will be sent, and wait a moment for the broker to do the same."""
        self.flush()
        self._raw.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + LINGER
        while (left := deadline - time.monotonic()) > 0 and select.select([self._raw], [], [], left)[0]:
            if not self._raw.recv(PIECE):
                return


def _would_block(*, encrypted: bool) -> tuple[type[OSError], ...]:
    """Return the errors by which a socket says that it would have to wait."""
    if not encrypted:
        return (BlockingIOError,)
    import ssl  # noqa: PLC0415  (loaded by whoever encrypted the socket)

    return BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError
