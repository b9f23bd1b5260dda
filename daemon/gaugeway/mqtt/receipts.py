"""What was received and is not surely acknowledged: the account between a broker and who keeps the readings."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from operator import length_hint
from struct import pack
from typing import TypeVar

from gaugeway.mqtt.delivery import USUAL, Delivery, Run
from gaugeway.mqtt.packets import PINGREQ, acknowledgement, completion

T = TypeVar("T")

Begun = tuple[int, int]
"""The receipt of a message that was handed on in part only, and how much of it was."""
Receipt = int | Begun
"""What tells a message from others (`Delivery.receipt`); thousands of them are kept, so most are a number each."""

MOST_UNSURE = 10_000
"""A broker that sends more than this before it reads one acknowledgement is no reason to need ever more memory."""
PUBACK = int.from_bytes(acknowledgement(Delivery(b"", b"", USUAL)))
"""The acknowledgement of a usual message, as a number to which that of the message is added."""
QOS_2 = int.from_bytes(acknowledgement(Delivery(b"", b"", 0x34))) - PUBACK
"""What is added to the number of a message at QoS 2 while it waits: its acknowledgement is of another kind."""


class Receipts:
    """Keeps account of the messages of one session, over as many connections as it takes; knows no socket.

    `follow` notes usual messages as they are handed on, `take` any other; `commit` says that all taken so far is safe,
    and `due` returns the acknowledgements that may be sent now (what is `ready`), in the order of arrival. After an
    interruption (`resume`) the broker sends again what it got no acknowledgement for, whether none was sent or it was
    lost on the way: `seen` recognises what was taken before, and has it acknowledged as soon as it is safe. Messages of
    a process that died are made known with `recognise`.

    That an acknowledgement was sent does not say that the broker has read it, and a busy one may send thousands of
    messages before it does. So `due` adds a ping from time to time: once that is `answered`, the broker has read what
    was sent before. What is not sure in this way is remembered up to `most_unsure` messages, of the rest the last
    `memory`, for brokers that forget what they have read when they crash.
    """

    def __init__(self, memory: int, most_unsure: int = MOST_UNSURE) -> None:
        self._most_unsure = most_unsure
        self.ready = bytearray()
        self._recent: deque[int] = deque(maxlen=memory)
        self._former: list[int] = []
        self._asked: list[int] | None = None
        self._acknowledged: list[int] = []
        self._unsafe: list[int] = []
        self._unsafe_before = 0
        self._caught_up = False
        self._told = 0
        self._half_way: dict[int, int] = {}
        self._known: dict[int, int] = {}
        self._known_unsafe: frozenset[int] = frozenset()
        self._parts: tuple[Delivery, int, Iterator[object]] | None = None
        self._begun: Begun | None = None
        self._waiting: list[int] = []
        self._turn: Iterator[object] = iter(())
        self._followed: Run | None = None
        self._noted = 0
        self._until = 0

    @property
    def unsure(self) -> int:
        """How many messages were taken of which it is not sure that the broker knows that, at most.

        They are counted in the order in which they move on, so that none is missed that does meanwhile.
        """
        open_ones = len(self._unsafe) + len(self._half_way)
        return open_ones + len(self._acknowledged) + len(self._former) + len(self._asked or ())

    @property
    def held(self) -> int:
        """How many messages of this connection wait for `commit`."""
        if self._followed is not None:
            self._note()
        return len(self._waiting)

    def follow(self, run: Run, start: int, content: Sequence[T]) -> Iterator[T]:
        """Return one after the other what the messages of a run hold, from `start` on: who asks for it hands it on.

        This costs nothing for each of them, because how far the iterator has come is looked up when it matters.
        """
        if self._followed is not None:
            self._note()
        turn = iter(content)
        self._turn, self._followed, self._noted, self._until = turn, run, start, start + len(content)
        return turn

    def take(self, delivery: Delivery, *, safe: bool = False) -> None:
        """Note a message; one that holds nothing to keep is `safe` at once, but waits its turn."""
        self._note()
        receipt = delivery.receipt
        self._parts = None
        self._caught_up = self._caught_up or not delivery.again
        if delivery.head & 4:
            self._half_way[delivery.mid] = receipt
        if safe and not self._waiting:
            self.ready += acknowledgement(delivery)
            self._acknowledged += self._settled([receipt])
        else:
            self._unsafe.append(receipt)
            self._keep_waiting(delivery)

    def seen(self, delivery: Delivery) -> bool:
        """Tell whether this comes again and was taken before; then it is not to be taken a second time."""
        mid = delivery.mid
        if not delivery.again or self._known.get(mid) != delivery.receipt:
            return False
        if delivery.head & 4:
            self._half_way[mid] = delivery.receipt
        self._note()
        if mid in self._known_unsafe or self._waiting:
            self._keep_waiting(delivery)
        else:
            self.ready += acknowledgement(delivery)
        return True

    def hand_on(self, delivery: Delivery, count: int, rest: Iterator[object]) -> None:
        """Note that a message is handed on in parts: `count` of them, of which `rest` is still to come, and a last one.

        Before the last one it is to be taken.
        """
        self._parts = delivery, count, rest

    def begun(self, delivery: Delivery) -> int:
        """Return how many parts of a message that comes again were handed on before."""
        receipt, parts = self._begun or (0, 0)
        return parts if delivery.again and receipt == delivery.receipt else 0

    def commit(self) -> None:
        """Everything taken so far is safe."""
        self._note()
        self._former += self._settled(self._unsafe[: self._unsafe_before])
        self._acknowledged += self._settled(self._unsafe[self._unsafe_before :])
        self._unsafe.clear()
        self._told = self._unsafe_before = 0
        self._bound()
        self._known_unsafe = frozenset()
        self.ready += pack(f">{len(self._waiting)}I", *[PUBACK + mid for mid in self._waiting])
        self._waiting.clear()

    def due(self) -> bytes:
        """Return the acknowledgements to be sent now, each a single time; behind them a ping, if none is on the way."""
        self._note()
        found = bytes(self.ready)
        self.ready.clear()
        if not found or self._asked is not None:
            return found
        self._asked, self._acknowledged = self._acknowledged, []
        if self._caught_up and not self._waiting:  # all that was to come again has come, and its answer is sent
            self._asked, self._former = self._former + self._asked, []
        return found + PINGREQ

    def answered(self) -> None:
        """Take in that the broker has answered a ping."""
        self._recent.extend(self._asked or ())
        self._asked = None

    def release(self, mids: Iterable[int]) -> None:
        """Take in that the broker let go of QoS 2 messages: their numbers will stand for others."""
        for mid in mids:
            self._half_way.pop(mid, None)
            self.ready += completion(mid)

    def resume(self, *, session_present: bool) -> None:
        """Begin with a new connection: to the same session, or to a new one that has nothing to do with the old."""
        self._note()
        self._waiting.clear()
        self.ready.clear()
        self._begun, self._parts = self._part() or self._begun, None
        self._former = [*self._former, *(self._asked or ()), *self._acknowledged]
        self._asked, self._acknowledged, self._caught_up = None, [], False
        if not session_present:
            self._recent.clear()
            self._former.clear()
            self._unsafe.clear()
            self._told = 0
            self._half_way.clear()
            self._begun = None
        self._unsafe_before = len(self._unsafe)
        self._known = {receipt >> 32: receipt for receipt in self._taken()}
        self._known_unsafe = frozenset(receipt >> 32 for receipt in self._unsafe)

    def unacknowledged(self) -> list[Receipt]:
        """Return all messages that the broker may send again although they were taken, the oldest first."""
        self._note()
        begun = self._part() or self._begun
        return [*self._taken(), *([begun] if begun else [])]

    def news(self) -> list[Receipt]:
        """Return what was taken, or begun, since the last call and not committed yet: what a journal has to add."""
        if self._followed is not None:
            self._note()
        found: list[Receipt] = [*self._unsafe[self._told :]]
        self._told = len(self._unsafe)
        if self._parts is not None and (begun := self._part()) is not None:
            found.append(begun)
        return found

    def recognise(self, receipts: Iterable[Receipt]) -> None:
        """Make known what an earlier process had taken, in that order; before the first connection.

        It is not acknowledged before the next `commit`.
        """
        self._begun = None
        for receipt in receipts:
            if isinstance(receipt, int):
                self._begun = None
                self._unsafe.append(receipt)
            else:
                self._begun = receipt
        self._told = len(self._unsafe)

    def _note(self) -> None:
        """Take in what was handed on since the last look; after the last message there is nothing more to look for."""
        run, noted = self._followed, self._noted
        if run is None:
            return
        left = length_hint(self._turn)
        come = self._until - left
        if come > noted:
            self._noted = come
            self._caught_up = True
            self._unsafe += run.receipts[noted:come]
            self._waiting += run.mids[noted:come]
        if not left:
            self._followed = None

    def _keep_waiting(self, delivery: Delivery) -> None:
        """Acknowledge a message with the next `commit`."""
        self._waiting.append(delivery.mid + QOS_2 if delivery.head & 4 else delivery.mid)

    def _taken(self) -> list[int]:
        """Return all that was taken and may come again, the oldest first."""
        unsafe = frozenset(self._unsafe)
        half_way = [receipt for receipt in self._half_way.values() if receipt not in unsafe]
        return [*self._recent, *self._former, *(self._asked or ()), *self._acknowledged, *half_way, *self._unsafe]

    def _part(self) -> Begun | None:
        """Return the message that was handed on in part only, if there is one."""
        if self._parts is None:
            return None
        delivery, count, rest = self._parts
        done = count - length_hint(rest)
        return (delivery.receipt, done) if done else None

    def _bound(self) -> None:
        """Take the oldest for sure where too much is not."""
        for kept in (self._former, self._asked or [], self._acknowledged):
            surplus = max(0, self.unsure - len(self._half_way) - self._most_unsure)
            self._recent.extend(kept[:surplus])
            del kept[:surplus]

    def _settled(self, receipts: list[int]) -> list[int]:
        """Return those of which nothing more is to come; the others are half way through QoS 2."""
        half_way = self._half_way
        return [receipt for receipt in receipts if receipt >> 32 not in half_way] if half_way else receipts
