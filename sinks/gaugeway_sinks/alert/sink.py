"""The alert sink: what the engine calls, and the few things that it holds together."""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from msgspec.json import encode

from gaugeway import Duration, Reading, Site, Tick
from gaugeway.mqtt import (
    Broker,
    BrokerAddress,
    CaFile,
    CertFile,
    ClientId,
    Delivery,
    Keepalive,
    KeyFile,
    Message,
    Password,
    Publisher,
    Username,
    Verify,
    Version,
    own_client_id,
)
from gaugeway_sinks.alarms import StaleAfter, Station
from gaugeway_sinks.alarms.alarm.event import Told
from gaugeway_sinks.alarms.post.dispatch import Dispatch
from gaugeway_sinks.alarms.post.post import Post, Posted
from gaugeway_sinks.alert.bulletin import ONLINE, Bulletin, Stale
from gaugeway_sinks.alert.desk import Desk
from gaugeway_sinks.alert.home_assistant import HomeAssistant
from gaugeway_sinks.alert.notices import Notices
from gaugeway_sinks.alert.refusals import check

SUMMARY_EVERY: Final = 1.0
SUMMARY_IN_FLOOD: Final = 10.0
MOST_READINGS: Final = 1000


class Saved(msgspec.Struct, omit_defaults=True):
    """What the sink remembers over a restart: what is retained on the broker, and what it has still to tell."""

    topics: list[str]
    parts: dict[str, str]
    post: Posted = msgspec.field(default_factory=Posted)
    waiting: list[Told] = []


class ThresholdAlertSink:
    """Tells over MQTT of the alarms under `alerts`, and takes commands for them."""

    def __init__(
        self,
        *,
        broker: BrokerAddress = "mqtt://localhost",
        version: Version = 5,
        client_id: ClientId = None,
        keepalive: Keepalive = 60.0,
        username: Username = None,
        password: Password = None,
        ca_file: CaFile = None,
        cert_file: CertFile = None,
        key_file: KeyFile = None,
        verify: Verify = True,
        prefix: Annotated[str, Meta(description="What all topics begin with.", examples=["gw"])] = "gw",
        readings: Annotated[
            Literal[0, 1] | None, Meta(description="Publish the readings too, at this quality of service.")
        ] = None,
        home_assistant: Annotated[
            bool | HomeAssistant, Meta(description="Announce sensors and alarms to Home Assistant.")
        ] = False,
        keep_commands: Annotated[
            Duration,
            Meta(ge=0, description="How long the broker is to keep commands while the gateway is away (MQTT 5)."),
        ] = 3600.0,
        stale_after: StaleAfter = None,
        flood: Annotated[
            int, Meta(ge=1, description="More raises than this in a minute are told in summaries, not one by one.")
        ] = 30,
        site: Site,
    ) -> None:
        self.site = site
        self.readings = readings
        announce = HomeAssistant() if home_assistant is True else home_assistant or None
        if announce is not None and readings is None:
            self.readings = 0
        check(site, prefix, announce)
        root = f"{prefix}/{site.node}"
        settings = Broker.at(
            broker,
            client_id=client_id or own_client_id(site.node, site.name or "alert"),
            version=version,
            keepalive=keepalive,
            username=username,
            password=password,
            ca_file=ca_file,
            cert_file=cert_file,
            key_file=key_file,
            verify=verify,
        )
        self.after = self.station = Station.of(site, stale_after)
        self.view = self.station.view(site.select)
        self.post = Post(flood)
        self._dispatch = Dispatch(root)
        self._bulletin = Bulletin(self.view, self.post, root, announce, self._dispatch.stamped)
        self._stale = Stale()
        self._fresh: deque[Message] = deque(maxlen=MOST_READINGS)
        self._told = (-SUMMARY_EVERY, False)
        self._drawn: Stale | None = None
        self._home_assistant = announce
        self._desk = Desk(root, self.station, self.view, self._reborn)
        self._publisher = Publisher(
            settings,
            will=self._bulletin.will(),
            greeting=self._greeting,
            topics=[*self._desk.topics, *([announce.status] if announce else [])],
            take=self._take,
            keep=keep_commands,
        )
        self._notices = Notices(self._publisher, self._draw, self._put_back)

    def consume(self, stream: Iterable[Reading]) -> Sequence[bytes] | None:
        """Return the events that were judged, and, where they are to be kept, the readings as messages."""
        messages = self._announce() if self.view.news else []
        if self.readings is not None:
            messages += self._publish(stream if isinstance(stream, list) else list(stream))
        return messages

    def tick(self, _tick: Tick) -> Sequence[bytes] | None:
        """Return the events that the passing of time led to."""
        return self._announce() if self.view.news else None

    def deliver(self, messages: Sequence[bytes]) -> None:
        """Publish in order, with what has changed, and return when the broker has acknowledged the messages."""
        self._notices.deliver(self._dispatch.messages(messages, self.view.panel.made))
        self._dispatch.sent()

    def report(self) -> dict[str, object]:
        """Say whether the broker is there, or why it is not, and whether there is a flood."""
        return {
            "connected": self._publisher.connected,
            "trouble": self._publisher.trouble,
            "flood": self.post.flooding,
            "withheld": self.post.withheld,
        }

    def save(self) -> object:
        """Return all that has to be remembered, as plain data."""
        with self.station.lock:
            on_the_way = self._drawn.ghosts if self._drawn else ()
            topics = sorted({*self._bulletin.topics(), *self._stale.ghosts, *on_the_way})
            saved = Saved(topics, self._bulletin.parts(), self.post.save(), list(self.view.told))
            return msgspec.to_builtins(saved)

    def restore(self, saved: object) -> None:
        """Take it back; what is retained of alarms and sensors that are no longer configured will be taken away."""
        former = msgspec.convert(saved, Saved)
        with self.station.lock:
            self.post.restore(former.post)
            self.view.resume(former.waiting)
            self._stale.ghosts = dict.fromkeys(sorted(set(former.topics) - self._bulletin.topics()))
            parts = self._bulletin.parts()
            self._bulletin.former = {name: kind for name, kind in former.parts.items() if name not in parts}

    def close(self) -> None:
        """Say goodbye to the broker and end."""
        self._notices.stop()
        with self.station.lock:
            answers = self._desk.answers()  # no outbox takes them any more
        last = self._dispatch.messages(answers, self.view.panel.made)
        self._publisher.close([*last, *self._bulletin.farewell()])
        self._notices.close()

    def _announce(self) -> list[bytes]:
        """Take over what the panel has for this sink: events and answers to be kept, and what is out of date."""
        view = self.view
        with self.station.lock:
            if self.post.ended(view.panel.made):
                view.stirred = True
            messages = [*self.post.collect(view), *self._desk.answers()]
            stale = Stale(view.alarms_changed, view.tracks_changed, summary=view.stirred)
            stale.birth = stale.discovery = view.grown
            self._stale.merge(stale)
            view.alarms_changed, view.tracks_changed = {}, {}
            view.stirred = view.grown = False
            view.news = self.post.flooding  # the end of a flood is news, and nobody else tells of it
        # There is news from the start, so both begin with the first reading or tick; later this does nothing.
        self._publisher.start()
        self._notices.start()
        if stale and not messages:  # events take it along; for what is not due yet the notices look by themselves
            self._notices.wake()
        return messages

    def _reborn(self) -> None:
        """Describe everything anew, because somebody asked for it."""
        self._put_back(Stale(birth=True, discovery=True))
        self._notices.wake()

    def _publish(self, batch: Sequence[Reading]) -> list[bytes]:
        """Hand readings on: at once if one may be lost, by way of the outbox if not."""
        if self._home_assistant is not None:
            batch = [self._announced(reading) for reading in batch]
        if self.readings == 0:
            root = self._bulletin.root
            self._fresh.extend(Message(f"{root}/sensor/{each.sensor}/state", encode(each), 0) for each in batch)
            self._notices.wake()
            return []
        return [encode(each) for each in batch]

    def _announced(self, reading: Reading) -> Reading:
        """Return a reading in the unit that Home Assistant was told: the configured one."""
        track = self.view.panel.tracks.get(reading.sensor)
        return reading if track is None else track.measured(reading)

    def _draw(self, most: int | None) -> tuple[Stale, Sequence[Message]]:
        """Return what is out of date and how it reads, and the readings that came since the last time.

        If that is more than `most` messages it is left to the notices.
        """
        with self.station.lock:
            if most is not None and len(self._stale) + len(self._fresh) > most:
                self._notices.wake()
                return Stale(), ()
            drawn, self._stale = self._stale, Stale()
            if drawn.summary and not self._time_for_a_summary():
                drawn.summary, self._stale.summary = False, True
            self._drawn = drawn
            messages = list(self._bulletin.current(drawn))
        while self._fresh:
            messages.append(self._fresh.popleft())
        return drawn, messages

    def _time_for_a_summary(self) -> bool:
        """Tell whether it is; in a flood that is seldom, but its beginning and its end are told at once."""
        now, flood = time.monotonic(), self.post.flooding
        told_at, told_flood = self._told
        if flood == told_flood and now - told_at < (SUMMARY_IN_FLOOD if flood else SUMMARY_EVERY):
            return False
        self._told = (now, flood)
        return True

    def _put_back(self, stale: Stale) -> None:
        with self.station.lock:
            self._stale.merge(stale)

    def _greeting(self) -> Sequence[Message]:
        """Return all that is retained; if nothing was told before, nothing is out of date after it."""
        with self.station.lock:
            if self._drawn is None:
                self._stale = Stale(ghosts=self._stale.ghosts)
            return list(self._bulletin.whole())

    def _take(self, delivery: Delivery) -> None:
        """Take in what somebody sent; runs on the publisher's thread."""
        if self._home_assistant is None or delivery.topic.decode(errors="replace") != self._home_assistant.status:
            self._desk.take(delivery)
        elif delivery.payload == ONLINE:
            self._put_back(Stale(discovery=True))
            self._notices.wake()
