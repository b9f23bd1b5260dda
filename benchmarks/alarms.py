"""Alarms: how soon an event is with the broker, and what a thousand rules cost."""

import argparse
import os
import queue
import socket
import sys
import threading
import time
import tty
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from rig import Child, connect, encoded, middle, mosquitto, packet, table, workplace

SENSORS: Final = 200
EVERY: Final = 0.1
SETTLED: Final = 3.0
PAUSE: Final = 0.02
CROSSING: Final = """\
node: bench
sources:
  device:
    {source}
    sensors: {{t: {{unit: °C, range: [-40, 120]}}}}
stages: [in_range, {{average: {{last: 10}}}}]
sinks:
  phone: {{type: alert, broker: "mqtt://127.0.0.1:{port}", flood: 1000000}}
alerts:
  hot: {{sensor: t, above: 85 °C, clear_below: 82 °C}}
"""
SERIAL: Final = "type: serial\n    port: {folder}/device\n    format: {{type: keyvalue}}"
MQTT: Final = "type: mqtt\n    broker: mqtt://127.0.0.1:{port}\n    topic: device\n    format: {{type: json}}"
DEVICES: Final = {
    "serial, as it is": SERIAL,
    "serial, max_latency: 0s": SERIAL + "\n    max_latency: 0s",
    "MQTT, as it is": MQTT,
}
MANY: Final = """\
node: bench
sources:
  plant:
    type: synthetic
    every: {every}
    sensors:
{sensors}
sinks:
  phone: {{type: alert, broker: "mqtt://127.0.0.1:{port}"}}
{alerts}
"""
LIMITS: Final = (
    "above: 85, clear_below: 82, for: 10s",
    "above: 95, severity: critical",
    "below: 5, hysteresis: 2",
    "outside: [2, 98], for: 30s",
    "below: 1, severity: critical",
)
ALL_KINDS: Final = (
    "above: 85, clear_below: 82, for: 10s",
    "outside: [2, 98], for: 30s",
    "below: 5, hysteresis: 2",
    "rate: 200 per s",
    "stuck: 10min",
)
PUBLISH: Final = 3
PUBACK: Final = 4


class Relay:
    """Stands between the gateway and its broker, and notes when the broker confirms an event."""

    def __init__(self, port: int) -> None:
        self._confirmed: queue.SimpleQueue[float] = queue.SimpleQueue()
        self._broker = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._events: set[bytes] = set()
        threading.Thread(target=self._serve, daemon=True).start()

    def next_confirmed(self) -> float:
        """Return when the next event was confirmed."""
        return self._confirmed.get(timeout=30.0)

    def _serve(self) -> None:
        while True:
            gateway, _ = self._server.accept()
            broker = socket.create_connection(("127.0.0.1", self._broker))
            for line in (gateway, broker):
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for pair in ((gateway, broker, self._from_gateway), (broker, gateway, self._from_broker)):
                threading.Thread(target=_pass_on, args=pair, daemon=True).start()

    def _from_gateway(self, kind: int, body: bytes) -> None:
        end = 2 + int.from_bytes(body[:2], "big")
        if kind == PUBLISH and body[2:end].endswith(b"/hot/event"):
            self._events.add(body[end : end + 2])

    def _from_broker(self, kind: int, body: bytes) -> None:
        if kind == PUBACK and body[:2] in self._events:
            self._events.discard(body[:2])
            self._confirmed.put(time.monotonic())


def _pass_on(source: socket.socket, sink: socket.socket, look: Callable[[int, bytes], None]) -> None:
    """Pass on what comes, and look at each packet in it."""
    held = b""
    with suppress(OSError):
        while came := source.recv(65536):
            held += came
            while (cut := _packet(held)) is not None:
                kind, start, end = cut
                look(kind, held[start:end])
                held = held[end:]
            sink.sendall(came)
        sink.shutdown(socket.SHUT_WR)


def _packet(held: bytes) -> tuple[int, int, int] | None:
    """Return the kind of the first packet, and where its body begins and ends."""
    length = shift = 0
    for index, digit in enumerate(held[1:5], 2):
        length |= (digit & 127) << shift
        shift += 7
        if digit < 128:
            end = index + length
            return (held[0] >> 4, index, end) if len(held) >= end else None
    return None


@contextmanager
def device(folder: Path, port: int, *, wireless: bool) -> Generator[Callable[[int], None]]:
    """Yield what lets a device say a value, on a serial line or to the broker."""
    if wireless:
        with connect(port, "device") as line:
            yield lambda value: line.sendall(packet(0x30, encoded("device") + b'{"t": %d}' % value))
        return
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    (folder / "device").symlink_to(os.ttyname(theirs))
    try:
        yield lambda value: _write(ours, b"t=%d\n" % value)
    finally:
        os.close(ours)
        os.close(theirs)


def _write(fd: int, line: bytes) -> None:
    os.write(fd, line)


def latencies(source: str, count: int) -> list[float]:
    """Return how long it took from each crossing reading to the confirmation of its event."""
    found: list[float] = []
    with workplace() as folder, mosquitto(folder) as port, device(folder, port, wireless=source == MQTT) as say:
        relay = Relay(port)
        file = folder / "gateway.yaml"
        file.write_text(CROSSING.format(port=relay.port, source=source.format(folder=folder, port=port)))
        with Child([sys.executable, "-m", "gaugeway", "run", file]):
            time.sleep(SETTLED)
            for _ in range(count):
                began = time.monotonic()
                say(90)
                found.append(relay.next_confirmed() - began)
                say(20)
                relay.next_confirmed()
                time.sleep(PAUSE)
    return found


def load(rules: Sequence[str], seconds: float) -> tuple[float, float]:
    """Return the share of one core, in percent, and the memory that a gateway with these rules a sensor takes."""
    sensors = "\n".join(f"      s{number}: {{range: [0, 100]}}" for number in range(SENSORS))
    alerts = "\n".join(
        f"  r{number}_{index}: {{sensor: s{number}, {rule}}}"
        for number in range(SENSORS)
        for index, rule in enumerate(rules)
    )
    with workplace() as folder, mosquitto(folder) as port:
        file = folder / "gateway.yaml"
        text = MANY.format(port=port, every=f"{EVERY * 1000:.0f}ms", sensors=sensors, alerts=f"alerts:\n{alerts}")
        file.write_text(text if rules else text.replace("alerts:\n", ""))
        with Child([sys.executable, "-m", "gaugeway", "run", file]) as child:
            time.sleep(SETTLED)
            before, began = child.cpu(), time.monotonic()
            time.sleep(seconds)
            return 100 * (child.cpu() - before) / (time.monotonic() - began), child.resident_mb()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crossings", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    waits: list[list[str]] = []
    for name, source in DEVICES.items():
        took = sorted(1000 * seconds for seconds in latencies(source, asked.crossings))
        waits.append([name, f"{middle(took):.1f}", f"{took[int(0.95 * len(took))]:.1f}", f"{took[-1]:.1f}"])
    table(
        f"From a crossing reading to the broker's confirmation of its event, {asked.crossings} times",
        ["device", "median ms", "95 % within ms", "longest ms"],
        waits,
    )
    rows: list[list[str]] = []
    for name, rules in (("no rules", ()), ("1,000 limits", LIMITS), ("1,000 of all kinds", ALL_KINDS)):
        core, memory = load(rules, asked.seconds)
        rows.append([name, f"{core:.1f}", f"{memory:.1f}"])
    table(f"{SENSORS} sensors, {SENSORS / EVERY:,.0f} readings/s", ["rules", "% of a core", "resident MB"], rows)


if __name__ == "__main__":
    main()
