"""MQTT packets as a broker sends them, built by the letter of the standard."""

import socket
from contextlib import closing
from typing import Final, Self

CONNACK_5: Final = bytes.fromhex("20 03 00 00 00")
CONNACK_311: Final = bytes.fromhex("20 02 00 00")


def publish(
    topic: bytes,
    payload: bytes,
    *,
    qos: int = 1,
    mid: int = 1,
    dup: bool = False,
    retain: bool = False,
    properties: bytes | None = b"",
) -> bytes:
    """Return a PUBLISH packet, of MQTT 5 where `properties` are given (they may be empty)."""
    body = len(topic).to_bytes(2) + topic
    if qos:
        body += mid.to_bytes(2)
    if properties is not None:
        body += length(len(properties)) + properties
    return bytes([0x30 | dup << 3 | qos << 1 | retain]) + length(len(body) + len(payload)) + body + payload


def length(count: int) -> bytes:
    """Return a length in the one to four bytes that it takes."""
    digits = bytearray()
    while True:
        count, digit = divmod(count, 128)
        digits.append(digit | 0x80 if count else digit)
        if not count:
            return bytes(digits)


class ScriptedBroker:
    """A listener that says what a test tells it to: for what no real broker can be made to say."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._peer: socket.socket | None = None

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"mqtt://127.0.0.1:{self.port}"

    def accept(self) -> bytes:
        """Take the next connection and return what the client says first."""
        if self._peer is not None:
            self._peer.close()
        self._listener.settimeout(20)
        self._peer, _ = self._listener.accept()
        return self.receive()

    def receive(self) -> bytes:
        """Return what the client says next, nothing when it has closed the connection."""
        assert self._peer is not None
        self._peer.settimeout(20)
        return self._peer.recv(65536)

    def say(self, *packets: bytes) -> None:
        """Send."""
        assert self._peer is not None
        self._peer.sendall(b"".join(packets))

    def hang_up(self) -> None:
        """Close the connection and go on listening."""
        assert self._peer is not None
        self._peer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with closing(self._listener):
            if self._peer is not None:
                self._peer.close()
