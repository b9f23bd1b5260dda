"""Installed, installed again, several beside each other, upgraded while it runs, and taken away without a trace."""

import zipfile
from pathlib import Path

import pytest
from tests.system.systemd.machine import Machine
from tests.system.systemd.unit import CALM, SINKS, Unit

pytestmark = pytest.mark.root

GAUGEWAY = "/opt/gaugeway/bin/gaugeway"
PLACES = ("/etc", "/usr/local", "/var/lib", "/run")
NOT_OURS = (
    "/run/log",
    "/run/systemd",
    "/run/udev",
    "/run/dbus",
    "/var/lib/systemd",
    "/etc/.pwd.lock",
    "/etc/machine-id",
)
"""What the machine itself writes meanwhile."""
USERS = ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid")


def files(machine: Machine) -> dict[str, str]:
    """Return every file of the machine that an installation could touch, with a digest; not the lists of users."""
    listed = machine.says("sh", "-c", f"find {' '.join(PLACES)} -xdev \\( -type f -o -type l -o -type d \\) | sort")
    kept = [name for name in listed.splitlines() if not name.startswith((*NOT_OURS, *USERS))]
    digests = machine.run("xargs", "-d", "\\n", "sha256sum", check=False, stdin="\n".join(kept)).stdout.splitlines()
    known = {line[66:]: line[:64] for line in digests}
    return {name: known.get(name, "") for name in kept}


def users(machine: Machine) -> set[str]:
    """Return the users and groups of the machine."""
    return set(machine.says("sh", "-c", "cut -d: -f1 /etc/passwd /etc/group").split())


def test_one_command_installs_a_gateway_that_runs_and_is_well(bare: Machine) -> None:
    """With a simulated sensor: everything can be seen at work before anything is plugged in."""
    bare.run(GAUGEWAY, "install")
    unit = Unit(bare)
    assert unit.running
    assert unit.show("UnitFileState") == "enabled"
    unit.grows()
    bare.run("gaugeway", "health")
    assert bare.says("stat", "-c", "%U:%G %a", "/etc/gaugeway/secrets.yaml") == "root:gaugeway 640"
    assert bare.says("stat", "-c", "%U:%G %a", "/etc/gaugeway/credentials") == "root:root 700"
    assert bare.says("bash", "-c", "source /usr/local/share/bash-completion/completions/gaugeway; complete -p gaugeway")


def test_installing_again_changes_nothing(bare: Machine) -> None:
    """What the operator has edited stays, and the gateway runs on."""
    bare.run(GAUGEWAY, "install")
    unit = Unit(bare)
    unit.configure()
    before, pid = files(bare), unit.pid
    assert "writes" not in bare.says(GAUGEWAY, "install")
    after = files(bare)
    kept_by_itself = (unit.state, "/run/gaugeway")
    assert [name for name in before if before[name] != after.get(name) and not name.startswith(kept_by_itself)] == []
    assert unit.pid == pid


def test_uninstall_leaves_what_is_the_operators_and_purge_leaves_nothing(bare: Machine) -> None:
    """The machine is then as it was before."""
    before, known = files(bare), users(bare)
    bare.run(GAUGEWAY, "install")
    Unit(bare).grows()
    bare.run("gaugeway", "uninstall")
    assert bare.run("systemctl", "cat", "gaugeway.service", check=False).returncode != 0
    left = set(files(bare)) - set(before)
    assert {name for name in left if not name.startswith(("/etc/gaugeway", "/var/lib/gaugeway"))} == set()
    assert "/etc/gaugeway/gaugeway.yaml" in left
    assert "/var/lib/gaugeway/readings.jsonl" in left
    bare.run(GAUGEWAY, "uninstall", "--purge")
    assert files(bare) == before
    assert users(bare) == known


def test_several_gateways_live_beside_each_other(bare: Machine) -> None:
    """Each has its own configuration, state, secrets and unit; one that ends leaves the others alone."""
    names = ("north", "south")
    for name in names:
        bare.run(GAUGEWAY, "install", "--no-start", name)
        unit = Unit(bare, name)
        unit.configure(CALM.replace("calm", name))
        bare.run(GAUGEWAY, "install", name)
    north, south = (Unit(bare, name) for name in names)
    for unit, name in ((north, "north"), (south, "south")):
        unit.grows()
        assert {one["sensor"] for one in unit.readings()} == {f"{name}_temp"}
        assert bare.run("gaugeway", "health", name).stdout
    pid = south.pid
    north.systemctl("stop")
    south.grows()
    assert south.pid == pid
    assert bare.run("gaugeway", "health", "north", check=False).returncode == 3
    bare.run("gaugeway", "uninstall", "--purge", "north")
    assert bare.run("test", "-e", "/etc/gaugeway/north", check=False).returncode != 0
    assert south.pid == pid
    south.systemctl("restart")
    south.grows()
    bare.run("gaugeway", "uninstall", "--purge")
    assert bare.says("sh", "-c", "ls -d /var/lib/gaugeway* /etc/gaugeway /run/gaugeway* 2>/dev/null || true") == ""


def test_secrets_come_as_credentials_that_only_root_can_read(unit: Unit) -> None:
    """A file that belongs to root reaches the daemon through systemd; it stands in no log and no environment."""
    secret = "correct-horse-battery"
    unit.machine.write("/etc/gaugeway/credentials/radio_password", f"{secret}\n", mode=0o600)
    radio = """
  radio:
    type: mqtt
    broker: mqtt://broker.invalid
    username: gateway
    password: !secret radio_password
    topic: x/+
    format: {type: json, sensor: s, value: v}
"""
    unit.configure(CALM + radio)
    unit.systemctl("start")
    unit.grows()
    unit.machine.run("gaugeway", "check", f"{unit.configuration}/gaugeway.yaml")
    unit.systemctl("reload")
    environment = unit.machine.read(f"/proc/{unit.pid}/environ")
    health = unit.machine.run("gaugeway", "health", "--json", check=False).stdout
    for text in (unit.log(), environment, health, unit.machine.says("systemctl", "show", unit.name)):
        assert secret not in text
    unit.machine.run("rm", "/etc/gaugeway/credentials/radio_password")
    unit.machine.run("systemctl", "restart", unit.name, check=False)
    assert unit.show("ExecMainStatus") == "78"
    assert "radio_password" in unit.log()


def test_an_upgrade_while_it_runs_takes_nothing_down(bare: Machine, wheel: Path) -> None:
    """The old version goes on, also through a reload; the restart that follows brings the new one, and no gap."""
    bare.run(GAUGEWAY, "install", "--no-start")
    unit = Unit(bare)
    unit.configure()
    unit.systemctl("start")
    unit.grows()
    pid = unit.pid
    newer = bare.root / "opt" / wheel.name.replace("-0.1.0-", "-9.9.9-")
    _repacked(wheel, newer)
    bare.run(
        "/opt/gaugeway/bin/pip", "install", "--quiet", "--no-index", "--no-deps", f"/opt/{newer.name}", timeout=120
    )
    unit.grows()
    unit.configure(CALM.replace("calm", "later"), rest=f"\nstages: [in_range, {{average: {{last: 3}}}}]\n{SINKS}")
    unit.systemctl("reload")
    unit.machine.until(lambda: unit.readings()[-1]["sensor"] == "later_temp", "it had gone over")
    assert unit.pid == pid
    assert '"version":"0.1.0"' in bare.says("gaugeway", "health", "--json").replace(" ", "")
    bare.run(GAUGEWAY, "install")
    assert unit.pid == pid
    unit.systemctl("restart")
    unit.grows()
    assert '"version":"9.9.9"' in bare.says("gaugeway", "health", "--json").replace(" ", "")


def test_it_refuses_to_serve_from_a_place_that_the_service_cannot_see(bare: Machine) -> None:
    """A virtual environment in a home folder is the usual first try: it is told what to do instead."""
    bare.run("python3", "-m", "venv", "--without-pip", "--system-site-packages", "/home/venv")
    bare.run("sh", "-c", "cp -r /opt/gaugeway/lib/python3*/site-packages/* /home/venv/lib/python3*/site-packages/")
    bare.run("sh", "-c", "sed 's#/opt/gaugeway#/home/venv#' /opt/gaugeway/bin/gaugeway >/home/venv/bin/gaugeway")
    before = files(bare)
    refused = bare.run("/home/venv/bin/python", "/home/venv/bin/gaugeway", "install", check=False)
    assert refused.returncode == 78
    assert "/home is hidden" in refused.stderr
    assert "python3 -m venv /opt/gaugeway" in refused.stderr
    assert files(bare) == before


def _repacked(wheel: Path, to: Path) -> None:
    """Write the same package as a version 9.9.9."""
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("METADATA"):
                content = content.replace(b"\nVersion: 0.1.0\n", b"\nVersion: 9.9.9\n")
            new.writestr(name.replace("-0.1.0.dist-info", "-9.9.9.dist-info"), content)
