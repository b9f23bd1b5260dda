"""Machines with a systemd of their own, on which gaugeway is deployed as it is published."""

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.system.systemd.machine import Machine, booted, inside, view
from tests.system.systemd.unit import Unit

PROJECT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gaugeway as it is published."""
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(PROJECT)]
    subprocess.run(words, check=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def deployed(wheel: Path) -> Generator[Path]:
    """What `python3 -m venv /opt/gaugeway` and `pip install` change on a machine, with the Python of the system."""
    with view() as (root, changes):
        (root / "opt" / wheel.name).write_bytes(wheel.read_bytes())
        inside(root, ["/usr/bin/python3", "-m", "venv", "/opt/gaugeway"])
        inside(root, ["/opt/gaugeway/bin/pip", "install", "--quiet", f"/opt/{wheel.name}"])
        yield changes


@pytest.fixture
def bare(deployed: Path) -> Generator[Machine]:
    """A machine on which gaugeway is there, but not yet installed as a service."""
    with view(deployed) as (root, _), booted(root) as machine:
        yield machine


@pytest.fixture(scope="module")
def machine(deployed: Path) -> Generator[Machine]:
    """A machine with gaugeway as a service that is not running."""
    with view(deployed) as (root, _), booted(root) as machine:
        machine.run("/opt/gaugeway/bin/gaugeway", "install", "--no-start")
        yield machine


@pytest.fixture
def unit(machine: Machine) -> Generator[Unit]:
    """The service of the machine, stopped and without any state, before and after."""
    unit = Unit(machine)
    try:
        yield unit
    finally:
        unit.clear()
