"""The commands of docs/raspberry-pi.md, just as they stand there, on a machine that has nothing of gaugeway yet."""

import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from tests.system.systemd.machine import Machine, booted, view

pytestmark = pytest.mark.root

PROJECT = Path(__file__).parents[3]
GUIDE = PROJECT / "docs/raspberry-pi.md"
SUDO = '#!/bin/sh\nexec "$@"\n'
APT = """#!/bin/sh
# There is no network here: what would be installed has to be there already.
test "$1" = install || exit 0
for word in "$@"; do
  case $word in install | -*) ;; *) dpkg -s "$word" >/dev/null || exit 1 ;; esac
done
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pip would fetch: the dependencies, and what builds the package."""
    folder = tmp_path_factory.mktemp("wheels")
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(folder), str(PROJECT), "hatchling"]
    subprocess.run(words, check=True)
    return folder


def test_the_guide_leads_to_an_alert(wheels: Path) -> None:
    """From nothing to the message that a phone would get."""
    with view() as (root, _):
        copytree(PROJECT, root / "opt/project-of-the-test", symlinks=True, ignore=ignore_patterns(".*", "__pycache__"))
        (root / "opt/wheels-of-the-test").mkdir()
        for wheel in wheels.iterdir():
            (root / "opt/wheels-of-the-test" / wheel.name).write_bytes(wheel.read_bytes())
        with booted(root) as machine:
            said = _followed(machine, re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL))
    assert '"event":"raised"' in said
    assert '"rule":"boiler_hot"' in said
    assert "cellar" in said.rpartition('"event"')[2]


def _followed(machine: Machine, blocks: list[str]) -> str:
    """Type the commands of all blocks into one shell, as root of a machine without a network."""
    machine.write("/usr/local/bin/sudo", SUDO, 0o755)
    machine.write("/usr/local/bin/apt", APT, 0o755)
    machine.run("useradd", "--create-home", "pi")
    # A copy, because this folder may be in /tmp, and the machine has one of its own.
    machine.run("ln", "-s", "/opt/project-of-the-test", "/home/pi/gaugeway")
    environment = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/opt/wheels-of-the-test", "HOME": "/home/pi", "USER": "pi"}
    machine.write("/run/guide.sh", "set -e\n" + "\n".join(blocks))
    return machine.run("bash", "/run/guide.sh", timeout=180, environment=environment).stdout
