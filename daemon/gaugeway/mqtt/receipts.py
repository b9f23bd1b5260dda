"""What was received and is not surely acknowledged: the account between a broker and who keeps the readings."""

from collections import deque
from collections.abc import Iterable, Iterator
from operator import length_hint

from gaugeway.mqtt.packets import Delivery, acknowledgement, completion

Receipt = tuple[int, int, int]
"""The number of a message, the digest of its topic and payload, and how much of it was handed on: 0 is all."""

ACK_SIZE = 4


class Receipts:
    """Keeps account of the messages of one session, over as many connections as it takes; knows no socket.

    `take` notes a message that was handed on, `commit` says that all taken so far is safe, and `due` returns the
    acknowledgements that may be sent now, in the order of arrival. After an interruption (`resume`) the broker sends
    again what it got no acknowledgement for, whether none was sent or it was lost on the way: `seen` recognises what
    was taken before, and has it acknowledged as soon as it is safe. Messages of a process that died are made known
    with `recognise`.
    """

    def __init__(self, memory: int) -> None:
        """Remember as many acknowledged messages as the broker may have on the way at once."""
        self._recent: deque[Receipt] = deque(maxlen=memory)
        self._unsafe: list[Receipt] = []
        self._told = 0
        self._half_way: dict[int, int] = {}
        self._known: dict[int, int] = {}
        self._known_unsafe: frozenset[int] = frozenset()
        self._parts: tuple[Delivery, int, Iterator[object]] | None = None
        self._begun: Receipt | None = None
        self._waiting = bytearray()
        self._due = bytearray()

    @property
    def held(self) -> int:
        """How many messages of this connection wait for `commit`."""
        return len(self._waiting) // ACK_SIZE

    def take(self, delivery: Delivery, *, safe: bool = False) -> None:
        """Note a message; one that holds nothing to keep is `safe` at once, but waits its turn."""
        receipt = (delivery.mid, delivery.digest, 0)
        self._parts = None
        if delivery.head & 4:
            self._half_way[delivery.mid] = delivery.digest
        if safe and not self._waiting:
            self._due += acknowledgement(delivery)
            self._remember((receipt,))
        else:
            self._waiting += acknowledgement(delivery)
            self._unsafe.append(receipt)

    def seen(self, delivery: Delivery) -> bool:
        """Tell whether this comes again and was taken before; then it is not to be taken a second time."""
        mid = delivery.mid
        if not delivery.again or self._known.get(mid) != delivery.digest:
            return False
        if delivery.head & 4:
            self._half_way[mid] = delivery.digest
        if mid in self._known_unsafe or self._waiting:
            self._waiting += acknowledgement(delivery)
        else:
            self._due += acknowledgement(delivery)
        return True

    def hand_on(self, delivery: Delivery, count: int, rest: Iterator[object]) -> None:
        """Note that a message is handed on in parts: `count` of them, of which `rest` is still to come, and a last one.

        Before the last one it is to be taken.
        """
        self._parts = delivery, count, rest

    def begun(self, delivery: Delivery) -> int:
        """Return how many parts of a message that comes again were handed on before."""
        mid, digest, parts = self._begun or (0, 0, 0)
        return parts if delivery.again and (mid, digest) == (delivery.mid, delivery.digest) else 0

    def commit(self) -> None:
        """Everything taken so far is safe."""
        self._remember(self._unsafe)
        self._unsafe.clear()
        self._told = 0
        self._known_unsafe = frozenset()
        self._due += self._waiting
        self._waiting.clear()

    def due(self) -> bytes:
        """Return the acknowledgements to be sent now; each is returned once."""
        found = bytes(self._due)
        self._due.clear()
        return found

    def release(self, mids: Iterable[int]) -> None:
        """Take in that the broker let go of QoS 2 messages: their numbers will stand for others."""
        for mid in mids:
            self._half_way.pop(mid, None)
            self._due += completion(mid)

    def resume(self, *, session_present: bool) -> None:
        """Begin with a new connection: to the same session, or to a new one that has nothing to do with the old."""
        self._waiting.clear()
        self._due.clear()
        self._begun, self._parts = self._part() or self._begun, None
        if not session_present:
            self._recent.clear()
            self._unsafe.clear()
            self._told = 0
            self._half_way.clear()
            self._begun = None
        self._known = {mid: digest for mid, digest, parts in self.unacknowledged() if not parts}
        self._known_unsafe = frozenset(mid for mid, _, _ in self._unsafe)

    def unacknowledged(self) -> list[Receipt]:
        """Return all messages that the broker may send again although they were taken, the oldest first."""
        half_way = ((mid, digest, 0) for mid, digest in self._half_way.items())
        begun, unsafe = self._part() or self._begun, frozenset(self._unsafe)
        safe = [*self._recent, *(receipt for receipt in half_way if receipt not in unsafe)]
        return [*safe, *self._unsafe, *([begun] if begun else [])]

    def news(self) -> list[Receipt]:
        """Return what was taken, or begun, since the last call and not committed yet: what a journal has to add."""
        found, begun = self._unsafe[self._told :], self._part()
        self._told = len(self._unsafe)
        return [*found, begun] if begun else found

    def recognise(self, receipts: Iterable[Receipt]) -> None:
        """Make known what an earlier process had taken, in that order; before the first connection.

        It is not acknowledged before the next `commit`.
        """
        self._begun = None
        for receipt in receipts:
            self._begun = receipt if receipt[2] else None
            if self._begun is None:
                self._unsafe.append(receipt)
        self._told = len(self._unsafe)

    def _part(self) -> Receipt | None:
        """Return the message that was handed on in part only, if there is one."""
        if self._parts is None:
            return None
        delivery, count, rest = self._parts
        done = count - length_hint(rest)
        return (delivery.mid, delivery.digest, done) if done else None

    def _remember(self, receipts: Iterable[Receipt]) -> None:
        if self._half_way:
            receipts = [receipt for receipt in receipts if receipt[0] not in self._half_way]
        self._recent.extend(receipts)
