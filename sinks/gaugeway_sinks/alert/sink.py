"""The alert sink: what the engine calls, and the few things that it holds together."""

import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
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
from gaugeway_sinks.alarms.dispatch import Dispatch
from gaugeway_sinks.alarms.event import Event, unpack
from gaugeway_sinks.alarms.memory import Memory
from gaugeway_sinks.alarms.orders import Orders, Reply
from gaugeway_sinks.alarms.panel import Panel
from gaugeway_sinks.alarms.snapshot import describe
from gaugeway_sinks.alert.bulletin import ONLINE, Bulletin, Stale
from gaugeway_sinks.alert.home_assistant import HomeAssistant
from gaugeway_sinks.alert.notices import Notices
from gaugeway_sinks.alert.refusals import check
from gaugeway_sinks.alert.summary import summary

SUMMARY_EVERY: Final = 1.0
SUMMARY_IN_FLOOD: Final = 10.0
MOST_READINGS: Final = 1000
MOST_PAST: Final = 500


class Saved(msgspec.Struct):
    """What the sink remembers over a restart: its alarms, and what of it is retained on the broker."""

    panel: Memory
    topics: list[str]
    parts: dict[str, str]


class ThresholdAlertSink:
    """Raises the alarms of the configuration's `alerts`, tells of them over MQTT and takes commands for them."""

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
        stale_after: Annotated[
            Duration,
            Meta(gt=0, description="The silence that counts as death of a sensor that says nothing of its own."),
        ] = 300.0,
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
        self.panel = Panel(
            site.node, site.rules, site.sensors, pipelines=site.pipelines, stale_after=stale_after, flood=flood
        )
        self._orders = Orders(root)
        self._dispatch = Dispatch(root)
        self._bulletin = Bulletin(self.panel, root, announce, self._dispatch.stamped)
        self._stale = Stale()
        self._fresh: deque[Message] = deque(maxlen=MOST_READINGS)
        self._past: deque[bytes] = deque(maxlen=MOST_PAST)
        self._lock = threading.Lock()
        self._told = (-SUMMARY_EVERY, False)
        self._drawn: Stale | None = None
        self._begun = False
        self._home_assistant = announce
        self._publisher = Publisher(
            settings,
            will=self._bulletin.will(),
            greeting=self._greeting,
            topics=[*self._orders.topics, *([announce.status] if announce else [])],
            take=self._take,
        )
        self._notices = Notices(self._publisher, self._draw, self._put_back)

    @property
    def unsaved(self) -> bool:
        """Whether a command was carried out that no saved state knows of: it cannot be replayed, so save soon."""
        return self._orders.unsaved

    def consume(self, stream: Iterable[Reading]) -> Sequence[bytes] | None:
        """Judge a batch of readings; return the events and, where they are to be kept, the readings as messages."""
        batch = stream if isinstance(stream, Sequence) else tuple(stream)
        messages = self.judge(batch)
        if self.readings is not None:
            messages += self._publish(batch)
        self._begin()
        return messages

    def tick(self, tick: Tick) -> Sequence[bytes] | None:
        """Let time pass; return the events that it led to."""
        messages = self.pass_time(tick)
        self._begin()
        return messages

    def judge(self, batch: Sequence[Reading]) -> list[bytes]:
        """Return the events that a batch leads to, without a word to any broker."""
        with self._lock:
            self._orders.carry_out(self.panel)
            messages = list(self.panel.consume(batch, self.site.clock))
            self._past.extend(messages)
            self._collect()
        return messages

    def pass_time(self, tick: Tick) -> list[bytes]:
        """Return the events that the passing of time leads to, without a word to any broker."""
        with self._lock:
            self._orders.carry_out(self.panel)
            messages = list(self.panel.tick(tick.now, self.site.clock))
            self._past.extend(messages)
            self._collect()
        return messages

    def tell(self, message: bytes) -> dict[str, object] | None:
        """Say what an event is about, None for a message that is none: for `gaugeway test` and for what-if."""
        envelope = unpack(message)
        if isinstance(envelope, Reading) or not envelope.turn:
            return None
        event = msgspec.json.decode(envelope.payload, type=Event)
        told = {"alert": event.rule, "event": event.event, "sensor": event.sensor, "value": event.value}
        return {**told, "severity": event.severity, "message": event.message}

    def alarms(self) -> list[dict[str, object]]:
        """Return how every alarm stands; its `key` is what commands call it."""
        panel = self.panel
        with self._lock:
            return [
                {"key": alarm.key}
                | msgspec.to_builtins(
                    describe(
                        alarm,
                        panel.node,
                        alarm.standing.event,
                        alarm.line.stream.now,
                        panel.tracks.get(alarm.sensor),
                    )
                )
                for alarm in panel.alarms.values()
            ]

    def history(self, most: int) -> list[dict[str, object]]:
        """Return up to so many of the latest events, the oldest first; what was before the start is not remembered."""
        with self._lock:
            past = list(self._past)
        events = (envelope for packed in reversed(past) if not isinstance(envelope := unpack(packed), Reading))
        latest = islice((envelope for envelope in events if envelope.turn), most)
        told: list[dict[str, object]] = [msgspec.json.decode(envelope.payload) for envelope in latest]
        return told[::-1]

    def order(self, command: Mapping[str, object], reply: Reply) -> None:
        """Take a command as MQTT would bring it, with the alarm's key as `alert`; `reply` is told what came of it.

        It is carried out with the next reading or tick, on the pipeline's thread, and so is the reply.
        """
        self._orders.ask(command, reply)

    def deliver(self, messages: Sequence[bytes]) -> None:
        """Publish in order, and return when the broker has acknowledged all of it. Snapshots came first."""
        self._publisher.deliver(self._dispatch.messages(messages, self.panel.made))
        self._dispatch.sent()

    def report(self) -> dict[str, object]:
        """Say how the alarms stand, and whether the broker is there."""
        with self._lock:
            told = summary(self.panel)
        counts = {name: count for name, count in told.counts.items() if count}
        facts: dict[str, object] = {"connected": self._publisher.connected, "active": told.active}
        return {**facts, "unacked": told.unacked, "counts": counts, "flood": told.flood}

    def save(self) -> object:
        """Return all that has to be remembered, as plain data."""
        with self._lock:
            on_the_way = self._drawn.ghosts if self._drawn else ()
            self._orders.unsaved = False
            topics = sorted({*self._bulletin.topics(), *self._stale.ghosts, *on_the_way})
            return msgspec.to_builtins(Saved(self.panel.save(), topics, self._bulletin.parts()))

    def restore(self, saved: object) -> None:
        """Take it back; what is retained of alarms and sensors that are no longer configured will be taken away."""
        former = msgspec.convert(saved, Saved)
        with self._lock:
            self.panel.restore(former.panel)
            self._stale.ghosts = dict.fromkeys(sorted(set(former.topics) - self._bulletin.topics()))
            parts = self._bulletin.parts()
            self._bulletin.former = {name: kind for name, kind in former.parts.items() if name not in parts}

    def close(self) -> None:
        """Say goodbye to the broker and end."""
        self._notices.stop()
        self._publisher.close(self._bulletin.farewell())
        self._notices.close()

    def _begin(self) -> None:
        """Start what talks to the broker, and wake it where there is something to say."""
        if not self._begun:
            self._begun = True
            self._publisher.start()
            self._notices.start()
        if self._stale or self._fresh:
            self._notices.wake()

    def _collect(self) -> None:
        """Note which snapshots are out of date."""
        panel, stale = self.panel, self._stale
        if panel.changed_alarms or panel.changed_tracks:
            stale.merge(Stale(panel.changed_alarms, panel.changed_tracks))
            panel.changed_alarms, panel.changed_tracks = {}, {}
        if panel.stirred:
            stale.summary, panel.stirred = True, False
        if panel.grown or self._orders.rebirth:
            stale.birth = stale.discovery = True
            panel.grown = self._orders.rebirth = False

    def _publish(self, batch: Sequence[Reading]) -> list[bytes]:
        """Hand readings on: at once if one may be lost, by way of the outbox if not."""
        if self.readings == 0:
            root = self._bulletin.root
            self._fresh.extend(Message(f"{root}/sensor/{each.sensor}/state", encode(each), 0) for each in batch)
            return []
        return [encode(each) for each in batch]

    def _draw(self) -> tuple[Stale, Sequence[Message]]:
        """Return what is out of date and how it reads, and the readings that came since the last time."""
        with self._lock:
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
        now, flood = time.monotonic(), self.panel.flood.bursting
        told_at, told_flood = self._told
        if flood == told_flood and now - told_at < (SUMMARY_IN_FLOOD if flood else SUMMARY_EVERY):
            return False
        self._told = (now, flood)
        return True

    def _put_back(self, stale: Stale) -> None:
        with self._lock:
            self._stale.merge(stale)

    def _greeting(self) -> Sequence[Message]:
        """Return all that is retained; if nothing was told before, nothing is out of date after it."""
        with self._lock:
            if self._drawn is None:
                self._stale = Stale(ghosts=self._stale.ghosts)
            return list(self._bulletin.whole())

    def _take(self, delivery: Delivery) -> None:
        """Take in what somebody sent; runs on the publisher's thread."""
        if self._home_assistant is None or delivery.topic.decode(errors="replace") != self._home_assistant.status:
            self._orders.take(delivery)
        elif delivery.payload == ONLINE:
            self._put_back(Stale(discovery=True))
            self._notices.wake()
