"""A sink that judges readings by the rules and tells somebody of each event, in order, one who cannot answer."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from gaugeway import Duration, Reading, Site, Tick
from gaugeway_sinks.alarms.dispatch import LATE, Dispatch
from gaugeway_sinks.alarms.event import Envelope, Event, Name, unpack
from gaugeway_sinks.alarms.memory import Memory
from gaugeway_sinks.alarms.panel import Panel

Severity = Literal["info", "warning", "critical"]
SEVERITIES: Final[Sequence[Severity]] = ("info", "warning", "critical")
USUAL: Final[tuple[Name, ...]] = ("raised", "cleared", "reminded", "resumed", "chattering", "removed")

NO_FLOOD: Final = 1_000_000_000
"""In a flood single events give way to a summary that others can look up; here is nothing to look up."""

Least = Annotated[Severity, Meta(description="Tell of alarms that are as bad as this, or worse.")]
Events = Annotated[
    tuple[Name, ...], Meta(min_length=1, description="Which events to tell of.", examples=[["raised", "cleared"]])
]
StaleAfter = Annotated[
    Duration, Meta(gt=0, description="The silence that counts as death of a sensor that says nothing of its own.")
]


class Announcer(ABC):
    """Judges readings by the configuration's `alerts`; a way out says in `send` how an event is told.

    What was told before a failure is not told again when the rest is tried again. Nobody can acknowledge anything
    here, and an alarm that waited for that would be told of once and never again: so `latch` has no effect.
    """

    def __init__(self, site: Site, *, severity: Severity, events: Sequence[Name], stale_after: float) -> None:
        rules = {name: replace(rule, latch=False) for name, rule in site.rules.items()}
        self.panel = Panel(
            site.node, rules, site.sensors, pipelines=site.pipelines, stale_after=stale_after, flood=NO_FLOOD
        )
        self._clock = site.clock
        self._severities = frozenset(SEVERITIES[SEVERITIES.index(severity) :])
        self._events = frozenset(events)
        self._dispatch = Dispatch(site.node)
        self._unsaid = 0
        self._open: dict[bytes, Event | None] = {}

    @abstractmethod
    def send(self, events: Sequence[Event]) -> Iterator[int]:
        """Tell of these events, in order; each time something went through, yield how many more it told of.

        `DeviceError` and `OSError` mean later: then this is called again with those that were not told.
        """

    def consume(self, stream: Iterable[Reading]) -> Sequence[bytes]:
        """Judge a batch of readings; return the events that it leads to."""
        return self.panel.consume(stream if isinstance(stream, Sequence) else tuple(stream), self._clock)

    def tick(self, tick: Tick) -> Sequence[bytes]:
        """Let time pass; return the events that it led to."""
        return self.panel.tick(tick.now, self._clock)

    def deliver(self, messages: Sequence[bytes]) -> None:
        """Tell of what is not told yet; return when all of it is."""
        waiting = {message: event for message in messages if (event := self._waiting(message)) is not None}
        order = iter(waiting)
        for count in self.send(tuple(waiting.values())) if waiting else ():
            self._open.update(dict.fromkeys(islice(order, count)))
        for message in messages:
            self._open.pop(message, None)

    def save(self) -> object:
        """Return all that has to be remembered, as plain data."""
        return msgspec.to_builtins(self.panel.save())

    def restore(self, saved: object) -> None:
        """Take it back, so that nothing is raised a second time."""
        self.panel.restore(msgspec.convert(saved, Memory))

    def _waiting(self, message: bytes) -> Event | None:
        """Return the event if it is still to be told: what waited long is history, a late reminder is nothing."""
        if message not in self._open:
            self._open[message] = self._opened(message)
        event = self._open[message]
        envelope = unpack(message)
        if event is not None and isinstance(envelope, Envelope) and self.panel.made - envelope.made > LATE:
            event.historical = True
            if envelope.fleeting:
                event = self._open[message] = None
        return event

    def _opened(self, message: bytes) -> Event | None:
        """Return the event that is told by this message, None if nobody here wants to know."""
        found = self._dispatch.messages((message,), self.panel.made)
        self._dispatch.sent()
        if not found:
            return None
        event = msgspec.json.decode(found[0].payload, type=Event)
        event.dropped_before += self._unsaid
        wanted = event.event in self._events and event.severity in self._severities
        self._unsaid = 0 if wanted else event.dropped_before
        return event if wanted else None
