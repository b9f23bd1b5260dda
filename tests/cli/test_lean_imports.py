"""Nobody pays for what he does not use: what must not be in memory for help, for a check and for years in a daemon."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from tests.support.brokers import publish, some_broker
from tests.support.gateways import Home
from tests.support.waiting import until

from gaugeway.mqtt import Message

CONFIGS: Final = Path(__file__).parents[2] / "configs"
NEVER_AT_ONCE: Final = frozenset(
    {"asyncio", "concurrent", "ctypes", "difflib", "email", "hashlib", "http", "importlib.metadata", "multiprocessing",
     "paho", "serial", "shutil", "smtplib", "socks", "ssl", "tempfile", "urllib.request", "zoneinfo"}
)  # fmt: skip
HELP: Final = NEVER_AT_ONCE | {"datetime", "inspect", "logging", "msgspec", "pathlib", "sqlite3", "yaml"}
CHECK: Final = NEVER_AT_ONCE | {"gaugeway.engine", "gaugeway.service.health.report", "logging", "sqlite3"}
DAEMON: Final = (NEVER_AT_ONCE - {"paho"}) | {"gaugeway.config", "inspect", "random", "yaml"}
PROGRAM: Final = """
import sys
sys.modules["typing_extensions"] = None  # which nothing that a gateway needs brings along
from gaugeway.cli import main
main(sys.argv[1:])
print(*sys.modules, file=sys.stderr)
"""
PLANT: Final = """
node: lean
sources:
  plant:
    type: mqtt
    broker: {address}
    version: {version}
    topic: plant/+
    format: {{type: json, sensor: sensor, value: value}}
    sensors: {{"*": {{kind: flow, unit: L/min, range: [0, 60]}}}}
stages: [in_range, normalise, {{average: {{last: 10}}}}]
sinks:
  archive: {{type: file, path: out.jsonl}}
  phone: {{type: alert, broker: "{address}", version: {version}}}
alerts:
  high: {{sensors: ["*"], above: 50 L/min}}
"""


def loaded(said: str) -> set[str]:
    """Return the modules that a process had at its end, and the packages that they are of."""
    names = said.splitlines()[-1].split()
    return {".".join(name.split(".")[:depth]) for name in names for depth in range(1, name.count(".") + 2)}


def after(*words: str) -> set[str]:
    """Return what a command has imported."""
    program = [sys.executable, "-P", "-c", PROGRAM, *words]
    return loaded(subprocess.run(program, capture_output=True, text=True, check=True).stderr)


def test_help() -> None:
    """It is text."""
    assert sorted(after("--help") & HELP) == []


@pytest.mark.parametrize("sample", ["minimal", "boiler-room", "water-works"])
def test_check(sample: str) -> None:
    """Plugins are imported to ask for their options; what they work with is not."""
    assert sorted(after("check", str(CONFIGS / f"{sample}.yaml")) & CHECK) == []


def test_a_daemon(tmp_path: Path) -> None:
    """It reads, stores, alarms over a broker that it is connected to, and reloads; who reads its configuration goes."""
    with some_broker(tmp_path) as broker:
        version = broker.version if broker.version == 5 else f'"{broker.version}"'
        home = Home(tmp_path, PLANT.format(address=broker.address, version=version))
        command = [sys.executable, "-P", "-c", PROGRAM, "run", str(home.config)]
        with subprocess.Popen(command, env=home.environment, stderr=subprocess.PIPE, text=True) as daemon:
            until(lambda: home.alive, "it is there")
            until(lambda: came(broker.port, tmp_path / "out.jsonl"), "a reading arrives")
            assert home.run("reload").returncode == 0
            os.kill(daemon.pid, signal.SIGTERM)
            _, said = daemon.communicate(timeout=60)
    modules = loaded(said)
    assert "paho.mqtt.client" in modules
    assert sorted(modules & DAEMON) == []


def came(port: int, file: Path) -> bool:
    """Send a reading, and tell whether one is in the file."""
    publish(port, Message("plant/a", b'{"sensor": "a", "value": 55}'))
    return file.exists() and b'"a"' in file.read_bytes()
