"""A campaign against the promise that a crash leaves no trace.

A real mosquitto, a publisher with known contents, and a gateway that is killed (SIGKILL) at random moments, also
while it starts, recovers or takes a checkpoint. Meanwhile the broker is restarted and the network fails; the clock may
be set too, the stages edited while it is down, the output rotated, a recording read beside it. In the end the output
has to be, byte for byte, that of a run that nobody disturbed, and no alarm may be lost or changed.
"""

import re
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Final, Literal

from tests.support.brokers import Mosquitto
from tests.support.waiting import until
from tests.system.campaign.clock import Clock
from tests.system.campaign.judge import Event, Verdict, Witness, judge
from tests.system.campaign.line import FAULTS, Line
from tests.system.campaign.load import Messages, Publisher
from tests.system.campaign.plan import STAGES, Orders, configuration, record
from tests.system.victim import ORDINARY, Victim

BROKER: Final = (
    "persistence true",
    "persistence_location {folder}/",
    "log_type error",
    "log_type warning",
    "log_type subscribe",
)
NORMAL: Final = re.compile(rb',"normal":[-+.0-9e]+')
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


class Campaign:
    """One campaign in a folder. `report` is what happened, `run` returns what came of it."""

    def __init__(self, orders: Orders, folder: Path) -> None:
        self.orders = orders
        self.folder = folder
        self.kills = 0
        self.restarts = 0
        self.cuts = 0
        self.steps = 0
        self.stops = 0
        self.reloads = 0
        self.died_alone = 0
        self._began = time.monotonic()
        self._chance = Random(orders.seed)
        self._clock = Clock(folder / "clock", self._chance)
        self._messages = Messages(orders.messages, orders.sensors, orders.seed, orders.sources)
        self._lines = self._messages.expected() + orders.rows

    @property
    def report(self) -> str:
        """What happened, in one line."""
        done = f"{self.kills} kills, {self.restarts} broker restarts, {self.cuts} network faults"
        also = f"{self.stops} stops, {self.reloads} reloads, {self.steps} steps of the clock"
        return f"{done}, {also}; {self.orders}"

    def run(self) -> Verdict:
        """Run it twice, once undisturbed, and compare."""
        calm, wild = self.folder / "calm", self.folder / "wild"
        calm.mkdir()
        wild.mkdir()
        with self._gateway(calm, direct=True) as (gateway, broker, _):
            expected = self._undisturbed(gateway, broker)
            wanted = self._comparable(gateway)
        with self._gateway(wild) as (gateway, broker, line):
            heard = self._disturbed(gateway, broker, line, len(expected))
            found = self._comparable(gateway)
        return judge(found, wanted, heard, expected, self.orders.sources)

    def disk(self, folder: Path) -> Path:
        """Return where the state and the output of a run are."""
        return folder

    def _comparable(self, gateway: Victim) -> dict[str, bytes]:
        """Return what has to be the same in both runs: where stages come and go, all but their results."""
        if not self.orders.edits:
            return gateway.pages
        return {"all": NORMAL.sub(b"", b"".join(gateway.pages.values()))}

    def _undisturbed(self, gateway: Victim, broker: Mosquitto) -> list[Event]:
        publisher = Publisher(self._messages, broker.port, rate=1e9)
        gateway.start(sync_every=5000, checkpoint_every=30000, stages=STAGES[0])
        witness = Witness(broker.port)
        witness.listen()
        self._subscribed(gateway.folder)
        publisher.start()
        until(lambda: publisher.done and gateway.lines >= self._lines, "the undisturbed run ends", DRAINED)
        publisher.close()
        assert gateway.stop() == 0
        assert gateway.lines == self._lines
        return witness.listen()

    def _disturbed(self, gateway: Victim, broker: Mosquitto, line: Line, events: int) -> list[Event]:
        witness = Witness(broker.port)
        witness.listen()
        self._start(gateway)
        self._subscribed(gateway.folder)
        if self.orders.calls:
            gateway.kill()
            self._start(gateway, at_call=True)
        publisher = Publisher(self._messages, broker.port, self.orders.messages / self.orders.seconds)
        publisher.start()
        try:
            self._disturb(gateway, broker, line, publisher)
            until(lambda: publisher.done, "all is published", DRAINED)
            # What never comes is found lost by the judge.
            _wait_while(lambda: gateway.lines < self._lines, DRAINED, 0.2)
        finally:
            publisher.close()
        _wait_while(lambda: len({event.id for event in witness.listen()}) < events, DRAINED / 2)
        gateway.stop()
        return witness.listen()

    def _disturb(self, gateway: Victim, broker: Mosquitto, line: Line, publisher: Publisher) -> None:
        """Kill so many times, and do other damage in between."""
        orders, chance = self.orders, self._chance
        until_end = time.monotonic() + orders.seconds
        faults = ["cut"] * orders.cuts + ["restart"] * orders.restarts + ["step"] * orders.steps
        faults += ["stop"] * orders.stops + ["reload"] * orders.reloads + ["kill"] * orders.kills
        chance.shuffle(faults)
        for index, fault in enumerate(faults):
            share = max(0.0, until_end - time.monotonic()) / (len(faults) - index)
            if fault == "cut":
                time.sleep(chance.uniform(0, share))
                self._cut(line)
            elif fault == "restart":
                self._restart(broker, publisher)
            elif fault == "step":
                time.sleep(chance.uniform(0, share))
                self._note(f"clock set to {self._clock.step()}")
                self.steps += 1
            elif fault in ("stop", "reload"):
                gateway.wait_for_progress(WORKING)
                time.sleep(chance.uniform(0, share))
                self._reload(gateway) if fault == "reload" else self._stop(gateway)
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
            began = time.monotonic()
            gateway.wait_for_progress(WORKING)
            self._note(f"something was written after {time.monotonic() - began:.3f} s")
        span = {"start": (0.0, 0.4), "recovery": (0.3, 0.8), "work": (0.0, share), "call": (0.0, 0.0)}[moment]
        time.sleep(chance.uniform(*span))
        size = gateway.size
        self.end_one_life(gateway)
        self.kills += 1
        self._note(f"killed in {moment}, {size} bytes written")
        if chance.random() < 0.3:
            time.sleep(chance.uniform(0, 0.5))  # nobody listens, and the broker has to keep what comes
        self._start(gateway, at_call=self.orders.calls and self.kills < self.orders.kills)

    def _stop(self, gateway: Victim) -> None:
        """Restart it in good order."""
        self.died_alone += gateway.stop() != 0
        self.stops += 1
        self._note("stopped")
        self._start(gateway)

    def _reload(self, gateway: Victim) -> None:
        settings = self._settings()
        gateway.reload(**settings)
        self.reloads += 1
        self._note(f"reloaded with {settings}")

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
        chance, settings = self._chance, self._settings()
        call = chance.choice(list(CALLS))
        when = chance.randint(1, CALLS[call])
        killer = (*STRACE, f"-etrace={call}", f"-einject={call}:signal=KILL:when={when}") if at_call else ()
        environment = self._clock.environment if self.orders.steps else ORDINARY
        gateway.start(under=killer, environment=environment, **settings)
        self._note(f"started with {settings} {' '.join(killer[-1:])}")

    def _settings(self) -> dict[str, object]:
        """Return what changes from life to life."""
        orders, chance = self.orders, self._chance
        return {
            "sync_every": chance.choice(orders.sync_every),
            "checkpoint_every": chance.choice(orders.checkpoint_every),
            "stages": chance.choice(orders.stages),
        }

    def _note(self, what: str) -> None:
        with (self.folder / "diary.txt").open("a") as diary:
            diary.write(f"{time.monotonic() - self._began:8.3f} {what}\n")

    @contextmanager
    def _gateway(self, folder: Path, *, direct: bool = False) -> Generator[tuple[Victim, Mosquitto, Line]]:
        orders = self.orders
        with ExitStack() as stack:
            broker = stack.enter_context(Mosquitto(folder, *BROKER))
            line = stack.enter_context(Line(broker.port, Random(orders.seed)))
            template = configuration(orders, broker.port if direct else line.port)
            record(folder / "history.csv", orders.rows, orders.seed)
            yield stack.enter_context(Victim(folder, template, self.disk(folder))), broker, line

    def _subscribed(self, folder: Path) -> None:
        """Wait until the broker keeps messages for the gateway."""
        log, topics = folder / "mosquitto.log", [b" plant/%d/+" % line for line in range(self.orders.sources)]
        until(lambda: all(topic in log.read_bytes() for topic in topics), "the gateway is subscribed")


def _wait_while(condition: Callable[[], bool], seconds: float, every: float = 0.005) -> None:
    """Wait until a condition holds no more, or the time is up."""
    deadline = time.monotonic() + seconds
    while condition() and time.monotonic() < deadline:
        time.sleep(every)
