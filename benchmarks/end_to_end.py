"""MQTT to file and alerts, end to end: gaugeway against straightforward scripts, same load, same broker, same run."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from rig import HERE, Child, Cost, lines, middle, mosquitto, publish, table, wait_for, workplace

CONFIGURATION = """\
node: bench
storage: {{{storage}}}
sources:
  plant:
    type: mqtt
    broker: mqtt://127.0.0.1:{port}
    topic: plant/+/telemetry
    format: {{type: json, sensor: sensor, value: value, time: ts}}
    sensors: {{"*": {{kind: flow, unit: L/min, range: [0, 60]}}}}
stages: [in_range, normalise, {{average: {{last: 10}}}}]
sinks:
  archive: {{type: file, path: {archive}}}
  phone: {{type: alert, broker: "mqtt://127.0.0.1:{port}", flood: 1000}}
alerts:
  high: {{sensors: ["s*"], above: 50 L/min, clear_below: 45 L/min}}
"""

Start = Callable[[int, Path], Child]
OFTEN = 211
"""At a constant rate one reading in so many raises an alert: a few a second, each time of another sensor."""

SETTLED = 2.0
"""Seconds after which every contender has connected and subscribed."""


def gaugeway(*, journal: bool) -> Start:
    """Return what starts gaugeway."""

    def start(port: int, folder: Path) -> Child:
        file = folder / "gateway.yaml"
        storage = f"journal: {str(journal).lower()}"
        file.write_text(CONFIGURATION.format(port=port, storage=storage, archive="out.jsonl"))
        return Child([sys.executable, "-m", "gaugeway", "run", file])

    return start


def script(name: str) -> Start:
    """Return what starts a peer."""
    return lambda port, folder: Child([sys.executable, HERE / "peers" / name, str(port), str(folder / "out.jsonl")])


CONTENDERS: dict[str, Start] = {
    "gaugeway": gaugeway(journal=True),
    "gaugeway, journal off": gaugeway(journal=False),
    "paho script": script("paho_script.py"),
    "aiomqtt script": script("aiomqtt_script.py"),
}


def bulk(start: Start, count: int) -> Cost:
    """Return the cost of a number of messages sent as fast as the broker takes them, start and end included."""
    with workplace() as folder, mosquitto(folder) as port:
        child = start(port, folder)
        time.sleep(SETTLED)
        publish(port, count)
        wait_for(lambda: lines(folder / "out.jsonl") >= count)
        return child.end()


class Steady(NamedTuple):
    """What a constant rate costs, and how long alerts are on their way, in milliseconds."""

    share: float
    median: float
    late: float
    alerts: int


def steady(start: Start, rate: float, seconds: float) -> Steady:
    """Measure at a constant rate, with some alerts every second; an alert's way begins when its reading is sent."""
    ways: list[float] = []

    def arrived(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        now, event = time.time(), json.loads(message.payload)
        if event["event"] == "raised":
            ways.append(1000 * (now - (event.get("ts") or _moment(event["first_crossed"]))))

    count = int(rate * seconds)
    with workplace() as folder, mosquitto(folder) as port:
        child = start(port, folder)
        output = folder / "out.jsonl"
        listener = mqtt.Client(CallbackAPIVersion.VERSION2)
        listener.on_message = arrived
        listener.connect("127.0.0.1", port)
        listener.subscribe("gw/+/alert/+/event", qos=1)
        listener.loop_start()
        time.sleep(SETTLED)
        before, began = child.cpu(), time.monotonic()
        publish(port, count, rate=rate, crossing=OFTEN)
        wait_for(lambda: lines(output) >= count)
        share = (child.cpu() - before) / (time.monotonic() - began)
        wait_for(lambda: len(ways) >= count // OFTEN)
        listener.loop_stop()
        listener.disconnect()
        child.end()
    ways.sort()
    return Steady(share, middle(ways), ways[int(len(ways) * 0.99)], len(ways))


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def backlog(start: Start, count: int) -> tuple[float, float]:
    """Return the peak memory without a backlog and with one that has gathered while nobody listened."""
    return peak(start, 1000), peak(start, count)


def peak(start: Start, waiting: int) -> float:
    """Return the peak memory of one that begins with a backlog."""
    with workplace() as folder, mosquitto(folder) as port:
        child = start(port, folder)
        time.sleep(SETTLED)
        child.end()
        publish(port, waiting)
        child = start(port, folder)
        wait_for(lambda: lines(folder / "out.jsonl") >= waiting)
        return child.end().peak_mb


def show_bulk(contenders: dict[str, Start], runs: int, messages: int) -> None:
    """Measure as fast as it goes, the contenders taking turns."""
    results: dict[str, list[Cost]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, start in contenders.items():
            results[name].append(bulk(start, messages))
    rows = [
        [
            name,
            f"{middle([cost.cpu for cost in found]) * 100_000 / messages:.2f}",
            f"{middle([cost.peak_mb for cost in found]):.1f}",
        ]
        for name, found in results.items()
    ]
    table("MQTT at QoS 1 to JSON lines and alerts", ["", "CPU s per 100k messages", "peak RSS MB"], rows)


def show_steady(contenders: dict[str, Start], runs: int, seconds: float) -> None:
    """Measure at a constant rate."""
    rows: list[list[str]] = []
    for name, start in contenders.items():
        found = [steady(start, 1000, seconds) for _ in range(runs)]
        rows.append(
            [
                name,
                f"{middle([one.share for one in found]):.1%}",
                f"{middle([one.median for one in found]):.1f}",
                f"{middle([one.late for one in found]):.1f}",
                f"{sum(one.alerts for one in found)}",
            ]
        )
    head = ["", "share of one core", "alert's way, median ms", "99th percentile ms", "alerts"]
    table("A constant 1,000 messages a second", head, rows)


def show_backlog(contenders: dict[str, Start]) -> None:
    """Measure what a backlog adds to the memory."""
    rows: list[list[str]] = []
    for name, start in contenders.items():
        few, many = backlog(start, 200_000)
        rows.append([name, f"{few:.1f}", f"{many:.1f}", f"{many - few:+.1f}"])
    table("A backlog of 200,000 messages", ["", "peak RSS MB with 1,000", "with 200,000", "difference"], rows)


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--runs", type=int, default=3)
    words.add_argument("--messages", type=int, default=100_000)
    words.add_argument("--seconds", type=float, default=20, help="how long the constant rate is kept up")
    words.add_argument("--only", nargs="*", choices=CONTENDERS, default=list(CONTENDERS))
    words.add_argument(
        "--parts", nargs="*", choices=("bulk", "steady", "backlog"), default=["bulk", "steady", "backlog"]
    )
    given = words.parse_args()
    contenders = {name: CONTENDERS[name] for name in given.only}
    if "bulk" in given.parts:
        show_bulk(contenders, given.runs, given.messages)
    if "steady" in given.parts:
        show_steady(contenders, given.runs, given.seconds)
    if "backlog" in given.parts:
        show_backlog(contenders)


if __name__ == "__main__":
    main()
