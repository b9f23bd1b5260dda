"""A full disk: nothing crashes, the broker keeps its messages, alarms are told, and all goes on by itself."""

import json
import os
import subprocess
import sys
import threading
import tty
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import pytest
from tests.support.brokers import Mosquitto, Peer, needs_mosquitto, publish
from tests.support.waiting import until
from tests.system.disk.fulldisk import SmallDisk
from tests.system.victim import Victim

from gaugeway.mqtt import Message

pytestmark = [pytest.mark.root, needs_mosquitto]

CONFIGURATION: Final = """\
node: plant1
storage: {{dir: {disk}/state, journal_size: 4MiB, sync_every: 100ms, checkpoint_every: 300ms}}
sources:
  plant:
    type: mqtt
    broker: mqtt://127.0.0.1:{port}
    topic: plant/+
    format: {{type: number, sensor: 'topic[1]'}}
    sensors: {{"m": {{}}}}
  boiler:
    type: serial
    port: {serial}
    keep_first: true
    format: {{type: regex, pattern: 'N=(?P<count>[0-9]+)'}}
    sensors: {{count: {{}}}}
stages: [{{average: {{last: 10}}}}]
sinks:
  archive: {{type: file, path: {disk}/out.jsonl}}
  phone: {{type: alert, broker: "mqtt://127.0.0.1:{port}", stale_after: 1d, buffer: {{size: 2MiB}}}}
alerts:
  high: {{sensor: count, above: 5000, clear_below: 10}}
"""


class Scene:
    """A broker, a device on a port, a small disk, and a gateway that has to do with all of them."""

    def __init__(self, folder: Path, broker: Mosquitto, disk: SmallDisk) -> None:
        self.broker = broker
        self.disk = disk
        self.device, self.terminal = os.openpty()
        tty.setraw(self.terminal)
        self.gateway = Victim(folder, CONFIGURATION, disk.folder)
        self.published = 0
        self.said = 0

    def start(self) -> None:
        """Start the gateway."""
        self.gateway.start(port=self.broker.port, serial=os.ttyname(self.terminal))

    def publish(self, count: int) -> None:
        """Publish so many more numbers."""
        numbers = range(self.published, self.published + count)
        publish(self.broker.port, *(Message("plant/m", b"%d" % number) for number in numbers))
        self.published += count

    def say(self, number: int) -> None:
        """Let the device say a number."""
        os.write(self.device, b"N=%d\r\n" % number)
        self.said += 1

    def found(self, sensor: str) -> list[float]:
        """Return the values of one sensor in the output, as far as its lines are whole."""
        text = self.gateway.output.read_bytes() if self.gateway.output.exists() else b""
        lines = text[: text.rfind(b"\n") + 1].splitlines()
        rows = [cast("dict[str, object]", json.loads(line)) for line in lines]
        return [float(str(row["value"])) for row in rows if row["sensor"] == sensor]

    def health(self) -> str:
        """Return what the gateway says of itself."""
        words = [sys.executable, "-m", "gaugeway", "health", "--json", str(self.gateway.config)]
        environment = {**os.environ, "RUNTIME_DIRECTORY": str(self.gateway.folder)}
        done = subprocess.run(words, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
        return done.stdout.decode()

    def close(self) -> None:
        """Give back what is open."""
        self.gateway.__exit__()
        os.close(self.device)
        os.close(self.terminal)


@contextmanager
def scene(folder: Path) -> Generator[Scene]:
    """Set it up, with a gateway that has written something."""
    with Mosquitto(folder, "log_type subscribe") as broker, SmallDisk(folder) as disk:
        found = Scene(folder, broker, disk)
        try:
            found.start()
            until(lambda: b" plant/+" in (folder / "mosquitto.log").read_bytes(), "the gateway is subscribed")
            found.publish(500)
            until(lambda: len(found.found("m")) == 500, "the readings are written")
            yield found
        finally:
            found.close()


def test_all_goes_on_by_itself_when_there_is_room_again(tmp_path: Path) -> None:
    """No message is lost or doubled, an alarm is told meanwhile, and each reading that was not stored is counted."""
    with scene(tmp_path) as plant, Peer(plant.broker.port) as phone:
        phone.listen("gw/plant1/alert/high/event")
        plant.say(1)
        until(lambda: plant.found("count") == [1], "the device is heard")
        plant.disk.fill()
        plant.publish(2000)
        for number in range(300):
            plant.say(number)
            threading.Event().wait(0.01)
        plant.say(6000)
        (raised,) = phone.hear(1)
        assert b'"event":"raised"' in raised.payload
        plant.disk.fill()  # the reserve was given up meanwhile, and somebody else takes that too
        until(lambda: f"No space left on device: {plant.gateway.output}" in plant.health(), "it says what is wrong")
        assert plant.gateway.running
        assert len(plant.found("m")) < 2500
        plant.disk.make_room()
        until(lambda: len(plant.found("m")) >= 2500, "all messages are written")
        plant.say(7000)
        until(lambda: plant.found("count")[-1] == 7000, "the device is heard again")
        report = json.loads(plant.health())
        (archive,) = (sink for sink in report["sinks"] if sink["name"] == "archive")
        assert 0 < archive["dropped"]["sink blocked"] == plant.said - len(plant.found("count"))
        assert plant.gateway.stop() == 0
        assert plant.found("m") == list(range(2500))


def test_a_gateway_that_is_killed_on_a_full_disk_starts_on_it(tmp_path: Path) -> None:
    """It waits for room, as one does that was not killed; what the broker kept is complete."""
    with scene(tmp_path) as plant:
        plant.disk.fill()
        plant.publish(2000)
        for _ in range(3):
            plant.gateway.kill()
            plant.disk.fill()
            plant.start()
            until(lambda: "No space left on device" in plant.health(), "it says what is wrong")
        plant.disk.make_room()
        until(lambda: len(plant.found("m")) >= 2500, "all messages are written")
        assert plant.gateway.stop() == 0
        assert plant.found("m") == list(range(2500))
