"""A real daemon goes on by itself: the adapter is unplugged and plugged in again, the broker is stopped and started."""

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.adapter import Adapter
from tests.support.brokers import Mosquitto, Peer, needs_mosquitto, publish
from tests.support.waiting import until

from gaugeway.mqtt import Message

SERIAL = """\
sources:
  boiler:
    type: serial
    port: by-id
    format: {type: regex, pattern: 'T=(?P<boiler_temp>[-0-9.]+)'}
    retry: {first: 50ms, most: 200ms}
    sensors: {boiler_temp: {kind: temperature, unit: °C, range: [0, 120]}}
stages: [in_range, {average: {last: 2}}]
sinks:
  archive: {type: file, path: out.jsonl}
"""

MQTT = """\
node: n1
storage: {{sync_every: 100ms}}
sources:
  plant:
    type: mqtt
    broker: {broker}
    topic: plant/+/telemetry
    format: {{type: json, sensor: sensor, value: value}}
    retry: {{first: 50ms, most: 200ms}}
    sensors: {{"*": {{kind: flow, unit: L/min, range: [0, 60]}}}}
stages: [in_range]
sinks:
  archive: {{type: file, path: out.jsonl}}
  phone: {{type: alert, broker: {broker}, retry: {{first: 50ms, most: 200ms}}}}
alerts:
  high: {{sensor: p1, above: 50 L/min, clear_below: 45 L/min}}
"""


@contextmanager
def daemon(folder: Path, configuration: str) -> Generator[subprocess.Popen[bytes]]:
    """Run a gateway while the block does; it has to end well."""
    (folder / "gateway.yaml").write_text(configuration, encoding="utf-8")
    process = subprocess.Popen([sys.executable, "-m", "gaugeway", "run", "gateway.yaml"], cwd=folder)
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(30) == 0


def values(folder: Path) -> list[float]:
    """Return the values in the archive."""
    file = folder / "out.jsonl"
    return [json.loads(line)["value"] for line in file.read_text().splitlines()] if file.exists() else []


def test_unplugging_and_replugging_leaves_a_daemon_that_goes_on(tmp_path: Path) -> None:
    """What comes before and after is there; the half line from before is not glued to the first line after."""
    with Adapter(tmp_path / "by-id") as adapter, daemon(tmp_path, SERIAL):
        until(lambda: _told(adapter, b"T=21.0\r\n", tmp_path, 21.0), "the first reading arrives")
        adapter.send(b"T=8")
        adapter.unplug()
        adapter.plug()
        until(lambda: _told(adapter, b"T=22.0\r\n", tmp_path, 22.0), "readings arrive after replugging")
    assert set(values(tmp_path)) == {21.0, 22.0}


def _told(adapter: Adapter, line: bytes, folder: Path, value: float) -> bool:
    """Say a line again until it shows in the archive: what is sent while nobody listens is gone."""
    adapter.send(line)
    return value in values(folder)


@needs_mosquitto
def test_a_broker_that_is_stopped_and_started_leaves_a_daemon_that_goes_on(tmp_path: Path) -> None:
    """Readings come again, and an alarm that is raised later arrives."""
    broker = Mosquitto(tmp_path, "persistence true", "persistence_location {folder}/")
    with broker, daemon(tmp_path, MQTT.format(broker=broker.address)):
        until(lambda: _published(broker.port, 11.0, tmp_path), "the first reading arrives")
        broker.stop()
        broker.start()
        until(lambda: _published(broker.port, 12.0, tmp_path), "readings arrive after the broker is back")
        with Peer(broker.port).listen("gw/n1/alert/high/event") as phone:
            until(lambda: _published(broker.port, 55.0, tmp_path), "the reading over the threshold arrives")
            heard = phone.hear(1)
    assert json.loads(heard[0].payload)["event"] == "raised"


def _published(port: int, value: float, folder: Path) -> bool:
    """Publish a value and tell whether it is in the archive."""
    publish(port, Message("plant/p1/telemetry", json.dumps({"sensor": "p1", "value": value}).encode()))
    return value in values(folder)
