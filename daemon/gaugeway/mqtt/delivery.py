"""What a broker delivers: one message, and many usual ones at a time."""

from collections.abc import Iterable
from typing import Final

import msgspec

RETAIN: Final = 0x01
DUP: Final = 0x08
USUAL: Final = 0x32
"""How a new message at QoS 1 begins."""


class Delivery(msgspec.Struct, gc=False, frozen=True):
    """One message from the broker, as its PUBLISH packet brought it.

    By its `receipt` a redelivery is told from a new message; it is the packet's number, `mid`, above 32 bits that
    stand for topic and payload, or 0 at QoS 0. Some brokers use the same few numbers again and again, so those bits
    have to tell `121` from `202`, which a quicker sum like Adler-32 does not. A message over the limit is not
    `whole`: it comes without its payload.
    """

    topic: bytes
    payload: bytes
    head: int
    receipt: int = 0
    whole: bool = True

    @property
    def mid(self) -> int:
        """The packet's number, 0 at QoS 0."""
        return self.receipt >> 32

    @property
    def qos(self) -> int:
        """The quality of service it came with."""
        return self.head >> 1 & 3

    @property
    def again(self) -> bool:
        """Whether the broker says that it sent this before."""
        return bool(self.head & DUP)

    @property
    def retained(self) -> bool:
        """Whether it is the broker's stored copy, of unknown age, and not a message as it is published."""
        return bool(self.head & RETAIN)


class Run(msgspec.Struct, gc=False, frozen=True):
    """Usual messages, new and at QoS 1, as they came one behind the other: what each of them says, in columns.

    They are most of all messages, and who handles them together does not need a `Delivery` for each.
    """

    topics: list[bytes]
    payloads: list[bytes]
    mids: list[int]
    receipts: list[int]

    def delivery(self, at: int) -> Delivery:
        """Return one of the messages by itself."""
        return Delivery(self.topics[at], self.payloads[at], USUAL, self.receipts[at])


Arrival = Run | Delivery


def one_by_one(arrivals: Iterable[Arrival]) -> list[Delivery]:
    """Return each message by itself."""
    found: list[Delivery] = []
    for arrival in arrivals:
        found += map(arrival.delivery, range(len(arrival.mids))) if isinstance(arrival, Run) else (arrival,)
    return found
