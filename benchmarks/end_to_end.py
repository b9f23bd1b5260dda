"""MQTT to file and alerts, end to end: gaugeway against straightforward scripts, same load, same broker, same run."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as mqtt
from rig import HERE, Child, Cost, lines, middle, mosquitto, publish, table, wait_for, workplace

CONFIGURATION = """\
node: bench
storage: {{journal: {journal}}}
sources:
  plant:
    type: mqtt
    broker: mqtt://127.0.0.1:{port}
    topic: plant/+/telemetry
    format: {{type: json, sensor: sensor, value: value, time: ts}}
    sensors: {{"*": {{kind: flow, unit: L/min, range: [0, 60]}}}}
stages: [in_range, normalise, {{average: {{last: 10}}}}]
sinks:
  archive: {{type: file, path: out.jsonl}}
  phone: {{type: alert, broker: "mqtt://127.0.0.1:{port}"}}
alerts:
  high: {{sensors: ["s*"], above: 50 L/min, clear_below: 45 L/min}}
"""

Start = Callable[[int, Path], Child]
SETTLED = 2.0
"""Seconds after which every contender has connected and subscribed."""


def gaugeway(*, journal: bool) -> Start:
    """Return what starts gaugeway."""

    def start(port: int, folder: Path) -> Child:
        file = folder / "gateway.yaml"
        file.write_text(CONFIGURATION.format(port=port, journal=str(journal).lower()))
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


def steady(start: Start, rate: float, seconds: float) -> tuple[float, float]:
    """Return the share of a core at a constant rate, and the 99th percentile of an alert's way in milliseconds."""
    late: list[float] = []

    def arrived(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        event = json.loads(message.payload)
        moment = event.get("ts") or event.get("measured") or event.get("first_crossed")
        if isinstance(moment, float) and event["event"] == "raised":
            late.append(time.time() - moment)

    with workplace() as folder, mosquitto(folder) as port:
        child = start(port, folder)
        output = folder / "out.jsonl"
        listener = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        listener.on_message = arrived
        listener.connect("127.0.0.1", port)
        listener.subscribe("gw/+/alert/+/event", qos=1)
        listener.loop_start()
        time.sleep(SETTLED)
        before, began = child.cpu(), time.monotonic()
        publish(port, int(rate * seconds), rate=rate)
        wait_for(lambda: lines(output) >= int(rate * seconds))
        share = (child.cpu() - before) / (time.monotonic() - began)
        listener.loop_stop()
        listener.disconnect()
        child.end()
    return share, sorted(late)[int(len(late) * 0.99)] * 1000 if late else float("nan")


def backlog(start: Start, count: int) -> tuple[float, float]:
    """Return the peak memory without a backlog and with one that has gathered while nobody listened."""
    peaks: list[float] = []
    for waiting in (1000, count):
        with workplace() as folder, mosquitto(folder) as port:
            child = start(port, folder)
            time.sleep(SETTLED)
            child.end()
            publish(port, waiting)
            child = start(port, folder)
            wait_for(lambda folder=folder, waiting=waiting: lines(folder / "out.jsonl") >= waiting)
            peaks.append(child.end().peak_mb)
    return peaks[0], peaks[1]


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--runs", type=int, default=3)
    words.add_argument("--messages", type=int, default=100_000)
    words.add_argument("--only", nargs="*", choices=CONTENDERS, default=list(CONTENDERS))
    words.add_argument(
        "--parts", nargs="*", choices=("bulk", "steady", "backlog"), default=["bulk", "steady", "backlog"]
    )
    given = words.parse_args()
    contenders = {name: CONTENDERS[name] for name in given.only}
    if "bulk" in given.parts:
        results: dict[str, list[Cost]] = {name: [] for name in contenders}
        for _ in range(given.runs):
            for name, start in contenders.items():
                results[name].append(bulk(start, given.messages))
        rows = [
            [
                name,
                f"{middle([cost.cpu for cost in found]) * 100_000 / given.messages:.2f}",
                f"{middle([cost.peak_mb for cost in found]):.1f}",
            ]
            for name, found in results.items()
        ]
        table("MQTT at QoS 1 to JSON lines and alerts", ["", "CPU s per 100k messages", "peak RSS MB"], rows)
    if "steady" in given.parts:
        rows = []
        for name, start in contenders.items():
            found = [steady(start, 1000, 20) for _ in range(given.runs)]
            rows.append([name, f"{middle([share for share, _ in found]):.1%}"])
        table("A constant 1,000 messages a second", ["", "share of one core"], rows)
    if "backlog" in given.parts:
        rows = []
        for name, start in contenders.items():
            few, many = backlog(start, 200_000)
            rows.append([name, f"{few:.1f}", f"{many:.1f}", f"{many - few:+.1f}"])
        table("A backlog of 200,000 messages", ["", "peak RSS MB with 1,000", "with 200,000", "difference"], rows)


if __name__ == "__main__":
    main()
