"""What is published: made into packets, and on its way until the broker has answered for it."""

from collections.abc import Sequence
from itertools import cycle
from typing import Final

from gaugeway.mqtt.delivery import RETAIN
from gaugeway.mqtt.message import Message
from gaugeway.mqtt.packets import PUBLISH, PUBREC, Answer, release

PARTED: Final = 0x80
"""Length digits from here on are followed by another."""

NUMBERS: Final = range(0x8000, 0x10000)
"""The numbers of messages; paho counts its own packets, a few subscriptions, from 1 on."""

LARGEST: Final = 2**28 + 4
"""What the length of a packet can say at most, and what stands before it."""

REFUSED: Final = 0x80
"""Reason codes from here on are refusals."""

TOO_LARGE: Final = 0x95
"""The reason code by which a broker would end the connection over a packet that is larger than it allows."""

Answered = tuple[Message, int]
"""A message, and the reason code that the broker gave."""


class Outgoing:
    """Messages on their way: numbered, and kept until the broker's last word about them; knows no socket.

    Answers to what is not on its way are passed over. A message that makes a packet larger than `largest` is refused
    without asking the broker.
    """

    def __init__(self, *, properties: bool) -> None:
        self.largest = LARGEST
        self._properties = b"\0" if properties else b""
        self._numbers = cycle(NUMBERS)
        self._unanswered: dict[int, Message] = {}
        self._outcomes: list[Answered] = []

    def __len__(self) -> int:
        return len(self._unanswered)

    def packets(self, messages: Sequence[Message]) -> bytes:
        """Return what publishes these messages; those above QoS 0 are on their way from now on."""
        return b"".join(map(self._packet, messages))

    def take(self, answers: Sequence[Answer]) -> bytes:
        """Take in what the broker answers; return what is to be said to that: the second half of QoS 2."""
        releases = bytearray()
        for kind, number, code in answers:
            if number not in self._unanswered:
                continue
            if kind == PUBREC and code < REFUSED:
                releases += release(number)
            else:
                self._outcomes.append((self._unanswered.pop(number), code))
        return bytes(releases)

    def outcomes(self) -> list[Answered]:
        """Return the messages that were answered since the last call, each with the reason code."""
        found, self._outcomes = self._outcomes, []
        return found

    def _packet(self, message: Message) -> bytes:
        number = next(self._numbers) if message.qos else 0
        topic, name = message.topic.encode(), number.to_bytes(2) if number else b""
        body = b"".join((len(topic).to_bytes(2), topic, name, self._properties, message.payload))
        kind = PUBLISH | message.qos << 1 | (RETAIN if message.retain else 0)
        packet = b"".join((bytes((kind, *_digits(len(body)))), body))
        if len(packet) > self.largest:
            self._outcomes.append((message, TOO_LARGE))
            return b""
        if number:
            self._unanswered[number] = message
        return packet


def _digits(length: int) -> list[int]:
    """Return a length as MQTT writes it: seven bits to a byte, the lowest first."""
    digits: list[int] = []
    while length >= PARTED:
        digits.append(length % PARTED | PARTED)
        length //= PARTED
    return [*digits, length]
