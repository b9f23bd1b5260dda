"""Publishes for a sink, and knows of every message whether the broker has it."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Final

from gaugeway.contain import Contained
from gaugeway.errors import DeviceError
from gaugeway.log import logger
from gaugeway.mqtt import faults
from gaugeway.mqtt.broker import Broker
from gaugeway.mqtt.delivery import Delivery
from gaugeway.mqtt.job import Bell, Job
from gaugeway.mqtt.link import Link
from gaugeway.mqtt.message import Message
from gaugeway.mqtt.outgoing import REFUSED, Answered
from gaugeway.mqtt.packets import acknowledgement, completion

log = logger(__name__)

RETRY_EVERY: Final = 5.0
ANSWER_TIMEOUT: Final = 30.0
GOODBYE_TIMEOUT: Final = 2.0
LONGEST_WAIT: Final = 1.0
AT_ONCE: Final = 20
"""How many messages are on the way at once, where the broker does not allow fewer."""


class Publisher:
    """Publishes messages to one broker, over as many connections as it takes.

    `start` (or the first `deliver`) begins a thread of its own, which connects, keeps the connection alive, opens it
    again when it is lost, and receives commands. `close` ends it; nothing is left behind. To be used like this:

        publisher = Publisher(broker, will=offline, greeting=snapshots, topics=["gw/plant1/+/cmd"], take=inbox.put)
        publisher.deliver([Message("gw/plant1/alert/hot/event", payload)])    # in the sender thread of a sink
        publisher.close(farewell=[offline])

    `deliver` returns when the broker has acknowledged every message (QoS 1 and 2; QoS 0 is sent and not asked after),
    and raises DeviceError when it is not known to have all of them: then the whole call is to be repeated, as the
    outbox of a buffered sink does.

    `will` is published by the broker when the gateway dies. `greeting` is asked after every connection, also those
    opened without `deliver`, for what is to be published before anything else, such as status and snapshots. `take` is
    handed each message on `topics`, on the publisher's thread, so it should only put it in a queue. With `keep`, the
    broker is asked to keep for so many seconds what comes on them while there is no connection (from version 5 on; an
    older broker would keep it without end, and nobody could tell how old it is). A retained message is known as one
    also when it has just been published, which brokers say from version 5 on.

    The client id has to be the same after every restart, so that the broker ends an old connection, and publishes its
    will, before the new one begins: make it with `own_client_id`, of the node and what else tells this sink apart.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        will: Message | None = None,
        greeting: Callable[[], Iterable[Message]] | None = None,
        topics: Sequence[str] = (),
        take: Callable[[Delivery], None] | None = None,
        keep: float = 0.0,
    ) -> None:
        self.broker = broker
        self._keep = keep if broker.version == 5 else 0.0
        self._will = will
        self._greeting = greeting
        self._topics = topics
        self._take = take
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._bell: Bell | None = None
        self._thread: threading.Thread | None = None
        self._farewell: Sequence[Message] = ()
        self._close_by: float | None = None
        self.trouble = ""
        """Why there is no connection, where one was tried."""
        self.connected = False

    def start(self) -> None:
        """Begin to connect, if that has not begun; return at once."""
        with self._lock:
            self._working()

    def deliver(self, messages: Iterable[Message], along: Iterable[Message] = ()) -> bool:
        """Publish messages in order and return when the broker has them all; DeviceError when it may not.

        Those that go `along`, behind them, are not worth an error: the answer tells whether the broker has taken them
        too. Without messages it returns when there is a connection.
        """
        job = Job(tuple(messages), tuple(along))
        with self._lock:
            worker = self._working(job)
        job.wait(worker)
        return job.along_too

    def close(self, farewell: Sequence[Message] = ()) -> None:
        """Publish a last word, if there is a connection, and end the thread. May be called twice."""
        with self._lock:
            self._farewell = farewell
            self._close_by = time.monotonic() + GOODBYE_TIMEOUT
            if self._bell is not None:
                self._bell.ring()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            if self._bell is not None:
                self._bell.close()
                self._bell = None

    def _working(self, job: Job | None = None) -> threading.Thread:
        """Return the thread, begun now if need be; its first attempt to connect is made for the job already."""
        if self._close_by is not None:
            raise DeviceError(f"the connection to {self.broker.where} is closed")
        if self._bell is None:
            self._bell = Bell()
        if job is not None:
            self._jobs.put(job)
            self._bell.ring()
        if self._thread is None or not self._thread.is_alive():
            name = f"publisher {self.broker.where}"
            self._thread = threading.Thread(target=self._run, args=(self._bell,), name=name, daemon=True)
            self._thread.start()
        return self._thread

    def _run(self, bell: Bell) -> None:
        """Keep a connection until the end; between two attempts wait, but not when there is something new to do."""
        while self._close_by is None:
            error = self._connection(bell)
            self.connected = False
            bell.hush()
            self._refuse_all(error)
            self._note(str(error))
            if self._close_by is None:
                bell.wait(RETRY_EVERY)
        self._refuse_all(DeviceError(f"the connection to {self.broker.where} is closed"))

    def _connection(self, bell: Bell) -> DeviceError:
        """Open one connection, use it until it is lost, and return why that was."""
        with closing(Link(self.broker, will=self._will, persistent=self._keep > 0, session_expiry=self._keep)) as link:
            try:
                self._open(link)
                link.listen_to(bell)
                while self._close_by is None:
                    link.wait(LONGEST_WAIT)
                    self._receive(link)
                    self._do_all(link)  # last: while it waits for answers it may hush what was rung for the end
                self._publish(link, self._farewell)
            except DeviceError as error:
                link.close(goodbye=False)  # the last word may not have come through, so it is left to the will
                return error
        return DeviceError(f"the connection to {self.broker.where} is closed")

    def _open(self, link: Link) -> None:
        self._go_through(link.open())
        if self._topics:
            self._go_through(link.subscribe(self._topics, 1, as_published=True))
        refused = self._publish(link, tuple(self._greeting()) if self._greeting else ())
        self.connected = True
        self._note("")
        if refused:
            log.warning("greeting is refused", reason=str(self._refusal(refused[0])))

    def _go_through(self, steps: Iterator[None]) -> None:
        for _ in steps:
            if self._close_by is not None:
                raise DeviceError(f"the connection to {self.broker.where} is closed")

    def _do_all(self, link: Link) -> None:
        """Do what is asked for; a loss of the connection ends the job that met it, and is raised."""
        while not self._jobs.empty():
            job = self._jobs.get()
            try:
                refused = self._publish(link, (*job.messages, *job.along))
                hurt = [one for one in refused if one[0] in job.messages]
                job.along_too = len(hurt) == len(refused)
                job.end(self._refusal(hurt[0]) if hurt else None)
            except DeviceError as error:
                job.end(error)
                raise

    def _publish(self, link: Link, messages: Sequence[Message]) -> list[Answered]:
        """Publish messages and wait for every answer; return the refusals, raise the loss of the connection.

        At QoS 0 too it waits until the line has taken them: what a broker does not read is not to fill the memory.
        """
        refused: list[Answered] = []
        most = min(AT_ONCE, link.hint or AT_ONCE)
        sent = 0
        while True:
            room = most - link.unanswered
            if room and sent < len(messages):
                link.publish(messages[sent : sent + room])
                sent += room
            elif answered := self._answers(link):
                refused += [one for one in answered if one[1] >= REFUSED]
            else:
                return refused

    def _answers(self, link: Link) -> list[Answered]:
        """Wait for the next answers; where none are to come, until the line has taken all, however slow it is.

        What is large goes out in parts: as long as that goes on there is time for the answer.
        """
        unsent, deadline = link.unsent, time.monotonic() + ANSWER_TIMEOUT
        while not (answered := link.answered()) and (link.unanswered or link.unsent):
            if link.unsent < unsent:
                unsent, deadline = link.unsent, time.monotonic() + ANSWER_TIMEOUT
            if time.monotonic() > (self._close_by or deadline):
                raise DeviceError(f"{self.broker.where} does not acknowledge what is published")
            link.wait(LONGEST_WAIT)
            self._receive(link)
        return answered

    def _refusal(self, refused: Answered) -> DeviceError:
        message, code = refused
        return faults.not_taken(self.broker, message.topic, code)

    def _receive(self, link: Link) -> None:
        """Hand on what came; acknowledge it, for it is only of use now."""
        answers = bytearray()
        for delivery in link.read(to_the_end=True):
            if self._take is not None and delivery.whole:
                with Contained() as fault:
                    self._take(delivery)
                if fault.error is not None:
                    log.error(
                        "a command could not be taken", error=fault.error, topic=delivery.topic.decode(errors="replace")
                    )
            if delivery.mid:
                answers += acknowledgement(delivery)
        for mid in link.released():
            answers += completion(mid)
        link.send(bytes(answers))

    def _refuse_all(self, error: DeviceError) -> None:
        while not self._jobs.empty():
            self._jobs.get().end(error)

    def _note(self, trouble: str) -> None:
        """Log that the broker is away, or back, when that is news."""
        if trouble == self.trouble or self._close_by is not None:
            return
        if trouble:
            log.warning("broker is away", broker=self.broker.where, reason=trouble)
        else:
            log.info("broker is back", broker=self.broker.where)
        self.trouble = trouble
