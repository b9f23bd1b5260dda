"""The bytes of MQTT that pass by the thousand: messages and what answers them; all other packets are left to paho."""

from collections.abc import Callable
from struct import Struct
from struct import error as TooShort  # noqa: N812 - it says what the error is
from typing import Final
from zlib import crc32

from gaugeway.mqtt.delivery import USUAL, Arrival, Delivery, Run

LARGEST_OTHER: Final = 1024 * 1024

SHAPES: Final = 1024
SHAPE_SIZE: Final = 5
"""How many bytes tell the lengths of a message: kind, a length of one or two bytes, the length of the topic."""

TOPICS: Final = 10_000
LONGEST_TOPIC: Final = 256
"""Of so many topics, and no longer ones, is remembered what they give to receipts."""

Shape = tuple[int, Callable[[bytes, int], tuple[bytes, int, int, bytes, bytes]]]
"""How long a message is, and what takes topic, number, properties and payload out of it, and how the next begins."""
BEHIND: Final = bytes(SHAPE_SIZE)
"""What stands for a beginning where there is no next message."""
COPIED: Final = 128 * 1024
"""No more bytes than this are copied to put that behind them."""
HEAD: Final[Callable[[bytes, int], tuple[int, int, int]]] = Struct(">BBH").unpack_from
"""What most messages begin with: kind and flags, a length of one byte, the length of the topic."""
ANSWER: Final = Struct(">BBH").pack
PUBLISH: Final = 0x30
PUBACK: Final = 0x40
PUBREC: Final = 0x50
PUBREL: Final = 0x60
PUBCOMP: Final = 0x70
ANSWERS: Final = frozenset({PUBACK, PUBREC, PUBREL, PUBCOMP})
PINGREQ: Final = b"\xc0\x00"
PINGRESP: Final = 0xD0

Answer = tuple[int, int, int]
"""What a broker says of a message that was published: PUBACK, PUBREC or PUBCOMP, the number, the reason code."""


class NotMqtt(ValueError):  # noqa: N818 - a handler reads `except NotMqtt`
    """The peer sends what no broker sends."""


class Seeds(dict[bytes, int]):
    """What topics give to the receipts of their messages; remembered, unless they are long, for a while."""

    def __missing__(self, topic: bytes) -> int:
        seed = crc32(topic) ^ len(topic)
        if len(topic) <= LONGEST_TOPIC:
            if len(self) >= TOPICS:
                self.clear()
            self[topic] = seed
        return seed


class Cutter:
    """Cuts what a broker sends into deliveries and the rest; knows no socket.

    Bytes go in through `feed` in pieces of any size. Complete PUBLISH packets come out in `deliveries`, what is said
    of published messages in `answers`, the numbers of PUBREL in `released`, and all other packets, complete, in
    `rest`; the answers to pings are counted in `pongs`. All but the deliveries is rare: `aside` tells that some of it
    came, until who looks after it sets that back. No more than `max_payload` bytes of one message are ever kept
    (and 128 where it is less).
    """

    def __init__(self, *, properties: bool, max_payload: int) -> None:
        self.deliveries: list[Arrival] = []
        self.rest = bytearray()
        self.released: list[int] = []
        self.answers: list[Answer] = []
        self.pongs = 0
        self.aside = False
        self._properties = properties
        self._max_payload = max_payload
        self._shapes: dict[bytes, Shape] = {}
        self._seeds = Seeds()
        self._parts: list[bytes] = []
        self._missing = 0
        self._skip = 0
        self._skipped: Delivery | None = None

    def feed(self, data: bytes) -> None:
        """Take in the next bytes; NotMqtt where they cannot be the next bytes of a broker."""
        if self._skip:
            data = self._skip_some(data)
        if self._parts:
            self._parts.append(data)
            if self._missing > len(data):
                self._missing -= len(data)
                return
            data = b"".join(self._parts)
            self._parts.clear()
            self._missing = 0
        try:
            done = self._cut(data)
        except IndexError:
            raise NotMqtt("a packet is shorter than its parts") from None
        if done < len(data):
            self._parts.append(data[done:] if done else data)

    def _cut(self, data: bytes) -> int:
        """Cut off all complete packets and return where the first incomplete one begins."""
        at, end = 0, len(data)
        tail = end - 3
        padded = data + BEHIND if end <= COPIED else data
        while at < tail:
            if data[at] == USUAL:
                at = self._cut_run(padded, at)
            done = self._cut_one(data, at) if at < tail else 0
            if not done:
                break
            at = done
        if tail <= at < end - 1 and (stop := at + 2 + data[at + 1]) <= end:
            self._pass_on(data[at:stop], 2)
            at = stop
        return at

    def _cut_run(self, data: bytes, at: int) -> int:
        """Cut off usual messages by the shapes that are known, and return where the last of them ends.

        Nearly all messages are usual ones, and of a few shapes. Each is taken out together with the beginning of the
        next; the very last is left alone unless `data` has some bytes more than came.
        """
        known, seeds, start = self._shapes.get, self._seeds, data[at : at + SHAPE_SIZE]
        topics: list[bytes] = []
        payloads: list[bytes] = []
        mids: list[int] = []
        receipts: list[int] = []
        try:
            while (shape := known(start)) is not None:
                topic, mid, extra, payload, start = shape[1](data, at)
                if extra or not mid:
                    break
                topics.append(topic)
                payloads.append(payload)
                mids.append(mid)
                receipts.append(mid << 32 | crc32(payload, seeds[topic]))
                at += shape[0]
        except TooShort:  # the last has not come whole
            pass
        if mids:
            self.deliveries.append(Run(topics, payloads, mids, receipts))
        return at

    def _cut_one(self, data: bytes, at: int) -> int:
        """Cut off one packet of any kind and return where it ends; 0 if it is not complete."""
        end, properties = len(data), self._properties
        head, length, size = HEAD(data, at)
        name, stop = at + 4, at + 2 + length
        if length > 127:
            name, stop = self._long(data, at)
            if not name:
                return 0
            if stop - name > self._max_payload and self._too_big(data, head, name, stop):
                return min(stop, end)
            size = data[name] << 8 | data[name + 1] if stop <= end else 0
            name += 2
        if stop > end:
            self._missing = stop - end if stop - name <= self._max_payload else 1
            return 0
        if head & 0xF0 != PUBLISH:
            self._pass_on(data[at:stop], name - 2 - at)
            return stop
        body, mid, extra = name + size, 0, 0
        topic = data[name:body]
        if head & 6:
            mid, body = data[body] << 8 | data[body + 1], body + 2
            if not mid or head & 6 == 6:
                raise NotMqtt("a message has no number, or a quality of service that does not exist")
        if properties:
            extra, body = data[body], body + 1
            if extra:
                _, body = self._long(data, body - 2)
        if not name <= body <= stop:
            raise NotMqtt("a message is shorter than its parts")
        payload = data[body:stop]
        receipt = mid << 32 | crc32(payload, self._seeds[topic]) if mid else 0
        self.deliveries.append(Delivery(topic, payload, head, receipt))
        if head == USUAL and not extra and name - at <= SHAPE_SIZE:
            self._learn(data[at : at + SHAPE_SIZE], name - at, size, len(payload))
        return stop

    def _learn(self, start: bytes, name: int, size: int, rest: int) -> None:
        """Remember how a message is cut that begins like this; as there is no end of shapes, forget them at times."""
        if len(self._shapes) >= SHAPES:
            self._shapes.clear()
        shape = Struct(f">{name}x{size}sH{'B' if self._properties else '0s'}{rest}s{SHAPE_SIZE}s")
        self._shapes[start] = shape.size - SHAPE_SIZE, shape.unpack_from

    def _skip_some(self, data: bytes) -> bytes:
        """Leave out what belongs to a message that is too big, and return what follows it."""
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        if not self._skip and self._skipped is not None:
            self.deliveries.append(self._skipped)
            self._skipped = None
        return data[skipped:]

    @staticmethod
    def _long(data: bytes, at: int) -> tuple[int, int]:
        """Return where what has its length after `at` begins and ends; zeros while the length is not complete."""
        length = shift = 0
        for place in range(at + 1, min(at + 5, len(data))):
            length |= (data[place] & 0x7F) << shift
            if data[place] < 0x80:
                return place + 1, place + 1 + length
            shift += 7
        if shift == 28:
            raise NotMqtt("a length has more than four bytes")
        return 0, 0

    def _too_big(self, data: bytes, head: int, start: int, stop: int) -> bool:
        """Begin to skip a message that is over the limit; tell whether it is one and enough of it is there to know."""
        if head & 0xF0 != PUBLISH:
            if stop - start > LARGEST_OTHER:
                raise NotMqtt("a packet that is no message has more than 1 MiB")
            return False
        end, name = len(data), start + 2
        topic_end = name + (data[start] << 8 | data[start + 1]) if end >= name else end + 1
        body = topic_end + 2 if head & 6 else topic_end
        if body > end or stop - body <= self._max_payload:
            return False
        mid = data[topic_end] << 8 | data[topic_end + 1] if head & 6 else 0
        topic = data[name:topic_end]
        receipt = mid << 32 | crc32(b"%d" % (stop - body), crc32(topic)) if mid else 0
        delivery = Delivery(topic, b"", head, receipt, whole=False)
        if stop > end:
            self._skip, self._skipped = stop - end, delivery
        else:
            self.deliveries.append(delivery)
        return True

    def _pass_on(self, packet: bytes, at: int) -> None:
        """Leave a packet to paho, unless it is about a message: then its number stands at `at`."""
        self.aside = True
        kind = packet[0] & 0xF0
        if kind not in ANSWERS:
            self.pongs += kind == PINGRESP
            self.rest += packet
            return
        number, code = packet[at] << 8 | packet[at + 1], packet[at + 2] if len(packet) > at + 2 else 0
        if kind == PUBREL:
            self.released.append(number)
        else:
            self.answers.append((kind, number, code))


def acknowledgement(delivery: Delivery) -> bytes:
    """Return what tells the broker that a message has arrived: PUBACK at QoS 1, PUBREC at QoS 2."""
    return ANSWER(PUBACK if delivery.head & 6 == 2 else PUBREC, 2, delivery.mid)


def completion(mid: int) -> bytes:
    """Return the last word about a QoS 2 message: PUBCOMP."""
    return ANSWER(PUBCOMP, 2, mid)


def release(mid: int) -> bytes:
    """Return what lets go of a QoS 2 message that the broker has received: PUBREL."""
    return ANSWER(PUBREL | 2, 2, mid)
