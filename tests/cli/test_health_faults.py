"""Every fault that an operator meets is named by `health`: what it is, where, and what is to be done about it."""

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.support.adapter import Adapter
from tests.support.brokers import free_port
from tests.support.gateways import Done, Home
from tests.support.waiting import until

from gaugeway.service.health.report import Complaint, Report

GARBAGE = b"\x9c\xf8x\x80\x86~\n"
CONFIG = """
node: plant1
plugins: FOLDER/plugins
sources:
  wrong_baud:
    {type: serial, port: FOLDER/boiler, baud: 9600, format: {type: regex, pattern: 'T=(?P<t1>.+)'}, sensors: {t1: {}}}
  silent:
    type: serial
    port: FOLDER/cellar
    format: {type: regex, pattern: 'T=(?P<t2>.+)'}
    sensors: {t2: {stale_after: 1s}}
  unplugged:
    {type: serial, port: FOLDER/nothing, format: {type: regex, pattern: 'T=(?P<t3>.+)'}, sensors: {t3: {}}}
  no_broker:
    type: mqtt
    broker: mqtt://127.0.0.1:PORT
    topic: plant
    format: {type: json, sensor: sensor, value: value}
    sensors: {t4: {}}
  busy: {type: synthetic, every: 50ms, sensors: {t5: {}}, stages: [fails]}
  well: {type: synthetic, every: 50ms, sensors: {t6: {}}}
sinks:
  full: {type: file, path: FOLDER/disk/readings.jsonl}
  forbidden: {type: file, path: FOLDER/closed/readings.jsonl}
  archive: {type: file, path: readings.jsonl}
  phone: {type: alert, broker: 'mqtt://127.0.0.1:PORT'}
alerts:
  hot: {sensor: t6, above: -1000000}
"""
FAILS = '''
from gaugeway import Reading, stage

@stage("fails")
def fails(reading: Reading) -> Reading:
    """Fail on every reading."""
    raise ValueError("no such curve")
'''
EXPECTED = {
    ("source wrong_baud", "unreadable"),
    ("source unplugged", "waiting"),
    ("source no_broker", "waiting"),
    ("sensor t2", "stale"),
    ("stage busy/fails", "failing"),
    ("sink full", "waiting"),
    ("sink forbidden", "waiting"),
    ("sink phone", "undelivered"),
}

ALARMS = "2 alarms are active: stale@t2, hot"


class Troubled(Home):
    """A gateway with everything wrong that can be wrong at once, and one part that is well."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, CONFIG.replace("FOLDER", str(folder)).replace("PORT", str(free_port())))
        (folder / "plugins").mkdir()
        (folder / "plugins" / "fails.py").write_text(FAILS)
        (folder / "closed").mkdir(mode=0o500)
        self.boiler, self.cellar = Adapter(folder / "boiler"), Adapter(folder / "cellar")
        self.prefix = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *self.prefix]

    def talk(self) -> None:
        """Let one device speak as at a wrong baud rate, and the other say one thing."""
        self.boiler.send(GARBAGE * 16)
        self.cellar.send(b"\nT=21.5\n")

    def remarks(self) -> list[str]:
        """Return what is no fault, and worth a word."""
        return [remark.message for remark in self.report().remarks]

    def heard(self, name: str) -> bool:
        """Tell whether a sensor has said anything."""
        return any(sensor.name == name and sensor.value is not None for sensor in self.report().sensors)

    def complaints(self) -> dict[tuple[str, str], Complaint]:
        """Return what is wrong, by part and kind."""
        report = self.report()
        return {(complaint.part, complaint.kind): complaint for complaint in report.complaints}


@contextmanager
def full_disk(at: Path) -> Generator[None]:
    """Put a disk without any room at a folder."""
    at.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(at)], check=True)
    try:
        with suppress(OSError), (at / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x")
        yield
    finally:
        subprocess.run(["umount", str(at)], check=True)


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Generator[Troubled]:
    """A gateway with all these faults, once health has found them all."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("a full disk takes root, and then a permission takes setpriv")
    folder = tmp_path_factory.mktemp("troubled")
    with full_disk(folder / "disk"), Troubled(folder) as home, home.boiler, home.cellar:
        home.background("run")
        until(lambda: home.alive and len(home.complaints()) >= 4)
        home.talk()
        until(lambda: home.heard("t2"))  # before that it is complained of too, but not after
        until(lambda: home.complaints().keys() >= EXPECTED and ALARMS in home.remarks())
        yield home


@pytest.fixture(scope="module")
def found(troubled: Troubled) -> dict[tuple[str, str], Complaint]:
    """What health complains of."""
    return troubled.complaints()


@pytest.fixture(scope="module")
def report(troubled: Troubled) -> Report:
    """The whole report."""
    return troubled.report()


@pytest.fixture(scope="module")
def shown(troubled: Troubled) -> Done:
    """What `gaugeway health` prints, and its exit code."""
    return troubled.run("health")


def test_a_wrong_baud_rate(found: dict[tuple[str, str], Complaint]) -> None:
    """Nothing that came could be read: the baud rate is asked for."""
    complaint = found["source wrong_baud", "unreadable"]
    assert "source 'wrong_baud': 15 of the last 15 lines could not be read" in complaint.message
    assert "is the baud rate right" in complaint.advice


def test_an_unplugged_adapter(found: dict[tuple[str, str], Complaint], troubled: Troubled) -> None:
    """The port that is not there is named, and that it is tried for ever."""
    complaint = found["source unplugged", "waiting"]
    assert f"port {troubled.folder}/nothing is not there: is the adapter plugged in?" in complaint.message
    assert "it is tried again in" in complaint.advice
    assert "for ever" in complaint.advice


def test_a_dead_broker(found: dict[tuple[str, str], Complaint]) -> None:
    """Where nobody listens, and what to check."""
    message = found["source no_broker", "waiting"].message
    assert "nothing listens on 127.0.0.1" in message
    assert "check that the broker runs" in message


def test_an_alarm_that_cannot_be_told(found: dict[tuple[str, str], Complaint], report: Report) -> None:
    """It waits in the outbox until the broker is there, and health tells of it meanwhile."""
    complaint = found["sink phone", "undelivered"]
    assert "sink 'phone' cannot deliver for" in complaint.message
    assert "nothing listens on 127.0.0.1" in complaint.message
    assert "in its outbox" in complaint.message
    (sink,) = (sink for sink in report.sinks if sink.name == "phone")
    assert sink.outbox is not None
    assert (sink.outbox.waiting > 0, sink.outbox.sent) == (True, 0)
    assert ALARMS in [remark.message for remark in report.remarks]


def test_a_sensor_that_went_silent(found: dict[tuple[str, str], Complaint], report: Report) -> None:
    """A sensor beyond its `stale_after` is stale, with the last value that it had."""
    complaint = found["sensor t2", "stale"]
    assert "sensor 't2' is silent for" in complaint.message
    assert "it should be heard every 1 s" in complaint.message
    (sensor,) = (sensor for sensor in report.sensors if sensor.name == "t2")
    assert (sensor.value, sensor.stale) == (21.5, True)


def test_a_stage_that_fails(found: dict[tuple[str, str], Complaint], report: Report) -> None:
    """What it says, how often, and that its readings are left out; the source goes on."""
    complaint = found["stage busy/fails", "failing"]
    assert "ValueError: no such curve" in complaint.message
    assert "`gaugeway logs` has the traceback" in complaint.advice
    (stage,) = report.stages
    assert stage.failed >= stage.dropped["error"] > 0
    assert {source.name: source.state for source in report.sources}["busy"] == "running"


def test_a_full_disk(found: dict[tuple[str, str], Complaint]) -> None:
    """The sink waits, its readings with it, and room is asked for."""
    complaint = found["sink full", "waiting"]
    assert "No space left on device" in complaint.message
    assert "wait" in complaint.message
    assert "make room on that disk" in complaint.advice


def test_a_missing_permission(found: dict[tuple[str, str], Complaint], troubled: Troubled) -> None:
    """Which file may not be written, and who has to be let."""
    complaint = found["sink forbidden", "waiting"]
    assert f"Permission denied: {troubled.folder}/closed/readings.jsonl" in complaint.message
    assert "let the user that the gateway runs as write there" in complaint.advice


def test_the_others_go_on(report: Report) -> None:
    """All of that leaves alone what is well."""
    assert {source.name: source.state for source in report.sources}["well"] == "running"
    assert {sink.name: sink.state for sink in report.sinks}["archive"] == "running"
    (sensor,) = (sensor for sensor in report.sensors if sensor.name == "t6")
    assert sensor.readings > 0
    assert sensor.rate > 0


def test_all_of_it_in_one_view(shown: Done, found: dict[tuple[str, str], Complaint]) -> None:
    """The text names them all before anything else, and the exit code is 1."""
    assert shown.returncode == 1
    assert shown.stdout.startswith("plant1 is UNWELL: 6 sensors, 1 stale, 2 alarms, 7 faults\n")
    before_the_tables = " ".join(shown.stdout.partition("\nsource ")[0].split())
    for part, _ in found:
        name = part.replace("/", " ").split()[-1]
        assert f"! {part.split()[0]} '{name}'" in before_the_tables
    assert max(map(len, shown.stdout.splitlines())) <= 100
