"""A connection to a broker: opened, used and closed by one thread."""

import select
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from gaugeway.errors import DeviceError
from gaugeway.mqtt import faults
from gaugeway.mqtt.broker import Broker
from gaugeway.mqtt.delivery import Arrival, Delivery, one_by_one
from gaugeway.mqtt.job import Bell
from gaugeway.mqtt.message import Message
from gaugeway.mqtt.outgoing import LARGEST, Answered, Outgoing
from gaugeway.mqtt.packets import Cutter, NotMqtt

if TYPE_CHECKING:
    from paho.mqtt.client import Client as PahoClient
    from paho.mqtt.client import ConnectFlags, DisconnectFlags
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from gaugeway.mqtt.client import Client
    from gaugeway.mqtt.wire import Wire

ANSWER_TIMEOUT: Final = 10.0
LONGEST_WAIT: Final = 1.0
UNASKED: Final = 128 * 1024 * 1024
APIECE: Final = 200
"""What waits in memory at most before a broker has answered, and what a message takes there besides its contents.

A session that goes on begins with all that the broker may have under way, and many send retained messages first.
"""
KEPT_ALIVE: Final = 0.5
"""How often paho looks after the keepalive: it counts in seconds."""


class Link:
    """Receives messages, which are acknowledged by whoever knows that they are safe, and publishes.

    `open` and `subscribe` yield before every wait of at most a second, so that a source can tick meanwhile; `read`
    returns what came and never waits; `wait` does. After a `read`, `told` says whether `released` or `ponged` have
    something to tell. It has no thread of its own: the keepalive is sent while it is read. Every loss of the
    connection is a DeviceError, after which a new link is opened.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        persistent: bool = False,
        session_expiry: float = 0.0,
        receive_maximum: int = 65535,
        max_payload: int = 1024 * 1024,
        will: Message | None = None,
    ) -> None:
        self.broker = broker
        self._will = will
        self.session_present = False
        self.hint = 0
        self.told = False
        self._persistent = persistent
        self._session_expiry = session_expiry
        self._receive_maximum = receive_maximum
        self._cutter = Cutter(properties=broker.version == 5, max_payload=max_payload)
        self._outgoing = Outgoing(properties=broker.version == 5)
        self._poll = select.poll()
        self._client: Client | None = None
        self._wire: Wire | None = None
        self._writing = False
        self._bell: Bell | None = None
        self._let_in = False
        self._grants: list[ReasonCode] = []
        self._loss: DeviceError | None = None
        self._looked_after = 0.0

    def open(self) -> Iterator[None]:
        """Connect and log in. Then `session_present` tells whether the broker kept the session.

        `hint` is how many unacknowledged messages it takes itself, 0 where it does not say; most brokers have one
        setting for both directions.
        """
        from gaugeway.mqtt.client import Client  # noqa: PLC0415 - paho is loaded by those who connect

        client = Client(self.broker, persistent=self._persistent, cutter=self._cutter)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, self._will.qos, self._will.retain)
        self._client = client
        client.log_in(session_expiry=self._session_expiry, receive_maximum=self._receive_maximum)
        self._wire = client.wire
        self._poll.register(self._wire, select.POLLIN)
        yield from self._until(lambda: self._let_in)

    def subscribe(
        self, topics: Sequence[str], qos: int, *, retained: bool = False, as_published: bool = False
    ) -> Iterator[None]:
        """Subscribe to topic filters and wait for the answer; `granted` then holds the QoS of each.

        Without `retained` the broker is asked to keep its stored messages to itself (it can be from version 5 on);
        with it they come when the subscription is new, not after every interruption. `as_published` asks, from version
        5 on, to be told of a message that comes now whether it is to be retained.
        """
        from paho.mqtt.subscribeoptions import SubscribeOptions  # noqa: PLC0415 - as above

        if self.broker.version == 5:
            handling = SubscribeOptions.RETAIN_SEND_IF_NEW_SUB if retained else SubscribeOptions.RETAIN_DO_NOT_SEND
            options = SubscribeOptions(qos, retainAsPublished=as_published, retainHandling=handling)
            self._connected().subscribe([(topic, options) for topic in topics])
        else:
            self._connected().subscribe([(topic, qos) for topic in topics])
        self._grants = []
        yield from self._until(lambda: len(self._grants) == len(topics))
        for topic, answer in zip(topics, self._grants, strict=True):
            if answer.is_failure:
                raise faults.not_granted(self.broker, topic, str(answer))

    @property
    def granted(self) -> list[int]:
        """The quality of service that the broker gives to each subscription."""
        return [answer.value for answer in self._grants]

    def publish(self, messages: Sequence[Message]) -> None:
        """Send messages, all at once; what becomes of those above QoS 0 comes back in `answered`."""
        self.send(self._outgoing.packets(messages))

    @property
    def unanswered(self) -> int:
        """How many published messages wait for their answer."""
        return len(self._outgoing)

    @property
    def unsent(self) -> int:
        """How many bytes wait until the broker reads again."""
        return len(self._wire.unsent) if self._wire is not None else 0

    def answered(self) -> list[Answered]:
        """Return the published messages that were answered since the last call; a reason code from 128 on refuses."""
        return self._outgoing.outcomes()

    def read(self, *, to_the_end: bool = False) -> list[Delivery]:
        """Return the messages that came since the last call, without waiting; DeviceError once the line is dead."""
        return one_by_one(self.receive(to_the_end=to_the_end))

    def receive(self, *, to_the_end: bool = False) -> list[Arrival]:
        """Return the messages as `read` does, but the usual ones in runs: for those who get them by the thousand.

        What a broker sends as soon as it learns that this was read ends the next `wait`. For who sleeps instead it
        would be late, and is to be read along with the rest, `to_the_end`.
        """
        self._take_in(to_the_end=to_the_end)
        found, self._cutter.deliveries = self._cutter.deliveries, []
        if not found:
            self._fail_if_lost()
        return found

    @property
    def more(self) -> bool:
        """Whether the last read left something: nothing has to gather before the next one."""
        return self._wire is not None and self._wire.more

    def released(self) -> list[int]:
        """Return the numbers of the QoS 2 messages that the broker let go of since the last call."""
        found, self._cutter.released = self._cutter.released, []
        self.told = self._cutter.pongs > 0
        return found

    def ponged(self) -> bool:
        """Tell whether the broker has answered a ping since the last call."""
        found, self._cutter.pongs = self._cutter.pongs, 0
        self.told = bool(self._cutter.released)
        return found > 0

    def listen_to(self, bell: Bell) -> None:
        """Let `wait` also end, once, when this is rung."""
        self._bell = bell
        self._poll.register(bell.fd, select.POLLIN)

    def wait(self, seconds: float) -> None:
        """Wait until something has arrived, a second at most."""
        wire = self._wire
        if wire is None:
            raise self._closed()
        if self._loss or wire.fault:
            return
        writing = bool(wire.unsent)
        if writing is not self._writing:
            self._poll.modify(wire, select.POLLIN | select.POLLOUT if writing else select.POLLIN)
            self._writing = writing
        woken_by = self._poll.poll(min(seconds, LONGEST_WAIT) * 1000)
        if self._bell is not None and self._bell.fd in dict(woken_by):
            self._bell.hush()
        if writing:
            wire.flush()

    def send(self, packets: bytes) -> None:
        """Send acknowledgements and the like, all at once. A line that is broken is found by the next `read`."""
        if packets:
            wire = self._connected().wire
            wire.matters = True
            wire.send(packets)

    def close(self, *, goodbye: bool = True) -> None:
        """Say goodbye, as far as that is possible, and close. Without a goodbye the broker publishes the will."""
        client, self._client, self._wire = self._client, None, None
        if client is not None:
            client.on_disconnect = None
            if goodbye:
                client.disconnect()
            client.close()

    def _connected(self) -> "Client":
        if self._client is None:
            raise self._closed()
        return self._client

    def _closed(self) -> DeviceError:
        return DeviceError(f"the connection to {self.broker.where} is closed")

    def _until(self, done: Callable[[], bool]) -> Iterator[None]:
        """Go on reading until something is answered; yield before every wait."""
        deadline, known, gathered = time.monotonic() + ANSWER_TIMEOUT, 0, 0
        arrivals, released = self._cutter.deliveries, self._cutter.released
        while True:
            self._take_in()
            if done():
                return
            gathered += sum(APIECE + len(one.topic) + len(one.payload) for one in one_by_one(arrivals[known:]))
            known = len(arrivals)
            if gathered + APIECE * len(released) > UNASKED:
                raise faults.unasked(self.broker)
            self._fail_if_lost()
            left = deadline - time.monotonic()
            if left <= 0:
                raise faults.silent(self.broker)
            yield
            self.wait(left)

    def _take_in(self, *, to_the_end: bool = False) -> None:
        """Read once, and let paho look after the keepalive now and then."""
        wire, cutter = self._wire, self._cutter
        if wire is None:
            raise self._closed()
        try:
            wire.fill(to_the_end=to_the_end)
        except NotMqtt as error:
            raise DeviceError(f"{self.broker.where} sends what is no MQTT: {error}") from error
        if cutter.aside:
            self._hear()
        now = time.monotonic()
        if not 0 <= now - self._looked_after < KEPT_ALIVE:
            self._looked_after = now
            self._connected().loop_misc()

    def _hear(self) -> None:
        """Take in what came besides messages; leave to paho what is paho's."""
        cutter = self._cutter
        cutter.aside = False
        answers, cutter.answers = cutter.answers, []
        self.send(self._outgoing.take(answers))
        while cutter.rest and not self._connected().loop_read():
            pass
        self.told = cutter.pongs > 0 or bool(cutter.released)

    def _fail_if_lost(self) -> None:
        if self._loss is not None:
            raise self._loss
        fault = self._connected().wire.fault
        if fault:
            raise DeviceError(f"{self.broker.where} {fault}") if self._let_in else faults.hung_up(self.broker)

    def _on_connect(
        self,
        _client: "PahoClient",
        _data: object,
        flags: "ConnectFlags",
        code: "ReasonCode",
        extras: "Properties | None",
    ) -> None:
        if code.is_failure:
            self._loss = faults.refused(self.broker, code.value, str(code))
            return
        self._let_in = True
        self.session_present = flags.session_present
        self.hint = getattr(extras, "ReceiveMaximum", 0)
        self._outgoing.largest = getattr(extras, "MaximumPacketSize", LARGEST)

    def _on_subscribe(
        self, _client: "PahoClient", _data: object, _mid: int, codes: "list[ReasonCode]", _extras: "Properties | None"
    ) -> None:
        self._grants = codes

    def _on_disconnect(
        self,
        _client: "PahoClient",
        _data: object,
        flags: "DisconnectFlags",
        code: "ReasonCode",
        _extras: "Properties | None",
    ) -> None:
        if self._loss is not None:
            return
        if flags.is_disconnect_packet_from_server:
            self._loss = faults.thrown_off(self.broker, code.value, str(code))
        elif not self._let_in:
            waited = code.value == faults.KEPT_WAITING
            self._loss = faults.silent(self.broker) if waited else faults.hung_up(self.broker)
        elif code.value == faults.KEPT_WAITING:
            self._loss = DeviceError(f"{self.broker.where} has not answered for {self.broker.keepalive} s")
        else:
            self._loss = DeviceError(f"{self.broker.where} sends what is no MQTT: a packet that it may not send")
