"""MQTT packets as a broker sends them, built by the letter of the standard."""

import select
import socket
from typing import Final, Self

PATIENCE: Final = 20.0
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
        self.heard = b""
        self._peer: socket.socket | None = None

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"mqtt://127.0.0.1:{self.port}"

    def accept(self) -> Self:
        """Take the next connection and hear what the client says first."""
        self.hang_up()
        self._listener.settimeout(PATIENCE)
        self._peer, _ = self._listener.accept()
        return self.hear()

    def is_called(self, seconds: float) -> bool:
        """Tell whether somebody connects within this time."""
        return bool(select.select([self._listener], [], [], seconds)[0])

    def hear(self) -> Self:
        """Hear what the client says next: `heard`, which is empty when it has closed the connection."""
        assert self._peer is not None
        self._peer.settimeout(PATIENCE)
        self.heard = self._peer.recv(65536)
        return self

    def say(self, *packets: bytes) -> Self:
        """Send."""
        assert self._peer is not None
        self._peer.sendall(b"".join(packets))
        return self

    def hang_up(self) -> Self:
        """Close the connection and go on listening."""
        if self._peer is not None:
            self._peer.close()
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        self._listener.close()
