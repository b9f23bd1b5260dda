"""From what the outbox kept to what is published: the last facts are added when a message is sent."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from gaugeway import Reading
from gaugeway.mqtt import Message
from gaugeway_sinks.alarms.alarm.event import Event
from gaugeway_sinks.alarms.post.envelope import Envelope, unpack

LATE: Final = 10.0
"""What is sent so long after it was made is history."""

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class Turns(msgspec.Struct):
    """The last turn of one sort of events, and how many were lost or left out since one was sent."""

    last: int | None = None
    dropped: int = 0

    def take(self, turn: int) -> None:
        """Count what is missing before this turn."""
        if self.last is not None:
            self.dropped += max(0, turn - self.last - 1)
        self.last = turn


class Dispatch:
    """Unpacks messages, and remembers what the outbox let go of, so that the next event can tell.

    The same messages may be asked for again after a failure; only `sent` says that they are through.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._boot = ""
        self._turns = (Turns(), Turns())
        self._after = self._turns

    def messages(self, packed: Iterable[bytes], now: float) -> list[Message]:
        """Return what to publish at this moment of the stream."""
        self._after = (replace(self._turns[0]), replace(self._turns[1]))
        return list(self._unpacked(packed, now))

    def sent(self) -> None:
        """Take in that the last messages are through."""
        self._turns = self._after

    def _unpacked(self, packed: Iterable[bytes], now: float) -> Iterator[Message]:
        for item in map(unpack, packed):
            if isinstance(item, Reading):
                yield Message(f"{self._root}/sensor/{item.sensor}/state", msgspec.json.encode(item), 1)
            elif not item.turn:
                yield Message(f"{self._root}/{item.topic}", bytes(item.payload), 1)
            else:
                yield from self._event(item, late=now - item.made > LATE)

    def _event(self, envelope: Envelope, *, late: bool) -> Iterator[Message]:
        turns = self._after[envelope.fleeting]
        turns.take(envelope.turn)
        if late and envelope.fleeting:
            turns.dropped += 1
            return
        event = msgspec.json.decode(envelope.payload, type=Event)
        event.historical = event.historical or late
        yield Message(f"{self._root}/{envelope.topic}", self.stamped(event, turns.dropped), 1)
        turns.dropped = 0

    def stamped(self, event: Event, dropped: int = 0) -> bytes:
        """Return an event or snapshot as JSON, with what is known only when it is sent."""
        event.boot = self._boot = self._boot or boot()
        event.uptime_ms = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        event.dropped_before = dropped
        return msgspec.json.encode(event)


def boot() -> str:
    """Return what tells this start of the machine from any other, in four characters."""
    try:
        return BOOT_ID.read_text()[:4]
    except OSError:
        return "????"
