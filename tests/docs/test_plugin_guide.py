"""The plugin guide is true: its files, as they stand there, make a gateway that runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.waiting import until

GUIDE = Path(__file__).parents[2] / "docs/plugins.md"
FILES = dict(re.findall(r"```\w+ file=(\S+)\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL))
SMALL = ("plugins/core_temperature.py", "plugins/shift.py", "plugins/tally.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with every file of the guide."""
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (tmp_path / "temperature").write_text("48312\n")
    return tmp_path


def gaugeway(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder."""
    command = [sys.executable, "-m", "gaugeway", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_the_configuration_passes_check(folder: Path) -> None:
    """What the guide shows has no mistake in it."""
    done = gaugeway(folder, "check", "gateway.yaml")
    assert done.returncode == 0, done.stderr


def test_driver_stage_and_sink_of_the_guide_work_together(folder: Path) -> None:
    """A third party's driver, function and sink run from YAML alone, and state is kept by the gateway."""
    process = subprocess.Popen([sys.executable, "-m", "gaugeway", "run", "gateway.yaml"], cwd=folder)
    tally = folder / "tally.txt"
    try:
        until(lambda: tally.exists() and len(tally.read_text()) > 1, "readings arrive at the sink")
    finally:
        process.terminate()
    assert process.wait(20) == 0


def test_every_plugin_of_the_guide_is_accepted(folder: Path) -> None:
    """All are listed, none is refused."""
    done = gaugeway(folder, "plugins", "--folder", "plugins")
    assert "refused" not in done.stderr
    for name in ("core_temperature", "shift", "jumps", "tally", "psi"):
        assert f"  {name} " in done.stdout


def test_a_small_plugin_takes_at_most_fifteen_lines() -> None:
    """The promise of the guide: one file, at most fifteen lines."""
    assert {name: FILES[name].count("\n") for name in SMALL if FILES[name].count("\n") > 15} == {}


def test_a_chain_runs_without_a_gateway(folder: Path) -> None:
    """The last example prints what it says."""
    done = subprocess.run([sys.executable, "try.py"], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[2.0, 5.0]"
