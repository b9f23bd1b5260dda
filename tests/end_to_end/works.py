"""A plant for tests of alarms: a device on a pseudo-terminal, a real daemon in a process, a real broker, one listener.

with Works(tmp_path, 'hot: {sensor: t, above: 85, clear_below: 82}') as works:
works.until_said("hot", "raised", t=90)     # the device goes on saying so until the listener has heard it
works.broker.stop()
works.kill()
works.run()
"""

import json
import math
import os
import signal
import subprocess
import time
import tty
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

import msgspec
import pytest
from tests.sinks.alert.plant import retained
from tests.support.brokers import Mosquitto, Peer
from tests.support.gateways import GAUGEWAY
from tests.support.waiting import until

from gaugeway.mqtt import Message
from gaugeway_sinks.alarms.alarm.command import Result
from gaugeway_sinks.alarms.alarm.event import Event
from gaugeway_sinks.alert.summary import Summary

PAUSE: Final = 0.02
ROOT: Final = "gw/works"
CLOCKS: Final = tuple(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
CONFIG: Final = """\
node: works
storage: {{dir: {folder}/state, sync_every: 100ms, checkpoint_every: 500ms}}
sources:
  device:
    {source}
    format: {{type: {form}}}
    retry: {{first: 50ms, most: 200ms}}
    sensors: {{t: {{range: [-1000, 1000], stale_after: {stale_after}}}}}
sinks:
  phone:
    type: alert
    broker: {address}
    retry: {{first: 50ms, most: 200ms}}
{sinks}
alerts:
{rules}
"""


class Works:
    """Everything together. `more` are further sinks, as lines of YAML. With `wireless`, the device speaks MQTT."""

    def __init__(
        self, folder: Path, *rules: str, stale_after: str = "1h", more: str = "", wireless: bool = False
    ) -> None:
        self.folder = folder
        self.broker = Mosquitto(folder, "persistence true", "persistence_location {folder}/", "autosave_interval 1")
        self.config = folder / "gateway.yaml"
        self.stale_after = stale_after
        self.more = more
        self.wireless = wireless
        self.clock: dict[str, str] = {}
        self.configure(*rules)
        self._ours, theirs = os.openpty()
        tty.setraw(theirs)
        (folder / "device").symlink_to(os.ttyname(theirs))
        self._theirs = theirs
        self._daemon: subprocess.Popen[bytes] | None = None
        self._listener: Peer | None = None
        self._heard: list[Message] = []

    def __enter__(self) -> Self:
        with ExitStack() as undone:
            undone.callback(self._end_all)
            self.broker.start()
            self.listen()
            self.run()
            until(lambda: self.stored("status") == b"online", "the gateway is online")
            undone.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_all()

    def _end_all(self) -> None:
        if self._daemon is not None:
            self.kill()
        self._hang_up()
        self.broker.stop()
        os.close(self._ours)
        os.close(self._theirs)

    def configure(self, *rules: str) -> None:
        """Write the configuration."""
        text = CONFIG.format(
            folder=self.folder,
            address=self.broker.address,
            stale_after=self.stale_after,
            source=f"type: mqtt\n    broker: {self.broker.address}\n    topic: device"
            if self.wireless
            else f"type: serial\n    port: {self.folder}/device",
            form="json" if self.wireless else "keyvalue",
            sinks=self.more,
            rules="\n".join(f"  {rule}" for rule in rules),
        )
        self.config.write_text(text)

    def run(self) -> None:
        """Start the daemon."""
        with (self.folder / "daemon.log").open("ab") as log:
            self._daemon = subprocess.Popen(
                [*GAUGEWAY, "run", str(self.config)],
                cwd=self.folder,
                env=os.environ | {"XDG_RUNTIME_DIR": str(self.folder)} | self.clock,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        """Stop it as systemd would; it ends well."""
        assert self._end(signal.SIGTERM) == 0

    def kill(self) -> None:
        """Kill it in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def reload(self) -> None:
        """Have it go over to what the configuration says now."""
        assert self.command("reload").returncode == 0

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command about it."""
        return subprocess.run(
            [*GAUGEWAY, *words, str(self.config)],
            cwd=self.folder,
            env=os.environ | {"XDG_RUNTIME_DIR": str(self.folder), "PYTHONWARNINGS": ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def set_clock(self, seconds: float) -> None:
        """Put the daemon's wall clock ahead of the real one by so much; the clock that measures durations goes on."""
        file = self.folder / "clock"
        file.with_suffix(".new").write_text(f"{seconds:+.3f}")
        file.with_suffix(".new").replace(file)
        self.clock = {
            "LD_PRELOAD": str(CLOCKS[0]),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def say(self, **values: float) -> None:
        """Let the device say something."""
        if self.wireless:
            assert self._listener is not None
            self._listener.publish(Message("device", json.dumps(values).encode()))
            return
        os.write(self._ours, (" ".join(f"{name}={value}" for name, value in values.items()) + "\n").encode())

    def until(self, enough: Callable[[], object], what: str, **values: float) -> None:
        """Let the device go on saying so until something is the case."""

        def said() -> bool:
            if values:
                self.say(**values)
                time.sleep(PAUSE)
            self.hear()
            return bool(enough())

        until(said, what)

    def until_said(self, rule: str, *words: str, **values: float) -> list[Event]:
        """Let the device go on saying so until the events of a rule are these words; return them."""
        self.until(lambda: len(self.said(rule)) >= len(words), f"{rule} is {', '.join(words)}", **values)
        assert self.said(rule) == list(words)
        return self.events(rule)

    def until_it_is(self, rule: str, condition: str, **values: float) -> Event:
        """Let the device go on saying so until the retained state of a rule is this."""
        self.until(lambda: self.state(rule) == condition, f"{rule} is {condition}", **values)
        return self.snapshot(rule)

    def listen(self) -> None:
        """Begin to listen to everything, or go on after the broker was away, without a gap."""
        self._hang_up()
        self._listener = Peer(self.broker.port, "listener").listen("gw/#")

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish something under the node's root, as somebody at a screen would."""
        with Peer(self.broker.port) as somebody:
            somebody.publish(Message(f"{ROOT}/{topic}", payload, retain=retain))

    def ack(self, rule: str, occurrence: int, *, answers: int) -> Result:
        """Acknowledge, and return the last of so many answers."""
        payload = json.dumps({"cmd": "ack", "occurrence": occurrence, "by": "ann"}).encode()
        self.send(f"alert/{rule}/cmd", payload)
        self.until(lambda: len(self.answers(rule)) >= answers, "the command is answered")
        return self.answers(rule)[-1]

    def answers(self, rule: str) -> list[Result]:
        """Return what came of commands so far."""
        return [msgspec.json.decode(payload, type=Result) for payload in self._on(f"{ROOT}/alert/{rule}/cmd/result")]

    def events(self, rule: str, root: str = ROOT) -> list[Event]:
        """Return the events of a rule that were heard, each once, as a consumer has to count them."""
        found = [msgspec.json.decode(payload, type=Event) for payload in self._on(f"{root}/alert/{rule}/event")]
        return list({event.id: event for event in found}.values())

    def said(self, rule: str, root: str = ROOT) -> list[str]:
        """Return the words of those events."""
        return [str(event.event) for event in self.events(rule, root)]

    def snapshot(self, rule: str) -> Event:
        """Return the state of a rule that was heard last."""
        return msgspec.json.decode(self._on(f"{ROOT}/alert/{rule}/state")[-1], type=Event)

    def state(self, rule: str) -> str:
        """Return its condition, or nothing if nothing was heard of it or it was taken back."""
        told = self._on(f"{ROOT}/alert/{rule}/state")
        return msgspec.json.decode(told[-1], type=Event).condition if told and told[-1] else ""

    def summary(self) -> Summary | None:
        """Return the summary that was heard last."""
        told = self._on(f"{ROOT}/alerts/summary")
        return msgspec.json.decode(told[-1], type=Summary) if told else None

    def stored(self, topic: str) -> bytes | None:
        """Return what the broker has stored on a topic of the node."""
        return retained(self.broker.port, f"{ROOT}/{topic}").get(f"{ROOT}/{topic}")

    def hear(self) -> list[Message]:
        """Return all that was heard so far."""
        assert self._listener is not None
        self._listener.look()
        return [*self._heard, *self._listener.heard]

    def alarms(self, *words: str) -> list[Mapping[str, object]]:
        """Return what `gaugeway alarms --json` prints."""
        told = self.command("alarms", "--json", *words)
        assert told.returncode == 0, told.stderr
        return [cast("Mapping[str, object]", json.loads(line)) for line in told.stdout.splitlines()]

    def until_in_history(self, word: str, **values: float) -> None:
        """Let the device go on saying so until the gateway itself has noted such an event, whoever is told of it."""
        file = self.folder / "state" / "alarms.jsonl"
        self.until_true(lambda: f'"event":"{word}"'.encode() in file.read_bytes() if file.exists() else False, **values)

    def until_true(self, enough: Callable[[], object], **values: float) -> None:
        """Let the device go on saying so until something is the case, while there is no broker to listen to."""

        def said() -> bool:
            self.say(**values)
            time.sleep(PAUSE)
            return bool(enough())

        until(said, "it came to that")

    def told_at(self) -> float:
        """Return the time of the daemon's last reading, by its own clock; NaN while it has no time to answer."""
        report = json.loads(self.command("health", "--json").stdout)
        return float(report["sensors"][0]["time"]) if "sensors" in report else math.nan

    def rejected(self) -> int:
        """Return how many lines were none."""
        report = json.loads(self.command("health", "--json").stdout)
        return sum(report["sources"][0]["rejected"].values())

    def readings(self) -> int:
        """Return how many readings have come."""
        return int(json.loads(self.command("health", "--json").stdout)["sources"][0]["readings"])

    def states(self) -> dict[str, str]:
        """Return the condition of every alarm, as it was heard last."""
        told = {message.topic: message.payload for message in self.hear() if message.topic.endswith("/state")}
        events = (msgspec.json.decode(payload, type=Event) for payload in told.values() if payload)
        return {event.rule: event.condition for event in events}

    def flooded(self, active: int) -> bool:
        """Tell whether the summary says that there is a flood, and so many alarms are active."""
        told = self.summary()
        return told is not None and told.flood and len(told.active) == active

    def _on(self, topic: str) -> list[bytes]:
        return [message.payload for message in self.hear() if message.topic == topic]

    def _end(self, how: signal.Signals) -> int:
        assert self._daemon is not None
        daemon, self._daemon = self._daemon, None
        daemon.send_signal(how)
        return daemon.wait(30)

    def _hang_up(self) -> None:
        if self._listener is not None:
            self._heard += self._listener.heard
            self._listener.close()
            self._listener = None


needs_clock: Final = pytest.mark.skipif(not CLOCKS, reason="libfaketime is not installed")
