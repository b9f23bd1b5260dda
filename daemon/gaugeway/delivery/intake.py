"""How bursts of readings are journaled on their way in, and come back exactly as they were."""

from collections.abc import Iterator
from typing import Final

import msgspec

from gaugeway.delivery.journal import Journal
from gaugeway.delivery.reserve import Reserve
from gaugeway.log import logger
from gaugeway.reading import Reading

log = logger(__name__)


class Entry(msgspec.Struct, array_like=True, gc=False):
    """What a source gave between two waits: its readings, the stream's time, whether a tick came after them.

    `note` is plain data that the source wants back after a restart, such as what it has not acknowledged yet.
    """

    readings: list[Reading]
    now: float
    tick: bool = False
    full: bool = False
    note: object = None


ENCODER: Final = msgspec.msgpack.Encoder()
DECODER: Final = msgspec.msgpack.Decoder(Entry)


class IntakeJournal:
    """A journal of entries, one record each: a replay shows the stages what they saw, at the times they saw it."""

    def __init__(self, journal: Journal, reserve: Reserve | None = None) -> None:
        self.journal = journal
        self._reserve = reserve

    def append(self, entry: Entry) -> int:
        """Keep an entry and return the position behind it.

        `JournalFullError` where the journal has reached its size, `OSError` where the disk takes nothing; that is so
        too while the reserve is spent, because the room that it made is not meant for readings.
        """
        if self._reserve is not None and self._reserve.spent:
            self._reserve.keep_out(self.journal.folder)
        return self.journal.append((ENCODER.encode(entry),))

    def replay(self, position: int) -> Iterator[tuple[int, Entry]]:
        """Yield the entries from `position` on, each with the position behind it."""
        for number, record in self.journal.read(position):
            try:
                entry = DECODER.decode(record)
            except msgspec.DecodeError as error:
                log.warning("journaled readings cannot be read", position=number, reason=str(error))
                continue
            yield number + 1, entry
