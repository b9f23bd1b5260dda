"""A gateway under a real systemd: started, reloaded, stopped, killed, hung, starved of memory."""

import pytest
from tests.system.systemd.unit import CALM, SINKS, Unit

pytestmark = pytest.mark.root

STUCK = """
import time
from pathlib import Path
from gaugeway import Reading, Tick, source

@source("stuck")
class Stuck:
    '''Says one reading, and hangs as long as a file says so.'''

    ticks = True

    def stream(self):
        yield Reading("stuck_temp", 20.0)
        yield Tick()
        while True:
            while Path("/run/hang-source").exists():
                time.sleep(0.01)
            yield Reading("stuck_temp", 21.0)
            yield Tick()
            time.sleep(0.05)
"""
SLOW = """
import time
from pathlib import Path
from gaugeway import stage

@stage("slow")
def slow(reading):
    '''Hangs as long as a file says so.'''
    while Path("/run/hang-stage").exists():
        time.sleep(0.01)
    return reading
"""
GREEDY = """
from pathlib import Path
from gaugeway import stage

@stage("greedy")
class Greedy:
    '''Eats memory as long as a file says so.'''

    ticks = "pass"

    def __init__(self):
        self.eaten = []

    def process(self, stream):
        for reading in stream:
            while Path("/run/eat").exists():
                self.eaten.append(bytearray(1 << 20))
            yield reading
"""
STUCK_SOURCE = """
  stuck: {type: stuck, sensors: {stuck_temp: {kind: temperature, unit: °C}}}
"""


def test_ready_means_that_every_pipeline_was_started(unit: Unit) -> None:
    """`systemctl start` returns when it is so, the status says how the gateway is, and readings come."""
    unit.configure()
    unit.systemctl("start")
    assert unit.running
    assert unit.show("StatusText") == "1 sensor"
    assert unit.show("NotifyAccess") == "main"
    unit.grows()


def test_a_configuration_with_a_mistake_is_told_and_not_tried_again(unit: Unit) -> None:
    """Only a person can mend it: the journal says where, systemd does not restart it."""
    unit.configure(CALM.replace("every: 50ms", "every: fifty"))
    assert unit.systemctl("start", check=False).returncode != 0
    assert unit.show("ExecMainStatus") == "78"
    assert unit.restarts == 0
    assert "/etc/gaugeway/gaugeway.yaml:7:12" in unit.log()


def test_a_plugin_that_cannot_be_built_keeps_it_from_being_ready(unit: Unit) -> None:
    """All pipelines or none: nobody should believe that a gateway runs which leaves a sensor out."""
    unit.plugin("broken", "from gaugeway import source\n@source('broken')\nclass Broken:\n    def stream(self): ...\n"
                "    def __init__(self): raise RuntimeError('no such chip')\n")  # fmt: skip
    unit.configure(f"{CALM}\n  broken: {{type: broken}}\n")
    assert unit.systemctl("start", check=False).returncode != 0
    assert unit.show("ExecMainStatus") == "78"
    assert "no such chip" in unit.log()


def test_it_starts_without_network_broker_and_devices(unit: Unit) -> None:
    """They are waited for while everything else goes on."""
    away = """
  radio: {type: mqtt, broker: "mqtt://broker.invalid", topic: x/+, format: {type: json, sensor: s, value: v}}
  port: {type: serial, port: /dev/ttyUSB7, format: {type: keyvalue}, sensors: {t: {kind: temperature, unit: °C}}}
"""
    unit.configure(CALM + away)
    unit.systemctl("start")
    unit.grows()
    health = unit.machine.run("gaugeway", "health", check=False)
    assert health.returncode == 1
    assert "broker.invalid" in health.stdout
    assert "/dev/ttyUSB7" in health.stdout


def test_a_reload_takes_over_the_new_configuration(unit: Unit) -> None:
    """The process stays, and when `systemctl reload` returns it is done."""
    unit.configure()
    unit.systemctl("start")
    pid = unit.pid
    unit.configure(CALM + CALM.replace("calm", "quick").replace("50ms", "20ms"))
    unit.systemctl("reload")
    assert unit.pid == pid
    assert unit.running
    unit.machine.until(lambda: any(one["sensor"] == "quick_temp" for one in unit.readings()), "the new source spoke")
    unit.machine.until(lambda: unit.show("StatusText") == "2 sensors", "the status knew of it")


def test_a_reload_with_a_mistake_is_refused_and_changes_nothing(unit: Unit) -> None:
    """Whoever asked is told what is wrong, with its place."""
    unit.configure()
    unit.systemctl("start")
    pid = unit.pid
    unit.configure(CALM.replace("range: [0, 120]", "range: [120, 0]"))
    assert unit.systemctl("reload", check=False).returncode != 0
    assert unit.running
    assert unit.pid == pid
    assert "/etc/gaugeway/gaugeway.yaml:8" in unit.log()
    unit.grows()


def test_sighup_reloads_too(unit: Unit) -> None:
    """As daemons do."""
    unit.configure()
    unit.systemctl("start")
    unit.kill("HUP")
    unit.machine.until(lambda: "reloaded" in unit.log(), "it was reloaded")
    unit.machine.until(lambda: unit.running, "it was ready again")


def test_stop_brings_everything_to_disk(unit: Unit) -> None:
    """It ends by itself, well, with whole lines, and says in the journal that it did."""
    unit.configure()
    unit.systemctl("start")
    unit.grows()
    unit.systemctl("stop")
    assert unit.show("Result") == "success"
    text = unit.machine.read(f"{unit.state}/readings.jsonl")
    assert text.endswith("}\n")
    assert "stopped" in unit.log()


def test_a_crash_is_followed_by_a_restart_that_nobody_notices_in_the_file(unit: Unit) -> None:
    """Killed again and again, the file has whole lines, no time twice, and goes on."""
    unit.configure()
    unit.set(RestartSec="100ms")
    unit.systemctl("start")
    for count in range(1, 4):
        unit.grows()
        unit.kill("KILL")
        _runs_again(unit, count)
    unit.grows()
    times = [one["time"] for one in unit.readings()]
    assert len(times) == len(set(times))


def test_a_source_that_hangs_is_opened_again_without_a_restart(unit: Unit) -> None:
    """The journal names it; the other source does not even notice."""
    unit.plugin("stuck", STUCK)
    unit.configure(CALM + STUCK_SOURCE)
    unit.set(WatchdogSec="2s")
    unit.systemctl("start")
    pid = unit.pid
    unit.machine.run("touch", "/run/hang-source")
    unit.machine.until(lambda: "source hangs" in unit.log(), "it was found")
    assert "source=stuck" in unit.log()
    unit.machine.run("rm", "/run/hang-source")
    unit.grows()
    before = sum(one["sensor"] == "stuck_temp" for one in unit.readings())
    unit.machine.until(
        lambda: sum(one["sensor"] == "stuck_temp" for one in unit.readings()) > before, "the source spoke again"
    )
    assert unit.pid == pid
    assert unit.restarts == 0


def test_a_pipeline_that_hangs_elsewhere_is_restarted_by_systemd(unit: Unit) -> None:
    """The watchdog is fed by progress; the stack in the journal tells a developer where it hung."""
    unit.plugin("slow", SLOW)
    unit.configure(rest=f"\nstages: [slow]\n{SINKS}")
    unit.set(WatchdogSec="2s", RestartSec="100ms")
    unit.systemctl("start")
    unit.machine.run("touch", "/run/hang-stage")
    unit.machine.until(lambda: "Watchdog timeout" in unit.log(), "the watchdog bit")
    unit.machine.run("rm", "/run/hang-stage")
    _runs_again(unit, 1)
    assert "slow.py" in unit.log()
    assert "Fatal Python error: Aborted" in unit.log()
    unit.grows()


def test_a_process_that_stands_still_is_restarted(unit: Unit) -> None:
    """Whatever stops it from doing anything at all, systemd notices."""
    unit.configure()
    unit.set(WatchdogSec="1s", RestartSec="100ms", TimeoutAbortSec="1s")
    unit.systemctl("start")
    unit.kill("STOP")
    _runs_again(unit, 1)
    unit.grows()


def test_out_of_memory_ends_this_service_alone_and_it_is_restarted(unit: Unit) -> None:
    """The machine is not to suffer from a plugin that eats memory."""
    unit.plugin("greedy", GREEDY)
    unit.configure(rest=f"\nstages: [greedy]\n{SINKS}")
    unit.set(MemoryMax="96M", RestartSec="100ms")
    unit.systemctl("start")
    unit.grows()
    unit.machine.run("touch", "/run/eat")
    unit.machine.until(lambda: unit.restarts >= 1, "it was restarted")
    unit.machine.run("rm", "/run/eat")
    unit.machine.until(lambda: unit.running, "it ran again")
    unit.grows()
    assert "oom-kill" in unit.log() or "status=9/KILL" in unit.log()  # the latter with the older control groups


def _runs_again(unit: Unit, restarts: int) -> None:
    unit.machine.until(lambda: unit.restarts == restarts and unit.running, "it ran again")


def test_readings_are_marked_until_the_time_service_has_set_the_clock(unit: Unit) -> None:
    """Also in the sandbox, which may not ask the kernel."""
    unit.configure()
    unit.machine.run("mkdir", "-p", "/run/systemd/timesync")
    try:
        unit.systemctl("start")
        unit.grows()
        assert {one.get("stamp") for one in unit.readings()} == {"unsynced"}
        unit.machine.run("touch", "/run/systemd/timesync/synchronized")
        unit.machine.until(lambda: "stamp" not in unit.readings()[-1], "it had noticed")
        assert "clock was set" in unit.log()
    finally:
        unit.machine.run("rm", "-r", "/run/systemd/timesync")


def test_our_own_words_do_what_systemctl_does(unit: Unit) -> None:
    """One word each, the same with and without systemd."""
    unit.configure()
    run = unit.machine.run
    assert run("gaugeway", "health", check=False).returncode == 3
    run("gaugeway", "start")
    assert unit.running
    pid = unit.pid
    run("gaugeway", "restart")
    assert unit.running
    assert unit.pid != pid
    run("gaugeway", "reload")
    unit.grows()
    run("gaugeway", "health")
    assert "started" in run("gaugeway", "logs").stdout
    run("gaugeway", "stop")
    assert unit.show("ActiveState") == "inactive"
    assert unit.show("Result") == "success"
    assert run("gaugeway", "health", check=False).returncode == 3
    assert unit.restarts == 0
