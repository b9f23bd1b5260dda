"""From events to what an outbox keeps: numbered for one way out, and in a flood withheld there."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from gaugeway_sinks.alarms.alarm.bursts import Bursts
from gaugeway_sinks.alarms.alarm.event import OPERATORS, Told
from gaugeway_sinks.alarms.panel.view import View
from gaugeway_sinks.alarms.post.envelope import Envelope, pack

FLOOD_TIME: Final = 60.0


class Posted(msgspec.Struct, omit_defaults=True):
    """What is remembered of it over a restart."""

    turns: tuple[int, int] = (0, 0)
    flooding: bool = False
    raises: list[float] = []
    withheld: int = 0


class Post:
    """Packs the events of one way out. With `flood`, more raises than this in a minute are not told one by one."""

    def __init__(self, flood: int | None = None) -> None:
        self.withheld = 0
        self._flood = None if flood is None else Bursts(flood, FLOOD_TIME)
        self._turns = [0, 0]

    @property
    def flooding(self) -> bool:
        """Whether there is a flood."""
        return self._flood is not None and self._flood.bursting

    def collect(self, view: View) -> list[bytes]:
        """Return what a view has for its sink; of what it had to let go of, the next event can tell."""
        self._turns[False] += view.lost
        view.lost = 0
        return self.pack(view.take())

    def pack(self, told: Iterable[Told]) -> list[bytes]:
        """Return the events that are told one by one, each as a message."""
        return [self._packed(one) for one in self._let_through(told)]

    def ended(self, now: float) -> bool:
        """Tell, once, that a flood is over."""
        return self._flood is not None and self._flood.ended(now)

    def save(self) -> Posted:
        """Return what has to be remembered."""
        flood = self._flood or Bursts(0, FLOOD_TIME)
        return Posted((self._turns[0], self._turns[1]), flood.bursting, flood.recent, self.withheld)

    def restore(self, posted: Posted) -> None:
        """Take it back."""
        self._turns = list(posted.turns)
        self.withheld = posted.withheld
        if self._flood is not None:
            self._flood.bursting, self._flood.recent = posted.flooding, list(posted.raises)

    def _let_through(self, told: Iterable[Told]) -> Iterator[Told]:
        flood = self._flood
        for one in told:
            if flood is not None and one.event.event == "raised" and flood.count(one.made):
                self.withheld = 0
            if self.flooding and one.event.event not in OPERATORS:
                self.withheld += 1
            else:
                yield one

    def _packed(self, told: Told) -> bytes:
        fleeting = told.event.event == "reminded"
        self._turns[fleeting] += 1
        payload = msgspec.Raw(msgspec.json.encode(told.event))
        return pack(Envelope(f"alert/{told.key}/event", payload, told.made, self._turns[fleeting], fleeting))
