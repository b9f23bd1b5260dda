"""A campaign against the promise that a crash leaves no trace: `python -m tests.system.campaign --kills 200 --seed 1`.

A real mosquitto, a publisher with known contents, and a gateway that is killed (SIGKILL) at random moments, also
while it starts, recovers or takes a checkpoint. Meanwhile the broker is restarted and the network fails. In the end
the output has to be, byte for byte, that of a run that nobody disturbed, and no alarm may be lost or changed.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Final, Literal

import msgspec
from tests.support.brokers import Mosquitto, until
from tests.system.campaign_judge import Event, Verdict, Witness, judge
from tests.system.campaign_line import FAULTS, Line
from tests.system.campaign_load import Messages, Publisher
from tests.system.victim import Victim

BROKER: Final = (
    "persistence true",
    "persistence_location {folder}/",
    "log_type error",
    "log_type warning",
    "log_type subscribe",
)
SOURCE: Final = """\
  line{line}:
    type: mqtt
    broker: mqtt://127.0.0.1:{port}
    version: {version}
    topic: plant/{line}/+
    qos: {qos}
    format: {{type: json, sensor: sensor, value: value, time: ts}}
    sensors: {{"*": {{kind: flow, unit: L/min, range: [0, 60]}}}}
    retry: {{first: 50ms, most: 200ms}}
"""
PLANT: Final = """\
node: plant1
storage:
  dir: {{disk}}/state
  journal_size: 16MiB
  sync_every: {{sync_every}}ms
  checkpoint_every: {{checkpoint_every}}ms
sources:
{sources}
stages: [in_range, normalise, {{{{average: {{{{last: 10}}}}}}}}]
sinks:
  archive: {{{{type: file, path: {{disk}}/out.jsonl}}}}
  phone:
    type: alert
    broker: mqtt://127.0.0.1:{port}
    flood: 1000000
    stale_after: 1d
    retry: {{{{first: 50ms, most: 200ms}}}}
alerts:
  high: {{{{sensors: ["s*"], above: 48 L/min, clear_below: 46 L/min}}}}
  drift: {{{{sensors: ["s*"], of: average, below: 15 L/min, clear_above: 16 L/min, severity: critical}}}}
"""
DRAINED: Final = 60.0
WORKING: Final = 10.0
STRACE: Final = ("strace", "-f", "-qq", "--seccomp-bpf", "-o/dev/null")
CALLS: Final = {
    "fdatasync": 30,
    "fsync": 10,
    "pwritev,pwritev2": 60,
    "pwrite64": 20,
    "write": 60,
    "ftruncate": 2,
    "/^rename": 1,
    "/^unlink": 2,
    "sendto": 60,
}
"""System calls that a gateway makes, and how many of each it surely makes in a second or two."""

Moment = Literal["start", "recovery", "work", "call"]


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done."""

    kills: int
    seconds: float
    seed: int
    messages: int = 100_000
    sensors: int = 50
    qos: int = 1
    version: str = "5"
    sources: int = 1
    cuts: int = 0
    restarts: int = 0
    calls: bool = False


class Campaign:
    """One campaign in a folder. `report` is what happened, `run` returns what came of it."""

    def __init__(self, orders: Orders, folder: Path) -> None:
        self.orders = orders
        self.folder = folder
        self.kills = 0
        self.restarts = 0
        self.cuts = 0
        self.died_alone = 0
        self._began = time.monotonic()
        self._chance = Random(orders.seed)
        self._messages = Messages(orders.messages, orders.sensors, orders.seed, orders.sources)

    @property
    def report(self) -> str:
        """What happened, in one line."""
        return (
            f"seed {self.orders.seed}: {self.kills} kills, {self.restarts} broker restarts, {self.cuts} network faults,"
            f" {self.orders.messages} messages at QoS {self.orders.qos} from {self.orders.sensors} sensors"
            f" to {self.orders.sources} source{'s' if self.orders.sources > 1 else ''}"
        )

    def run(self) -> Verdict:
        """Run it twice, once undisturbed, and compare."""
        calm, wild = self.folder / "calm", self.folder / "wild"
        calm.mkdir()
        wild.mkdir()
        expected = self._undisturbed(calm)
        heard = self._disturbed(wild, calm / "out.jsonl", len(expected))
        return judge(self.disk(wild) / "out.jsonl", calm / "out.jsonl", heard, expected, self.orders.sources)

    def disk(self, folder: Path) -> Path:
        """Return where the state and the output of a run are."""
        return folder

    def _undisturbed(self, folder: Path) -> list[Event]:
        with self._gateway(folder, direct=True) as (gateway, broker, _):
            publisher = Publisher(self._messages, broker.port, rate=1e9)
            gateway.start(sync_every=5000, checkpoint_every=30000)
            witness = Witness(broker.port)
            witness.listen()
            self._subscribed(folder)
            publisher.start()
            expected = self._messages.expected()
            until(lambda: publisher.done and gateway.lines >= expected, "the undisturbed run ends", DRAINED)
            publisher.close()
            assert gateway.stop() == 0
            assert gateway.lines == expected
            return witness.listen()

    def _disturbed(self, folder: Path, reference: Path, events: int) -> list[Event]:
        with self._gateway(folder) as (gateway, broker, line):
            witness = Witness(broker.port)
            witness.listen()
            self._start(gateway)
            self._subscribed(folder)
            if self.orders.calls:
                gateway.kill()
                self._start(gateway, at_call=True)
            publisher = Publisher(self._messages, broker.port, self.orders.messages / self.orders.seconds)
            publisher.start()
            try:
                self._disturb(gateway, broker, line, publisher)
                size = reference.stat().st_size
                until(lambda: publisher.done, "all is published", DRAINED)
                _wait_while(lambda: gateway.size < size, DRAINED)  # what never comes is found lost by the judge
            finally:
                publisher.close()
            _wait_while(lambda: len({event.id for event in witness.listen()}) < events, DRAINED / 2)
            gateway.stop()
            return witness.listen()

    def _disturb(self, gateway: Victim, broker: Mosquitto, line: Line, publisher: Publisher) -> None:
        """Kill so many times, and do other damage in between."""
        orders, chance = self.orders, self._chance
        until_end = time.monotonic() + orders.seconds
        faults = ["cut"] * orders.cuts + ["restart"] * orders.restarts + ["kill"] * orders.kills
        chance.shuffle(faults)
        for index, fault in enumerate(faults):
            share = max(0.0, until_end - time.monotonic()) / (len(faults) - index)
            if fault == "cut":
                time.sleep(chance.uniform(0, share))
                self._cut(line)
            elif fault == "restart":
                self._restart(broker, publisher)
            else:
                self._kill(gateway, share)

    def _cut(self, line: Line) -> None:
        fault = self._chance.choice(FAULTS)
        line.fail(fault, self._chance.uniform(0.05, 0.5))
        self.cuts += 1
        self._note(f"network {fault}")

    def _kill(self, gateway: Victim, share: float) -> None:
        """Kill while it starts, while it goes back and replays, some time after it has begun to write, or at a call."""
        chance = self._chance
        moment: Moment = "call" if self.orders.calls else chance.choices(("start", "recovery", "work"), (2, 2, 6))[0]
        if moment == "call":
            _wait_while(lambda: gateway.running, 2.0)
        elif moment == "work":
            gateway.wait_for_progress(WORKING)
        span = {"start": (0.0, 0.4), "recovery": (0.3, 0.8), "work": (0.0, share), "call": (0.0, 0.0)}[moment]
        time.sleep(chance.uniform(*span))
        size = gateway.size
        self.end_one_life(gateway)
        self.kills += 1
        self._note(f"killed in {moment}, {size} bytes written")
        if chance.random() < 0.3:
            time.sleep(chance.uniform(0, 0.5))  # nobody listens, and the broker has to keep what comes
        self._start(gateway, at_call=self.orders.calls and self.kills < self.orders.kills)

    def end_one_life(self, gateway: Victim) -> None:
        """Kill the process."""
        self.died_alone += not gateway.kill()

    def _restart(self, broker: Mosquitto, publisher: Publisher) -> None:
        """Restart the broker in good order: one that is killed forgets what it has acknowledged."""
        publisher.pause()
        broker.stop()
        time.sleep(self._chance.uniform(0, 0.3))
        broker.start()
        publisher.start()
        self.restarts += 1
        self._note("broker restarted")

    def _start(self, gateway: Victim, *, at_call: bool = False) -> None:
        chance = self._chance
        sync_every, checkpoint_every = chance.choice((0, 50, 500, 2000)), chance.choice((20, 200, 1000))
        call = chance.choice(list(CALLS))
        when = chance.randint(1, CALLS[call])
        killer = (*STRACE, f"-etrace={call}", f"-einject={call}:signal=KILL:when={when}") if at_call else ()
        gateway.start(sync_every=sync_every, checkpoint_every=checkpoint_every, under=killer)
        self._note(f"started with {sync_every=}, {checkpoint_every=} {' '.join(killer[-1:])}")

    def _note(self, what: str) -> None:
        with (self.folder / "diary.txt").open("a") as diary:
            diary.write(f"{time.monotonic() - self._began:8.3f} {what}\n")

    @contextmanager
    def _gateway(self, folder: Path, *, direct: bool = False) -> Generator[tuple[Victim, Mosquitto, Line]]:
        orders = self.orders
        with ExitStack() as stack:
            broker = stack.enter_context(Mosquitto(folder, *BROKER))
            line = stack.enter_context(Line(broker.port, Random(orders.seed)))
            port = broker.port if direct else line.port
            each = (
                SOURCE.format(line=number, port=port, version=orders.version, qos=orders.qos)
                for number in range(orders.sources)
            )
            sources = "".join(each).replace("{", "{{").replace("}", "}}")
            configuration = PLANT.format(sources=sources, port=port)
            yield stack.enter_context(Victim(folder, configuration, self.disk(folder))), broker, line

    def _subscribed(self, folder: Path) -> None:
        """Wait until the broker keeps messages for the gateway."""
        log, topics = folder / "mosquitto.log", [b" plant/%d/+" % line for line in range(self.orders.sources)]
        until(lambda: all(topic in log.read_bytes() for topic in topics), "the gateway is subscribed")


def _wait_while(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until a condition holds no more, or the time is up."""
    deadline = time.monotonic() + seconds
    while condition() and time.monotonic() < deadline:
        time.sleep(0.005)


def main() -> int:
    """Run one campaign and say what came of it."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--kills", type=int, default=200)
    words.add_argument("--seconds", type=float, default=300.0, help="over which messages and faults are spread")
    words.add_argument("--seed", type=int, required=True)
    words.add_argument("--messages", type=int, default=100_000)
    words.add_argument("--sensors", type=int, default=50)
    words.add_argument("--qos", type=int, choices=(1, 2), default=1)
    words.add_argument("--mqtt", choices=("5", "3.1.1"), default="5")
    words.add_argument("--sources", type=int, default=1, help="that share one file, each with its own messages")
    words.add_argument("--cuts", type=int, help="failures of the network (default: one for four kills)")
    words.add_argument("--restarts", type=int, help="restarts of the broker (default: one for twenty kills)")
    words.add_argument("--calls", action="store_true", help="kill at system calls, by means of strace")
    words.add_argument("--folder", type=Path, help="where everything is left to be looked at")
    given = words.parse_args()
    orders = Orders(
        kills=given.kills,
        seconds=given.seconds,
        seed=given.seed,
        messages=given.messages,
        sensors=given.sensors,
        qos=given.qos,
        version=given.mqtt,
        sources=given.sources,
        cuts=given.kills // 4 if given.cuts is None else given.cuts,
        restarts=given.kills // 20 if given.restarts is None else given.restarts,
        calls=given.calls,
    )
    with tempfile.TemporaryDirectory(prefix="gaugeway-campaign-") as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        campaign = Campaign(orders, folder)
        verdict = campaign.run()
    print(campaign.report)
    print(verdict)
    return 0 if verdict.well and not campaign.died_alone else 1


if __name__ == "__main__":
    sys.exit(main())
