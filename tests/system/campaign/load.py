"""What a campaign publishes: messages whose contents are known from their number, and who publishes them, once each."""

import math
import select
import socket
import threading
import time
from contextlib import closing
from random import Random
from typing import Final

import msgspec
from tests.support.packets import length, publish

BEGAN: Final = 1_750_000_000.0
RANGE: Final = (0.0, 60.0)
MOST: Final = 7
WINDOW: Final = 400
PATIENCE: Final = 60.0


class Item(msgspec.Struct, frozen=True):
    """One reading as it stands in a payload."""

    sensor: str
    value: float
    ts: float

    @property
    def fits(self) -> bool:
        """Whether it is inside of the sensor's range, so that it has to be in the output."""
        return RANGE[0] <= self.value <= RANGE[1]


class Messages:
    """So many messages. Most hold one reading, one in twenty holds several, and some readings are out of range."""

    def __init__(self, count: int, sensors: int, seed: int, lines: int = 1) -> None:
        """So many messages, of sensors that belong to so many lines of the plant in turn."""
        self.count = count
        self.sensors = sensors
        self.seed = seed
        self.lines = lines

    def items(self, number: int) -> list[Item]:
        """Return the readings of a message: every sensor swings slowly, with noise; no two have the same time."""
        chance = Random(self.seed << 32 | number)
        readings = MOST if chance.random() < 0.05 else 1
        when = BEGAN + number / 100
        return [self._item(number + index * self.lines, when + index / 1000, chance) for index in range(readings)]

    def _item(self, number: int, when: float, chance: Random) -> Item:
        sensor = number % self.sensors
        swing = math.sin(number / self.sensors / 60 + sensor)
        value = round(30 + 18 * swing + chance.gauss(0, 1.5), 2) if chance.random() < 0.98 else -99.0
        return Item(f"s{sensor}", value, round(when, 3))

    def packet(self, number: int) -> bytes:
        """Return the PUBLISH packet, of MQTT 3.1.1."""
        items = self.items(number)
        payload = msgspec.json.encode(items[0] if len(items) == 1 else items)
        topic = f"plant/{number % self.lines}/{items[0].sensor}".encode()
        return publish(topic, payload, mid=number % 65535 + 1, properties=None)

    def expected(self) -> int:
        """Return how many readings have to be in the output."""
        return sum(item.fits for number in range(self.count) for item in self.items(number))


class Publisher:
    """Publishes messages in order at a rate, each until the broker has acknowledged it, and none of them twice.

    While it is paused nothing is on the way: then the broker can be restarted without a message being repeated.
    """

    def __init__(self, messages: Messages, port: int, rate: float) -> None:
        self.messages = messages
        self.sent = 0
        self.acknowledged = 0
        self._port = port
        self._rate = rate
        self._go = threading.Event()
        self._idle = threading.Event()
        self._ended = threading.Event()
        self._fault: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    @property
    def done(self) -> bool:
        """Whether the broker has everything."""
        if self._fault is not None:
            raise self._fault
        return self.acknowledged == self.messages.count

    def start(self) -> None:
        """Begin, or go on after a pause."""
        self._idle.clear()
        self._go.set()
        if self._thread.ident is None:
            self._thread.start()

    def pause(self) -> None:
        """Stop, and return when nothing is on the way."""
        self._go.clear()
        if self._thread.is_alive() and not self._idle.wait(PATIENCE):
            raise TimeoutError("the broker does not acknowledge what is published")

    def close(self) -> None:
        """End."""
        self._ended.set()
        self._go.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            while self.acknowledged < self.messages.count and not self._ended.is_set():
                self._idle.set()
                self._go.wait()
                self._idle.clear()
                with closing(socket.create_connection(("127.0.0.1", self._port))) as line:
                    self._publish(line)
        except OSError as error:
            self._fault = error
        self._idle.set()

    def _publish(self, line: socket.socket) -> None:
        hello = b"\x00\x04MQTT\x04\x02\x00\x00\x00\x04load"
        line.sendall(b"\x10" + length(len(hello)) + hello)
        line.recv(4)
        began, first = time.monotonic(), self.sent
        answers = b""
        while not self._ended.is_set() and (self._go.is_set() or self.acknowledged < self.sent):
            due = min(self.messages.count, first + int((time.monotonic() - began) * self._rate) + 1)
            until = min(due, self.acknowledged + WINDOW) if self._go.is_set() else self.sent
            if until > self.sent:
                line.sendall(b"".join(map(self.messages.packet, range(self.sent, until))))
                self.sent = until
            if select.select([line], [], [], 0.01)[0]:
                answers += line.recv(65536)
                self.acknowledged += len(answers) // 4
                answers = answers[len(answers) // 4 * 4 :]
            if self.acknowledged == self.messages.count:
                return
