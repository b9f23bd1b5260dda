"""A day of a gateway's life in a quarter of an hour: `python -m tests.system.day --hours 24 --seconds 900 --seed 1`.

Real sensors on pseudo-terminals that are unplugged and plugged in again, a real broker that is restarted, a clock that
is set, an operator who edits, reloads and looks: all as often as in so many hours, and as many readings, in less time.
The gateway has the environment that the unit gives it.
In the end nothing may have grown: neither memory nor threads nor open files; nothing may have been restarted that
nobody restarted, no message may be lost, and health has nothing to complain of.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from statistics import median
from typing import Final
from urllib.request import urlopen

import msgspec
from tests.support.brokers import Mosquitto, free_port
from tests.support.service import environment
from tests.support.waiting import until
from tests.system.campaign.load import RANGE, Messages, Publisher
from tests.system.stepped import SetClock
from tests.system.victim import Victim

from gaugeway.service.health.report import Report
from gaugeway.service.presence.client import Talk
from gaugeway.service.presence.record import look, records

HOUR: Final = 3600.0
CABLES: Final = 2
SENSORS: Final = 10
WARM: Final = 0.25
"""By then everything has happened once, and what is needed for it is in memory."""
OFFSETS: Final = (0.0, -5.0, HOUR, -HOUR, 30 * 24 * HOUR, -300 * 24 * HOUR)
SETTLING: Final = 60.0
OF_THE_PLANT: Final = ("alarms", "outside", "clock")
"""What health has to say of the plant and of the computer, and not of the gateway."""
GROWTH: Final = 750_000
BROKER: Final = ("persistence true", "persistence_location {folder}/", "log_type error", "log_type subscribe")
CONFIGURATION: Final = """\
node: day
storage: {{sync_every: 1s, checkpoint_every: 2s}}
http: {{listen: 127.0.0.1:{http}}}
sources:
  plant:
    type: mqtt
    broker: mqtt://127.0.0.1:{broker}
    topic: plant/#
    format: {{type: json, sensor: sensor, value: value, time: ts}}
    retry: {{first: 100ms, most: 500ms}}
    sensors: {{"s*": {{kind: temperature, unit: °C, range: {range}}}}}
  boiler:
    type: serial
    port: {disk}/cable0
    format: {{type: keyvalue}}
    retry: {{first: 100ms, most: 500ms}}
    sensors: {{b1: {{}}, b2: {{}}}}
  cellar:
    type: serial
    port: {disk}/cable1
    format: {{type: regex, pattern: 'b1=(?P<c1>[-0-9.]+)'}}
    retry: {{first: 100ms, most: 500ms}}
    sensors: {{c1: {{stale_after: 1min}}}}
stages: [in_range, normalise, {{average: {{last: {last}}}}}]
sinks:
  archive: {{type: file, path: '{disk}/out.jsonl', rotate: {{size: 5MB, compress: true}}, select: ["s*"]}}
  wires: {{type: file, path: '{disk}/wires.jsonl', rotate: {{size: 1MB}}, keep: {{files: 2}}, select: [b1, b2, c1]}}
  phone: {{type: alert, broker: 'mqtt://127.0.0.1:{broker}', retry: {{first: 100ms, most: 500ms}}}}
alerts:
  hot: {{sensors: ["s*"], above: {above}, hysteresis: 3}}
  quiet: {{sensor: c1, stale: 30s}}
"""


class Orders(msgspec.Struct, frozen=True):
    """How long the life is, in how much time, and how often what happens in it."""

    hours: float = 24.0
    seconds: float = 900.0
    seed: int = 1
    unplug_every: float = HOUR / 2
    restart_broker_every: float = HOUR
    reload_every: float = HOUR
    look_every: float = HOUR / 6
    set_clock_every: float = 4 * HOUR
    growth: int = GROWTH

    @property
    def faster(self) -> float:
        """So many times as fast as life."""
        return self.hours * HOUR / self.seconds


class Sample(msgspec.Struct, frozen=True):
    """What the gateway uses at one moment."""

    at: float
    memory: int
    threads: int
    files: int


class Cable:
    """A serial device that says one line a second of its life, and is plugged in or not."""

    def __init__(self, path: Path, pause: float) -> None:
        self.path = path
        self._pause = pause
        self._device: int | None = None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._talk, name="cable")
        self.plug()
        self._thread.start()

    def plug(self) -> None:
        """Plug it in: another pseudo-terminal, found under the same path."""
        with self._lock:
            self._device, terminal = os.openpty()
            os.set_blocking(self._device, False)
            tty.setraw(terminal)
            self.path.symlink_to(os.ttyname(terminal))
            os.close(terminal)

    def unplug(self) -> None:
        """Pull it out, in the middle of a line if it so happens."""
        with self._lock:
            if self._device is not None:
                self.path.unlink()
                os.close(self._device)
                self._device = None

    def close(self) -> None:
        """End."""
        self._ended.set()
        self._thread.join()
        self.unplug()

    def _talk(self) -> None:
        number = 0
        while not self._ended.wait(self._pause):
            number += 1
            with self._lock:
                try:
                    if self._device is not None:
                        os.write(self._device, b"b1=%d.5 b2=%d\r\n" % (number % 100, number % 7))
                except OSError:
                    continue  # nobody has opened it yet, or it says more than is read


class Day:
    """One life in a folder. `run` returns what is wrong with it in the end; `report` is what happened."""

    def __init__(self, orders: Orders, folder: Path) -> None:
        self.orders = orders
        self.folder = folder
        self.happened: dict[str, int] = {}
        self.samples: list[Sample] = []
        self._chance = Random(orders.seed)
        self._clock = SetClock(folder / "clock")
        self._messages = Messages(int(orders.hours * HOUR * SENSORS), SENSORS, orders.seed)
        self._lines = self._messages.expected()
        self._settings: dict[str, object] = {"last": 10, "above": 45, "http": free_port(), "range": list(RANGE)}

    @property
    def report(self) -> str:
        """What happened, and what was used from when it was warm to the end."""
        done = ", ".join(f"{count} x {what}" for what, count in sorted(self.happened.items()))
        used = [(one.memory / 1e6, one.threads, one.files) for one in (*self._warm()[:1], *self.samples[-1:])]
        figures = " -> ".join(f"{memory:.1f} MB, {threads} threads, {files} files" for memory, threads, files in used)
        return (
            f"{self.orders.hours:g} h in {self.orders.seconds:g} s, {self._messages.count} messages; {done}; {figures}"
        )

    def run(self) -> list[str]:
        """Live through it, and return what is wrong."""
        with self._parts() as (gateway, broker, cables, publisher):
            pid = gateway.pid
            publisher.start()
            self._live(gateway, broker, cables, publisher)
            until(lambda: publisher.done, "all is published", 120.0)
            settled = time.monotonic() + SETTLING
            while time.monotonic() < settled and (self._ask().state != "well" or _archived(gateway) < self._lines):
                time.sleep(0.5)
            self._look()
            return self._judge(self._ask(), pid, gateway)

    def _live(self, gateway: Victim, broker: Mosquitto, cables: list[Cable], publisher: Publisher) -> None:
        """Do everything when it is due."""
        orders = self.orders
        events: list[tuple[float, Callable[[], None]]] = [
            (orders.unplug_every, lambda: self._replug(self._chance.choice(cables))),
            (orders.restart_broker_every, lambda: self._restart(broker, publisher)),
            (orders.reload_every, lambda: self._reload(gateway)),
            (orders.look_every, self._look),
            (orders.set_clock_every, self._set_clock),
        ]
        due = sorted(
            (number * every + self._chance.random(), index)
            for index, (every, _) in enumerate(events)
            for number in range(1, int(orders.hours * HOUR / every) + 1)
        )
        began = time.monotonic()
        for at, index in due:
            time.sleep(max(0.0, at / orders.faster - (time.monotonic() - began)))
            events[index][1]()

    def _replug(self, cable: Cable) -> None:
        cable.unplug()
        time.sleep(0.3)
        cable.plug()
        self._note("unplugged")

    def _restart(self, broker: Mosquitto, publisher: Publisher) -> None:
        publisher.pause()
        broker.stop()
        time.sleep(0.2)
        broker.start()
        publisher.start()
        self._note("broker restarted")

    def _reload(self, gateway: Victim) -> None:
        """Go over to something else, now and then to something wrong, which changes nothing."""
        self._settings |= {"last": self._chance.choice((5, 10, 20)), "above": self._chance.choice((40, 45, 50))}
        if self._chance.random() < 0.2:
            gateway.reload(**{**self._settings, "last": "many"})
            self._note("wrong reload")
            time.sleep(0.5)
        gateway.reload(**self._settings)
        self._note("reloaded")

    def _set_clock(self) -> None:
        self._clock.set(self._chance.choice(OFFSETS))
        self._note("clock set")

    def _look(self) -> None:
        """Ask in all the ways there are, and note what the gateway uses."""
        report = self._ask()
        with urlopen(f"http://127.0.0.1:{self._settings['http']}/metrics", timeout=10) as page:
            assert b"gaugeway_build_info" in page.read()
        with self._talk() as talk:
            next(iter(talk.listen({"ask": "tap", "at": "plant"})))
        process = report.process
        self.samples.append(Sample(time.monotonic(), process.memory, process.threads, process.files))
        with (self.folder / "samples.jsonl").open("ab") as file:
            file.write(msgspec.json.encode(self.samples[-1]) + b"\n")

    def _ask(self) -> Report:
        with self._talk() as talk:
            return msgspec.convert(talk.ask({"ask": "health"}), Report)

    def _talk(self) -> Talk:
        (seen,) = (seen for path in records(str(self.folder)) if (seen := look(path)))
        return Talk(seen, patience=10.0)

    def _warm(self) -> list[Sample]:
        return self.samples[int(len(self.samples) * WARM) :]

    def _judge(self, report: Report, pid: int, gateway: Victim) -> list[str]:
        """Return what is wrong."""
        warm = self._warm()
        half = len(warm) // 2
        told = (*report.complaints, *report.remarks)
        wrong = [one.message for one in told if one.kind not in OF_THE_PLANT]
        before, after = warm[:half], warm[half:]
        grown = median(one.memory for one in after) - median(one.memory for one in before)
        if grown > self.orders.growth:
            wrong.append(f"memory grew by {grown / 1e6:.1f} MB")
        if min(one.threads for one in after) > max(one.threads for one in before):
            wrong.append("threads are left behind")
        if min(one.files for one in after) > max(one.files for one in before):
            wrong.append("files are left open")
        if report.process.pid != pid:
            wrong.append("it is another process")
        wrong += [f"source {one.name} was restarted {one.restarts} times" for one in report.sources if one.restarts]
        wrong += [f"sink {one.name} lost {one.dropped}" for one in report.sinks if one.dropped]
        if report.sources[1].reopened + report.sources[2].reopened < self.happened.get("unplugged", 0):
            wrong.append("cables were pulled out, and nobody noticed")
        if (archived := _archived(gateway)) != self._lines:
            wrong.append(f"{archived} readings were archived, and not {self._lines}")
        return wrong

    def _note(self, what: str) -> None:
        self.happened[what] = self.happened.get(what, 0) + 1

    @contextmanager
    def _parts(self) -> Generator[tuple[Victim, Mosquitto, list[Cable], Publisher]]:
        pace = 1.0 / self.orders.faster
        with ExitStack() as stack:
            broker = stack.enter_context(Mosquitto(self.folder, *BROKER))
            self._settings["broker"] = broker.port
            cables = [Cable(self.folder / f"cable{number}", pace) for number in range(CABLES)]
            for cable in cables:
                stack.callback(cable.close)
            publisher = Publisher(self._messages, broker.port, rate=SENSORS / pace)
            stack.callback(publisher.close)
            gateway = stack.enter_context(Victim(self.folder, CONFIGURATION))
            gateway.start(under=self._clock.before(), environment=environment(), **self._settings)
            log = self.folder / "mosquitto.log"
            until(lambda: b" plant/#" in log.read_bytes(), "the gateway is subscribed")
            yield gateway, broker, cables, publisher
            assert gateway.stop() == 0


def _archived(gateway: Victim) -> int:
    """Return how many lines there are in all files; one that is just being compressed is counted again."""
    while True:
        try:
            return gateway.lines
        except FileNotFoundError:
            continue


def main() -> int:
    """Live through one day and say what came of it."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--hours", type=float, default=24.0, help="of life")
    words.add_argument("--seconds", type=float, default=900.0, help="that it takes")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--folder", type=Path, help="where everything is left to be looked at")
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="gaugeway-day-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        day = Day(Orders(hours=given.hours, seconds=given.seconds, seed=given.seed), folder)
        wrong = day.run()
    print(day.report)
    print("\n".join(wrong) or "nothing is wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
