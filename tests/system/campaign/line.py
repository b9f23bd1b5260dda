"""The network between a gateway and its broker, which can fail in the ways that networks do."""

import selectors
import socket
import struct
import threading
import time
from contextlib import closing, suppress
from random import Random
from typing import Final, Literal

Fault = Literal["reset", "torn", "deaf", "mute", "gone"]
FAULTS: Final[tuple[Fault, ...]] = ("reset", "torn", "deaf", "mute", "gone")
PIECE: Final = 65536
RESET: Final = struct.pack("ii", 1, 0)


class Pair:
    """One connection of a client, and the one to the broker that belongs to it."""

    def __init__(self, client: socket.socket, broker: socket.socket) -> None:
        self.client = client
        self.broker = broker
        self.left: int | None = None
        """How many bytes still get through before the line is torn."""

    def close(self, *, torn: bool) -> None:
        """Close both; what is on the way is lost where the line is torn."""
        for end in (self.client, self.broker):
            with suppress(OSError):
                if torn:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.close()


class Line:
    """Forwards connections to a port, and fails when it is told to.

    `reset` tears what is connected; `torn` does so after some more bytes, in the middle of a packet; `deaf` swallows
    for a while what the client says, its acknowledgements, and then tears; `mute` does the same to the broker;
    `gone` lets nobody connect for a while.
    """

    def __init__(self, port: int, chance: Random) -> None:
        self.faults = 0
        self._to = port
        self._chance = chance
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[Pair] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._deaf_until = self._mute_until = self._gone_until = 0.0
        self._tear_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)
        self._thread.start()

    def fail(self, fault: Fault, seconds: float) -> None:
        """Fail in one of the ways."""
        until = time.monotonic() + seconds
        with self._lock:
            self.faults += 1
            if fault == "torn":
                for pair in self._pairs:
                    pair.left = self._chance.randrange(2000)
            elif fault == "deaf":
                self._deaf_until = self._tear_at = until
            elif fault == "mute":
                self._mute_until = self._tear_at = until
            else:
                self._gone_until = until if fault == "gone" else 0.0
                self._tear()

    def close(self) -> None:
        """End."""
        self._ended.set()
        self._thread.join()
        self._tear()
        self._selector.close()
        self._listener.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            ready = self._selector.select(0.02)
            with self._lock:
                if self._tear_at is not None and time.monotonic() >= self._tear_at:
                    self._tear_at = None
                    self._tear()
                    continue
                for key, _ in ready:
                    pair: Pair | None = key.data
                    if pair is None:
                        self._accept()
                    elif pair in self._pairs:
                        self._forward(pair, pair.client if key.fileobj is pair.client else pair.broker)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            if time.monotonic() < self._gone_until:
                raise ConnectionRefusedError
            broker = socket.create_connection(("127.0.0.1", self._to), 5.0)
        except OSError:
            client.close()
            return
        pair = Pair(client, broker)
        self._pairs.append(pair)
        for end in (client, broker):
            self._selector.register(end, selectors.EVENT_READ, pair)

    def _forward(self, pair: Pair, end: socket.socket) -> None:
        other = pair.broker if end is pair.client else pair.client
        try:
            data = end.recv(PIECE)
            if pair.left is not None:
                data, pair.left = data[: pair.left], max(0, pair.left - len(data))
            swallowed = time.monotonic() < (self._deaf_until if end is pair.client else self._mute_until)
            if data and not swallowed:
                other.sendall(data)
        except OSError:
            data = b""
        if not data or pair.left == 0:
            self._drop(pair, torn=pair.left == 0)

    def _tear(self) -> None:
        while self._pairs:
            self._drop(self._pairs[-1], torn=True)

    def _drop(self, pair: Pair, *, torn: bool) -> None:
        self._pairs.remove(pair)
        for end in (pair.client, pair.broker):
            self._selector.unregister(end)
        pair.close(torn=torn)

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        with closing(self):
            pass
