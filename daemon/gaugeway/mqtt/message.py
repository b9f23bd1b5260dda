"""A message that is to be published."""

from typing import Final, Literal

import msgspec

from gaugeway.mqtt.text import fits

SHOWN: Final = 80


class Message(msgspec.Struct, frozen=True, array_like=True):
    """What is published where. `pack` makes the bytes that an outbox keeps, `unpack` makes the message of them."""

    topic: str
    payload: bytes
    qos: Literal[0, 1, 2] = 1
    retain: bool = False

    def __post_init__(self) -> None:
        if not self.topic or not fits(self.topic) or not {"+", "#"}.isdisjoint(self.topic):
            raise ValueError(f"nothing can be published to the topic {self.topic[:SHOWN]!r}")

    def pack(self) -> bytes:
        """Return this message as bytes."""
        return msgspec.msgpack.encode(self)

    @staticmethod
    def unpack(packed: bytes) -> "Message":
        """Return the message that `pack` made these bytes of."""
        return msgspec.msgpack.decode(packed, type=Message)
