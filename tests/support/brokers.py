"""Real brokers for tests: mosquitto, on a free port of this machine, with what it needs in a temporary folder.

    @needs_mosquitto
    def test_something(tmp_path: Path) -> None:
        with Mosquitto(tmp_path) as broker:
            publish(broker.port, Message("a/b", b"21.5"))
            broker.stop()
            broker.start()      # on the same port

`some_broker(folder)` is mosquitto, or the embedded `iotcore` (MQTT 3.1.1, memory only) where mosquitto is absent.
"""

import os
import select
import shutil
import socket
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

import iotcore
import pytest
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from tests.support.waiting import PATIENCE, until

from gaugeway.mqtt import Message

MOSQUITTO: Final = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
needs_mosquitto: Final = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


class Mosquitto:
    """mosquitto with a configuration of its own; `lines` are added to it, `{folder}` in them is the folder."""

    version: Literal[5, "3.1.1"] = 5

    def __init__(self, folder: Path, *lines: str, anonymous: bool = True) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._config = folder / f"mosquitto-{self.port}.conf"
        self._config.write_text(
            "\n".join(
                [
                    "user root" if os.geteuid() == 0 else "",
                    f"listener {self.port} 127.0.0.1",
                    f"allow_anonymous {str(anonymous).lower()}",
                    "max_queued_messages 0",
                    *(line.replace("{folder}", str(folder)) for line in lines),
                    "",
                ]
            )
        )

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, always on the same port, and wait until it listens."""
        assert MOSQUITTO is not None
        command = [MOSQUITTO, "-c", str(self._config)]
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until(lambda: answers(self.port), "mosquitto listens")

    def stop(self) -> None:
        """End it in good order."""
        self._end(subprocess.Popen[bytes].terminate)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(subprocess.Popen[bytes].kill)

    def _end(self, how: Callable[[subprocess.Popen[bytes]], None]) -> None:
        if self._process is not None:
            how(self._process)
            self._process.wait(PATIENCE)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Iotcore:
    """The broker of the demo: it speaks MQTT 3.1.1 and keeps nothing on disk."""

    version: Literal[5, "3.1.1"] = "3.1.1"

    def __init__(self) -> None:
        self.port = free_port()
        self._broker = iotcore.Broker(port=self.port, listen="127.0.0.1")

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        self._broker.start()

    def stop(self) -> None:
        """End it."""
        self._broker.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def some_broker(folder: Path) -> "Mosquitto | Iotcore":
    """Return whichever broker there is."""
    return Iotcore() if MOSQUITTO is None else Mosquitto(folder)


class Peer:
    """A client of the broker, driven by the test itself: no thread, nothing behind its back.

    One with a `session` is remembered by the broker under that name: what comes while it is away, it hears later.
    """

    def __init__(self, port: int, session: str = "") -> None:
        self.heard: list[Message] = []
        self.answered = 0
        self._client = PahoClient(CallbackAPIVersion.VERSION2, session, clean_session=not session)
        self._client.on_message = self._on_message
        self._client.on_publish = self._count
        self._client.on_subscribe = self._count
        self._client.connect("127.0.0.1", port)
        self._until(self._client.is_connected, "the peer is connected")

    def listen(self, *topics: str, qos: int = 1) -> Self:
        """Subscribe."""
        self._client.subscribe([(topic, qos) for topic in topics])
        self._until(lambda: self.answered, "the subscription is answered")
        return self

    def hear(self, count: int) -> list[Message]:
        """Wait until so many messages were heard in all, and return them."""
        return self.hear_until(lambda heard: len(heard) >= count)

    def hear_until(self, enough: Callable[[list[Message]], object]) -> list[Message]:
        """Wait until what was heard is enough."""
        self._until(lambda: enough(self.heard), "enough is heard")
        return self.heard

    def look(self) -> None:
        """Take in what has come, without waiting for anything."""
        before = -1
        while before != len(self.heard):
            before = len(self.heard)
            self._step()

    def publish(self, *messages: Message) -> None:
        """Publish and wait until the broker has it all."""
        before = self.answered
        for message in messages:
            self._client.publish(message.topic, message.payload, message.qos, message.retain)
        self._until(lambda: self.answered == before + len(messages), "all is published")

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.on_message = self._client.on_publish = self._client.on_subscribe = None

    def _until(self, condition: Callable[[], object], what: str) -> None:
        until(lambda: self._step() and condition(), what)

    def _step(self) -> bool:
        sock = self._client.socket()
        if sock is not None:
            readable, _, _ = select.select([sock], [], [], 0.02)
            if readable:
                self._client.loop_read()
            self._client.loop_write()
            self._client.loop_misc()
        return True

    def _count(self, *_: object) -> None:
        self.answered += 1

    def _on_message(self, _client: PahoClient, _data: object, message: MQTTMessage) -> None:
        qos: Literal[0, 1, 2] = 2 if message.qos == 2 else 1 if message.qos else 0
        self.heard.append(Message(message.topic, bytes(message.payload), qos, message.retain))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def publish(port: int, *messages: Message) -> None:
    """Publish messages as a client of their own and return when the broker has them."""
    with closing(Peer(port)) as peer:
        peer.publish(*messages)


def answers(port: int) -> bool:
    """Tell whether something listens on a port."""
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a port that nobody uses."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port: int = probe.getsockname()[1]
        return port
