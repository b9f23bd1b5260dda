"""Messages on their way: each is kept until it is acknowledged, and is not sent twice because of a crash."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from gaugeway.delivery.files import Files
from gaugeway.delivery.journal import Journal
from gaugeway.delivery.marker import MARKER, Marker
from gaugeway.delivery.memory import MemoryLog
from gaugeway.errors import DeviceError
from gaugeway.log import logger

log = logger(__name__)


class Taker(Protocol):
    """Takes records in order: the reader of a journal or of what stands in for it."""

    position: int

    def take(self, limit: int) -> list[tuple[int, bytes]]:
        """Return up to `limit` records, each with its position, and step over them."""
        ...

    def seek(self, position: int) -> None:
        """Go on at another place."""
        ...

    def close(self) -> None:
        """Give back what is open."""
        ...


class Lane:
    """One queue of messages: a journal, how far it was delivered, and what is being delivered just now.

    After a crash the same messages are put once more, from the position of the last checkpoint on (`resume`). They
    are compared with what the journal holds: what is there already, sent or not, is not added again. The first
    message that is not there ends this; what stands behind the last known one and was not sent yet is taken back.
    """

    def __init__(self, log: Journal | MemoryLog, marker: Marker | None = None, *, sparse: bool = False) -> None:
        self.log = log
        self.sparse = sparse
        self.acknowledged = max(log.start, marker.position if marker else 0)
        self.hand: list[tuple[int, bytes]] = []
        self._marker = marker
        self._reader: Taker = log.reader(self.acknowledged)
        self._untaken = self._count()
        self._cursor = log.end
        self._known: Taker | None = None
        self._settled: int | None = None
        self._elsewhere = 0

    @classmethod
    def in_folder(cls, folder: Path, size: int, *, files: Files | None = None, sparse: bool = False) -> "Lane":
        """Return a lane that outlasts the process."""
        marker = Marker(folder / MARKER, files)
        return cls(Journal(folder, size=size, floor=marker.position, files=files), marker, sparse=sparse)

    @property
    def position(self) -> int:
        """What a checkpoint has to remember: everything before it has been put."""
        return self.log.end if self._known is None else self._cursor

    @property
    def waiting(self) -> int:
        """How many messages are not delivered yet."""
        return len(self.hand) + self._untaken

    def resume(self, position: int) -> None:
        """Expect the messages from `position` on to be put once more."""
        if position > self.log.end:
            self.log.cut(position)
        self._settled = position
        self.expect(position)

    def put(self, messages: Sequence[bytes], *, sync: bool = False) -> None:
        """Keep messages, on disk for certain if `sync`.

        After an error they do not count as put, and putting the same messages again does not double them.
        """
        before = self.position
        if self._marker:
            self._marker.prepare()
        try:
            new = self._unknown(messages) if self._known else messages
            self.log.append(new)
            self._untaken += len(new)
            if sync:
                self.log.sync()
        except (DeviceError, OSError):
            self.expect(before)
            raise

    def expect(self, position: int) -> None:
        """Take the messages that are put next for those that stand at `position` already, until one differs."""
        if self._known is not None:
            self._known.close()
        self._cursor = position
        self._known = self.log.reader(position) if position < self.log.end else None

    def take(self, limit: int, *, durable: bool = False) -> list[bytes]:
        """Return the next messages, the same ones until they are acknowledged; `durable`: only what is on disk."""
        if not self.hand:
            if self._reader.position < self.log.end:
                if durable and self.log.synced < self.log.end:
                    self.log.sync()
                self.hand = self._reader.take(limit)
            self._untaken = max(0, self._untaken - len(self.hand)) if self.hand else 0
        return [message for _, message in self.hand[:limit]]

    def acknowledge(self, count: int) -> None:
        """Take note that the first `count` messages that were taken have arrived."""
        self.acknowledged = self.hand[count - 1][0] + 1
        del self.hand[:count]
        if self._marker:
            self._marker.put(self.acknowledged)
        self._trim()

    def settle(self, position: int) -> None:
        """Forget what was delivered before `position`, which a checkpoint remembers now."""
        self._settled = position
        self._trim()

    def skip_to(self, position: int) -> None:
        """Forget what stands before `position`, which has its place somewhere else now."""
        if self.log.end < position:
            self.log.cut(position)
        self.log.trim(position)
        self._elsewhere = position
        self._untaken = self._count()

    def add(self, messages: Sequence[bytes], end: int) -> None:
        """Put messages at the last positions before `end`, which lies behind all that is there."""
        self.log.cut(end - len(messages))
        self.log.append(messages)
        self._untaken += len(messages)

    def untaken(self, until: int) -> list[bytes]:
        """Return the messages before `until` that nobody has taken yet."""
        reader = self.log.reader(max(self._reader.position, self.log.start))
        try:
            found: list[bytes] = []
            while batch := [message for number, message in reader.take(256) if number < until]:
                found += batch
            return found
        finally:
            reader.close()

    def drop_oldest(self) -> int:
        """Free the oldest part; return how many messages are lost with it. Those being delivered are not."""
        end = self.log.oldest()
        lost = len(self.untaken(end)) if self.sparse else max(0, end - max(self._reader.position, self.log.start))
        self.log.drop_oldest(1)
        self._untaken -= lost
        return lost

    def close(self) -> None:
        """Give back what is open."""
        for part in (self._reader, self._known, self._marker, self.log):
            if part is not None:
                part.close()

    def _count(self) -> int:
        """Return how many messages nobody has taken yet."""
        if self.sparse:
            return len(self.untaken(self.log.end))
        return max(0, self.log.end - max(self._reader.position, self.log.start))

    def _trim(self) -> None:
        try:
            self.log.trim(self.acknowledged if self._settled is None else min(self.acknowledged, self._settled))
        except OSError as error:
            log.warning("could not remove what was delivered", reason=str(error))

    def _unknown(self, messages: Sequence[bytes]) -> Sequence[bytes]:
        """Return what of these messages is new; step over those that the journal holds already."""
        for index, message in enumerate(messages):
            if not self._knows(message):
                self._forget_known()
                return messages[index:]
        if self._cursor >= self.log.end:
            self.expect(self.log.end)
        return ()

    def _knows(self, message: bytes) -> bool:
        """Tell whether the journal holds this message from here on, and step over it."""
        if self._cursor < self._elsewhere:
            self._cursor += 1
            return True
        while self._known and (taken := self._known.take(1)):
            position, known = taken[0]
            if known == message and position >= self._cursor:
                self._cursor = position + 1
                return True
        return False

    def _forget_known(self) -> None:
        """From here on everything is new: take back what is not on its way yet."""
        end = max(self._cursor, self._reader.position)
        if end < self.log.end:
            self._untaken -= self.log.end - end
            self.log.cut(end)
            self._reader.seek(self._reader.position)
        self.expect(self.log.end)
