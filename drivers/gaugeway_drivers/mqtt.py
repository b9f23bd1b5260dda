"""Readings from an MQTT broker; a message is acknowledged when what it held is on disk."""

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain as chained
from typing import Annotated, Final, Literal
from zlib import crc32

from gaugeway import ConfigError, Duration, Meta, Reading, Reject, Sensor, Sensors, Site, Size, Tick, logger
from gaugeway.mqtt import (
    MOST_UNSURE,
    Broker,
    BrokerAddress,
    CaFile,
    CertFile,
    ClientId,
    Delivery,
    Keepalive,
    KeyFile,
    Link,
    Pace,
    Password,
    Receipt,
    Receipts,
    Username,
    Verify,
    Version,
    Window,
    own_client_id,
    topic_filter,
)
from gaugeway_drivers.decode.framing import SHOWN
from gaugeway_drivers.decode.json_payload import Found
from gaugeway_drivers.decode.moment import zone
from gaugeway_drivers.decode.payload import Payload
from gaugeway_drivers.decode.topic import Topic
from gaugeway_drivers.decode.topics import Topics

log = logger(__name__)

LONGEST_WAIT: Final = 0.5
LEEWAY: Final = 3072
"""How many messages are remembered that the broker surely knows to be acknowledged: it may forget that in a crash."""


class Mqtt:
    """Reads messages from an MQTT broker.

    At QoS 1 and 2 a message is acknowledged when its readings are safe (`commit`), and the broker keeps the session,
    so that what is published while nobody listens is delivered later. What the broker sends again although it was
    taken before is recognised and left out.
    """

    ticks = True

    def __init__(
        self,
        *,
        broker: BrokerAddress,
        topic: Annotated[
            str | list[str],
            Meta(description="What to read; + stands for any level, # for all that follow.", examples=["plant/+/temp"]),
        ],
        format: Annotated[Payload, Meta(description="How a payload is laid out.")],
        sensors: Sensors[Sensor],
        site: Site,
        qos: Annotated[
            Literal[0, 1, 2],
            Meta(description="1 and 2: nothing is lost. 0: what is sent while nobody listens is, and in a crash."),
        ] = 1,
        retained: Annotated[
            Literal["ignore", "accept"],
            Meta(
                description="What the broker stored for newcomers. It is of unknown age but looks fresh: accepted, it "
                "is marked uncertain unless it brings a time."
            ),
        ] = "ignore",
        timezone: Annotated[
            str, Meta(description="The zone of times that name none.", examples=["Europe/Berlin"])
        ] = "UTC",
        max_latency: Annotated[
            Duration,
            Meta(
                ge=0, le=0.5, description="How long messages may gather before they are read: the longer, the less CPU."
            ),
        ] = 0.01,
        max_payload: Annotated[
            Size,
            Meta(ge=1, le=256 * 1024 * 1024, description="Bytes in the largest message; a larger one is left out."),
        ] = 256 * 1024,
        receive_maximum: Annotated[
            int,
            Meta(
                ge=1,
                le=65535,
                description="How many messages the broker may send before one is acknowledged. Before MQTT 5 it has a "
                "setting of its own for that (mosquitto: max_inflight_messages).",
            ),
        ] = 1000,
        session_expiry: Annotated[
            Duration,
            Meta(
                ge=0,
                description="How long the broker keeps messages for a gateway that is away (MQTT 5).",
                examples=["7d"],
            ),
        ] = 7 * 86400.0,
        version: Version = 5,
        client_id: ClientId = None,
        keepalive: Keepalive = 60.0,
        username: Username = None,
        password: Password = None,
        ca_file: CaFile = None,
        cert_file: CertFile = None,
        key_file: KeyFile = None,
        verify: Verify = True,
    ) -> None:
        self._topics = [topic_filter(one) for one in ([topic] if isinstance(topic, str) else topic)]
        if not self._topics:
            raise ConfigError("`topic` is an empty list: name at least one topic")
        self.broker = Broker.at(
            broker,
            client_id=client_id or _own_id(site.node, self._topics),
            version=version,
            keepalive=keepalive,
            username=username,
            password=password,
            ca_file=ca_file,
            cert_file=cert_file,
            key_file=key_file,
            verify=verify,
        )
        self._qos = qos
        self._decoder = format.decoder(sensors, zone(timezone))
        self._accept_retained = retained == "accept"
        self._max_payload = max_payload
        self._receive_maximum = receive_maximum
        self._session_expiry = session_expiry
        self.topics = Topics(self._topics, self._decoder)
        self._pace = Pace(max_latency)
        self._window = Window(receive_maximum)
        self._most_unsure = max(MOST_UNSURE, receive_maximum)
        self._receipts = Receipts(LEEWAY, self._most_unsure)
        self._begun = False
        self._link: Link | None = None

    def stream(self) -> Generator[Reading | Reject | Tick]:
        """Connect, subscribe and read until the connection is lost."""
        self._begun = True
        yield Tick()
        link = Link(
            self.broker,
            persistent=self._qos > 0,
            session_expiry=self._session_expiry if self._qos else 0.0,
            receive_maximum=self._receive_maximum,
            max_payload=self._max_payload,
        )
        with closing(link):
            for _ in link.open():
                yield Tick()
            self._receipts.resume(session_present=link.session_present)
            self._window.hint(link.hint)
            for _ in link.subscribe(self._topics, self._qos, retained=self._accept_retained):
                yield Tick()
            self._note_less_than_asked(link)
            self._link = link
            try:
                yield from chained.from_iterable(self._read(link))
            finally:
                self._link = None

    @property
    def connected(self) -> bool:
        """Whether it is subscribed and reads."""
        return self._link is not None

    def commit(self) -> None:
        """Acknowledge the messages of all readings that were yielded so far."""
        self._receipts.commit()
        if self._link is not None:
            self._link.send(self._receipts.due())

    @property
    def memory(self) -> int:
        """How many of the last messages the broker may send again: those it may not know to be taken, and some more.

        Until it has begun it does not know what an earlier process has left unsure.
        """
        return (self._receipts.unsure if self._begun else self._most_unsure) + LEEWAY

    def unacknowledged(self) -> list[Receipt]:
        """Return the receipt of each message that the broker may send again although it was yielded."""
        return self._receipts.unacknowledged()

    def news(self) -> list[Receipt]:
        """Return the receipt of each message that was yielded, or begun, since the last call or `commit`."""
        return self._receipts.news()

    def recognise(self, receipts: Iterable[Receipt]) -> None:
        """Take in what an earlier process had yielded: it is not yielded again, and acknowledged after a `commit`.

        To be called before the first `stream`.
        """
        self._receipts.recognise(receipts)

    def _read(self, link: Link) -> Generator[Iterable[Reading | Reject | Tick]]:
        """Yield what came, in pieces: stretches of what the decoder takes as most are, and each other by itself."""
        receipts, known, usual = self._receipts, self.topics.known.get, self._decoder.usual
        nap = 0.0
        while True:
            count = 0
            arrivals = link.receive(to_the_end=nap > 0 or link.more)
            looked = time.monotonic()
            if link.told:
                self._take_in(link)
            for arrival in arrivals:
                if isinstance(arrival, Delivery):
                    count += 1
                    yield self._with_care(arrival)
                    continue
                messages = zip(map(known, arrival.topics), arrival.payloads, strict=True)
                at, end = 0, len(arrival.mids)
                while at < end:
                    readings = usual(messages)
                    if readings:
                        yield receipts.follow(arrival, at, readings)
                        at += len(readings)
                    if at < end:
                        yield self._with_care(arrival.delivery(at))
                        at += 1
                count += end
            if receipts.ready:
                link.send(receipts.due())
            full = self._window.full(receipts.held, count, looked)
            yield (Tick(full=full),)
            nap = self._pause(link, count, looked, full=full)

    def _pause(self, link: Link, count: int, looked: float, *, full: bool) -> float:
        """Let bytes gather since it was looked last, or wait until some come; return for how long they may gather."""
        held = self._receipts.held
        if full and not held:
            self._window.acknowledged(time.monotonic())
        nap = self._pace.nap(count, looked, full=full or link.more)
        if nap:
            time.sleep(max(0.0, looked + nap - time.monotonic()))
        else:
            link.wait(self._window.patience(held) or LONGEST_WAIT)
        return nap

    def _take_in(self, link: Link) -> None:
        """Note what the broker said besides messages."""
        self._receipts.release(link.released())
        if link.ponged():
            self._receipts.answered()

    def _with_care(self, delivery: Delivery) -> Generator[Reading | Reject]:
        """Yield what a message holds that is not as most are, and note it with the last: now it is yielded whole."""
        receipts = self._receipts
        if delivery.again and receipts.seen(delivery):
            return
        found = self._found(delivery, self.topics.find(delivery.topic))
        last = found.pop()
        if found:
            yield from self._parts(delivery, found)
        if delivery.mid:
            receipts.take(delivery, safe=not found and type(last) is Reject)
        yield last

    def _parts(self, delivery: Delivery, found: Found) -> Iterator[Reading | Reject]:
        """Return what comes before the last of what a message holds, without what was yielded before.

        A journal may keep a part of a message, and the process may die before it has kept the rest.
        """
        rest = iter(found[self._receipts.begun(delivery) :])
        if delivery.mid:
            self._receipts.hand_on(delivery, len(found), rest)
        return rest

    def _found(self, delivery: Delivery, topic: Topic | None) -> Found:
        """Return what a message holds, or why it holds nothing."""
        if topic is None:
            return [Reject("topic does not fit", delivery.topic[:SHOWN])]
        if not delivery.whole:
            return [Reject("too big", delivery.topic[:SHOWN], topic.sensor)]
        if delivery.retained and not self._accept_retained:
            return [Reject("retained", delivery.payload[:SHOWN], topic.sensor)]
        payload = delivery.payload
        found: Found = [*self._decoder.usual(iter(((topic, payload),)))] or self._decoder.readings(topic, payload)
        return _of_unknown_age(found) if delivery.retained else found

    def _note_less_than_asked(self, link: Link) -> None:
        for topic, granted in zip(self._topics, link.granted, strict=True):
            if granted < self._qos:
                log.warning("broker gives less than was asked for", topic=topic, qos=granted, asked=self._qos)


def _own_id(node: str, topics: Sequence[str]) -> str:
    """Return a client id of this node's for these topics.

    A session keeps its subscriptions, so other topics are another session: nothing comes that was once wanted.
    """
    return own_client_id(node, f"{crc32(chr(0).join(sorted(topics)).encode()):08x}")


def _of_unknown_age(found: Found) -> Found:
    for item in found:
        if isinstance(item, Reading) and not item.time:
            item.quality = "uncertain"
    return found
