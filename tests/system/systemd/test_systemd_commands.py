"""The commands of gaugeway do with a systemd unit what they do without one: same words, same result."""

import json

import pytest
from tests.system.systemd.unit import CALM, Unit

pytestmark = pytest.mark.root


def test_start_and_stop_go_through_systemd(unit: Unit) -> None:
    """One word each; started twice or stopped twice is as well."""
    machine = unit.machine
    unit.configure()
    assert "gaugeway.service runs" in machine.says("gaugeway", "start")
    assert unit.running
    assert "runs already" in machine.says("gaugeway", "start")
    assert machine.run("gaugeway", "health").stdout.startswith("tested is well: 1 sensor")
    machine.run("gaugeway", "stop")
    assert not unit.running
    assert machine.run("gaugeway", "stop").returncode == 0
    health = machine.run("gaugeway", "health", check=False)
    assert health.returncode == 3
    assert "tested is not running: it stopped at" in health.stdout


def test_a_start_that_fails_says_why(unit: Unit) -> None:
    """With the mistake and exit code 78, as without systemd."""
    unit.configure(CALM.replace("every: 50ms", "every: fifty"))
    started = unit.machine.run("gaugeway", "start", check=False)
    assert started.returncode == 78
    assert "/etc/gaugeway/gaugeway.yaml:7:12" in started.stderr


def test_restart_refuses_a_bad_edit(unit: Unit) -> None:
    """The old process goes on; with a good one there is a new process."""
    machine = unit.machine
    unit.configure()
    machine.run("gaugeway", "start")
    pid = unit.pid
    unit.configure(CALM.replace("every: 50ms", "every: fifty"))
    for word in ("restart", "reload"):
        refused = machine.run("gaugeway", word, check=False)
        assert refused.returncode == 78
        assert "/etc/gaugeway/gaugeway.yaml:7:12" in refused.stderr
    assert unit.pid == pid
    unit.configure()
    machine.run("gaugeway", "restart")
    assert unit.running
    assert unit.pid != pid


def test_health_knows_the_unit(unit: Unit) -> None:
    """It names the unit and answers root and the members of the group, nobody else."""
    machine = unit.machine
    unit.configure()
    machine.run("gaugeway", "start")
    report = json.loads(machine.says("gaugeway", "health", "--json"))
    assert report["process"]["unit"] == "gaugeway.service"
    assert report["process"]["pid"] == unit.pid
    operator = ("setpriv", "--reuid=nobody", "--regid=nogroup")
    assert machine.run(*operator, "--groups=gaugeway", "gaugeway", "health").returncode == 0
    stranger = machine.run(*operator, "--clear-groups", "gaugeway", "health", check=False)
    assert stranger.returncode == 1
    assert "no permission to speak to it" in stranger.stderr


def test_logs_come_from_the_journal(unit: Unit) -> None:
    """By importance and by source, also of what does not run any more."""
    machine = unit.machine
    away = "\n  port: {type: serial, port: /dev/ttyUSB7, format: {type: keyvalue}, sensors: {t: {}}}\n"
    unit.configure(CALM + away)
    machine.run("gaugeway", "start")
    machine.until(lambda: "source waits" in machine.says("gaugeway", "logs"), "the port was missed")
    assert "started" in machine.says("gaugeway", "logs")
    assert "started" not in machine.says("gaugeway", "logs", "--level", "warning")
    machine.run("gaugeway", "stop")
    of_port = machine.says("gaugeway", "show-logs", "--source", "port")
    assert "source waits" in of_port
    assert "started" not in of_port


def test_several_gateways_by_their_names(unit: Unit) -> None:
    """A name is enough; without one the usual gateway is meant."""
    machine = unit.machine
    north = Unit(machine, "north")
    machine.run("/opt/gaugeway/bin/gaugeway", "install", "north", "--no-start")
    try:
        unit.configure()
        north.configure(head="node: north1\nstorage: {dir: STATE/state}\n")
        machine.run("gaugeway", "start")
        assert "gaugeway@north.service runs" in machine.says("gaugeway", "start", "north")
        assert (unit.running, north.running) == (True, True)
        assert machine.says("gaugeway", "health", "north").startswith("north1 is well")
        assert machine.says("gaugeway", "health").startswith("tested is well")
        machine.run("gaugeway", "stop", "north")
        assert (unit.running, north.running) == (True, False)
    finally:
        north.clear()
