"""From what the outbox kept to what is published: the last facts are added when a message is sent."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from gaugeway.mqtt import Message
from gaugeway_sinks.alert.event import Envelope, Event, unpack

LATE: Final = 10.0
"""What is sent so long after it was made is history."""

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class Dispatch:
    """Unpacks messages and remembers what was left out of the outbox, so that the next event can tell.

    The same messages may be asked for again after a failure; only `sent` says that they are through.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._boot = ""
        self._last_seq: int | None = None
        self._dropped = 0
        self._after: tuple[int | None, int] = (None, 0)

    def messages(self, packed: Iterable[bytes], now: float) -> list[Message]:
        """Return what to publish at this moment of the stream."""
        self._after = (self._last_seq, self._dropped)
        return list(self._unpacked(packed, now))

    def sent(self) -> None:
        """Take in that the last messages are through."""
        self._last_seq, self._dropped = self._after

    def _unpacked(self, packed: Iterable[bytes], now: float) -> Iterator[Message]:
        last, dropped = self._after
        for envelope in map(unpack, packed):
            late = now - envelope.made > LATE
            if envelope.seq:
                dropped += 0 if last is None else max(0, envelope.seq - last - 1)
                last = envelope.seq
            if not (late and envelope.fleeting):
                yield self._message(envelope, late=late, dropped=dropped)
                dropped = 0 if envelope.seq else dropped
            elif envelope.seq:
                dropped += 1
            self._after = (last, dropped)

    def _message(self, envelope: Envelope, *, late: bool, dropped: int) -> Message:
        payload = bytes(envelope.payload)
        if envelope.seq:
            event = msgspec.json.decode(payload, type=Event)
            event.historical = event.historical or late
            payload = self.stamped(event, dropped)
        return Message(f"{self._root}/{envelope.topic}", payload, envelope.qos)

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
