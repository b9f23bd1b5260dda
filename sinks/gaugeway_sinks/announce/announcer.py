"""A sink that tells somebody of each event of an alarm, in order, one who cannot answer."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile
from time import monotonic
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from gaugeway import Reading, Site, Tick
from gaugeway_sinks.alarms import Station
from gaugeway_sinks.alarms.alarm.event import Event, Name, Told
from gaugeway_sinks.alarms.post.dispatch import LATE, Dispatch
from gaugeway_sinks.alarms.post.envelope import Envelope, unpack
from gaugeway_sinks.alarms.post.post import Post, Posted

Severity = Literal["info", "warning", "critical"]
SEVERITIES: Final[Sequence[Severity]] = ("info", "warning", "critical")
USUAL: Final[tuple[Name, ...]] = ("raised", "cleared", "reminded", "resumed", "chattering", "removed")

MOMENT: Final = 1.0
"""So many seconds may pass before what was told is noted."""

Least = Annotated[Severity, Meta(description="Tell of alarms that are as bad as this, or worse.")]
Events = Annotated[
    tuple[Name, ...], Meta(min_length=1, description="Which events to tell of.", examples=[["raised", "cleared"]])
]


class Saved(msgspec.Struct, omit_defaults=True):
    """What is remembered over a restart: the numbers of the events, and those that it has still to tell."""

    post: Posted = msgspec.field(default_factory=Posted)
    waiting: list[Told] = []


class Announcer(ABC):
    """Tells of the alarms that the panel of the gateway judges; a way out says in `send` how an event is told.

    What was told before a failure is not told again when the rest is tried again. In a flood every event is told:
    single ones give way to a summary where others can look it up, and here is nothing to look up.
    """

    def __init__(self, site: Site, *, severity: Severity, events: Sequence[Name], stale_after: float | None) -> None:
        self.after = self.station = Station.of(site, stale_after)
        self.view = self.station.view(site.select)
        self.post = Post()
        self._severities = frozenset(SEVERITIES[SEVERITIES.index(severity) :])
        self._events = frozenset(events)
        self._dispatch = Dispatch(site.node)
        self._unsaid = 0
        self._open: dict[bytes, Event | None] = {}
        self._left_out = 0
        self._refusal = ""

    @abstractmethod
    def send(self, events: Sequence[Event]) -> Iterator[int]:
        """Tell of these events, in order; each time something went through, yield how many more it told of.

        `DeviceError` and `OSError` mean later: then this is called again with those that were not told.
        """

    def consume(self, _stream: Iterable[Reading]) -> Sequence[bytes]:
        """Return the events that were judged."""
        return self._announce()

    def tick(self, _tick: Tick) -> Sequence[bytes]:
        """Return the events that the passing of time led to."""
        return self._announce()

    def deliver(self, messages: Sequence[bytes]) -> int:
        """Tell of what is not told yet, for a moment; return how many of the messages are done with.

        What was told would be told again after a restart that comes before this returns.
        """
        until = monotonic() + MOMENT
        waiting = {message: event for message in messages if (event := self._waiting(message)) is not None}
        order = iter(waiting)
        done = messages
        for count in self.send(tuple(waiting.values())) if waiting else ():
            self._open.update(dict.fromkeys(islice(order, count)))
            if monotonic() >= until:
                done = list(takewhile(lambda message: self._open.get(message) is None, messages))
                break
        for message in done:
            self._open.pop(message, None)
        return len(done)

    def report(self) -> dict[str, object]:
        """Say how many events were left out, and why, until something is taken again."""
        return {"left_out": self._left_out, "refusal": self._refusal}

    def save(self) -> object:
        """Return all that has to be remembered, as plain data."""
        with self.station.lock:
            return msgspec.to_builtins(Saved(self.post.save(), list(self.view.told)))

    def restore(self, saved: object) -> None:
        """Take it back."""
        former = msgspec.convert(saved, Saved)
        with self.station.lock:
            self.post.restore(former.post)
            self.view.resume(former.waiting)

    def _leave_out(self, reason: str, count: int = 1) -> None:
        """Take note that events were refused for good and are told to nobody."""
        self._left_out += count
        self._refusal = reason

    def _taken(self) -> None:
        """Take note that an event was told."""
        self._refusal = ""

    def _announce(self) -> Sequence[bytes]:
        if not self.view.news:
            return ()
        with self.station.lock:
            self.view.news = False
            self.view.answers.clear()  # nobody here has asked anything
            return self.post.collect(self.view)

    def _waiting(self, message: bytes) -> Event | None:
        """Return the event if it is still to be told: what waited long is history, a late reminder is nothing."""
        if message not in self._open:
            self._open[message] = self._opened(message)
        event = self._open[message]
        envelope = unpack(message)
        if event is not None and isinstance(envelope, Envelope) and self.view.panel.made - envelope.made > LATE:
            event.historical = True
            if envelope.fleeting:
                event = self._open[message] = None
        return event

    def _opened(self, message: bytes) -> Event | None:
        """Return the event that is told by this message, None if nobody here wants to know."""
        found = self._dispatch.messages((message,), self.view.panel.made)
        self._dispatch.sent()
        if not found:
            return None
        event = msgspec.json.decode(found[0].payload, type=Event)
        event.dropped_before += self._unsaid
        wanted = event.event in self._events and event.severity in self._severities
        self._unsaid = 0 if wanted else event.dropped_before
        return event if wanted else None
