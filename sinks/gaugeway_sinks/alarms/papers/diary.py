"""What happened last, also before a restart: the latest events in one small file of the state folder."""

from collections import deque
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from gaugeway_sinks.alarms.alarm.event import Event
from gaugeway_sinks.alarms.papers.scroll import Scroll

MOST: Final = 500


class Identity(msgspec.Struct):
    """Of an event that was written down, what tells it from all others."""

    id: str


class Diary:
    """Writes events down as they happen, a line each.

    What a replay after a crash brings once more is there already, and is known by its identity.
    """

    def __init__(self, file: Path) -> None:
        self._scroll = Scroll(file, MOST)
        self._ids: deque[str] | None = None

    def add(self, events: Sequence[Event]) -> list[Event]:
        """Write events down, and return them, those that are not there yet."""
        known = self._known
        new = [event for event in events if event.id not in known]
        known.extend(event.id for event in new)
        self._scroll.add([msgspec.json.encode(event) for event in new])
        return new

    def latest(self, most: int) -> list[dict[str, object]]:
        """Return up to so many of the latest events, the oldest first; what is no event is passed over."""
        lines = (line for line in reversed(self._scroll.lines) if _identity(line) is not None)
        return [msgspec.json.decode(line, type=dict[str, object]) for line in islice(lines, max(0, most))][::-1]

    def sync(self) -> None:
        """Make it last."""
        self._scroll.sync()

    @property
    def _known(self) -> deque[str]:
        if self._ids is None:
            found = (identity for line in self._scroll.lines if (identity := _identity(line)) is not None)
            self._ids = deque(found, maxlen=MOST)
        return self._ids


def _identity(line: bytes) -> str | None:
    try:
        return msgspec.json.decode(line, type=Identity).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
