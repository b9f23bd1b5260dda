"""What was received and is not surely acknowledged: the account between a broker and who keeps the readings."""

from collections import deque
from collections.abc import Iterable

from gaugeway.mqtt.packets import Delivery, acknowledgement, completion

Receipt = tuple[int, int]
"""The number of a message, and the digest of its topic and payload."""

ACK_SIZE = 4


class Receipts:
    """Keeps account of the messages of one session, over as many connections as it takes; knows no socket.

    `take` notes a message that was handed on, `commit` says that all taken so far is safe, and `due` returns the
    acknowledgements that may be sent now, in the order of arrival. After an interruption (`resume`) the broker sends
    again what it got no acknowledgement for, whether none was sent or it was lost on the way: `seen` recognises what
    was taken before, and has it acknowledged as soon as it is safe. Messages of a process that died are made known
    with `recognise`; they have to be safe.
    """

    def __init__(self, memory: int) -> None:
        """Remember as many acknowledged messages as the broker may have on the way at once."""
        self._recent: deque[Receipt] = deque(maxlen=memory)
        self._unsafe: list[Receipt] = []
        self._told = 0
        self._half_way: dict[int, int] = {}
        self._known: dict[int, int] = {}
        self._known_unsafe: frozenset[int] = frozenset()
        self._waiting = bytearray()
        self._due = bytearray()

    @property
    def held(self) -> int:
        """How many messages of this connection wait for `commit`."""
        return len(self._waiting) // ACK_SIZE

    def take(self, delivery: Delivery, *, safe: bool = False) -> None:
        """Note a message; one that holds nothing to keep is `safe` at once, but waits its turn."""
        receipt = (delivery.mid, delivery.digest)
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
        if not session_present:
            self._recent.clear()
            self._unsafe.clear()
            self._told = 0
            self._half_way.clear()
        self._known = dict(self.unacknowledged())
        self._known_unsafe = frozenset(mid for mid, _ in self._unsafe)

    def unacknowledged(self) -> list[Receipt]:
        """Return all messages that the broker may send again although they were taken, the oldest first."""
        unsafe = frozenset(self._unsafe)
        return [*self._recent, *(receipt for receipt in self._half_way.items() if receipt not in unsafe), *self._unsafe]

    def news(self) -> list[Receipt]:
        """Return the messages taken since the last call and not committed yet: what a journal has to add."""
        found = self._unsafe[self._told :]
        self._told = len(self._unsafe)
        return found

    def recognise(self, receipts: Iterable[Receipt]) -> None:
        """Make known what an earlier process had taken and made safe; before the first connection."""
        self._recent.extend(receipts)

    def _remember(self, receipts: Iterable[Receipt]) -> None:
        if self._half_way:
            receipts = [receipt for receipt in receipts if receipt[0] not in self._half_way]
        self._recent.extend(receipts)
