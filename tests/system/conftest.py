"""Tests on a machine with its own systemd: asked for with --run-root, as root, on Debian."""

import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.system.machine import Machine, booted, inside, view
from tests.system.unit import Unit

PROJECT = Path(__file__).parents[2]
NEEDED = ("systemd-nspawn", "systemd-analyze", "nsenter", "chroot")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the word that such tests are wanted."""
    parser.addoption("--run-root", action="store_true", default=False, help="run what needs root (tests/system)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs root, unless it is asked for; then whatever is missing is told."""
    if config.getoption("--run-root", default=False):
        missing = [command for command in NEEDED if shutil.which(command) is None]
        reason = f"{', '.join(missing)}: not installed" if missing else "needs root" if os.geteuid() != 0 else ""
    else:
        reason = "needs root and Debian's packages: pytest -m root --run-root tests/system"
    for item in items if reason else ():
        if item.get_closest_marker("root"):
            item.add_marker(pytest.mark.skip(reason=reason))


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
